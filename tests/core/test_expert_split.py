"""Whole experts on each GPU are chosen where slices cannot be had or clearly sustain less, and never on a tie."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from advisor import data
from advisor.core import perf, sizing
from advisor.core.builds import Build, builds_on, clearly_better
from advisor.core.choice import Constraints, Priced, order
from advisor.core.expert_split import why_split_so
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Budget, CapacityType, Latency, Slo
from advisor.core.recommend import recommend
from advisor.core.recommendation import Offer
from advisor.core.workload import Workload, WorkloadSource
from advisor.data import models

SLOS = (
    Slo(latency=Latency.TTFT, bound_s=0.5, percentile=95),
    Slo(latency=Latency.TPOT, bound_s=0.05, percentile=95),
)
LOAD = Workload(requests_per_s=10.0, isl=512.0, osl=256.0, source=WorkloadSource.EXPECTED)
H100 = next(a for a in data.accelerators() if a.name == "H100-SXM-80GB")
OFFER = Offer(
    provider="aws", region="r", instance_type="i", accelerator=H100.name, accelerator_count=8,
    capacity_type=CapacityType.ON_DEMAND, usd_per_hour=10.0, observed_on="2026-11-01", source="test",
)  # fmt: skip


def known(model_id: str) -> ModelSpec:
    spec = models.spec_of(model_id)
    assert spec is not None, model_id
    return spec


def builds(model_id: str) -> list[Build]:
    found = builds_on(H100, [known(model_id)], LOAD, SLOS, largest_instance=8)
    assert not isinstance(found, str), found
    return found


def splits(model_id: str) -> set[tuple[int, bool]]:
    return {(build.replica.tp_degree, build.expert_parallel) for build in builds(model_id)}


def test_experts_that_scales_keep_whole_are_dealt_out() -> None:
    """768 wide in blocks of 128: over 4 and 8 vLLM only starts with --enable-expert-parallel."""
    assert splits("Qwen/Qwen3-30B-A3B-FP8") == {(1, False), (2, False), (4, True), (8, True)}


@pytest.mark.parametrize(
    "model_id", ["Qwen/Qwen3-30B-A3B", "mistralai/Mixtral-8x7B-v0.1", "openai/gpt-oss-120b"]
)
def test_where_slices_are_valid_nothing_speaks_for_whole_experts(model_id: str) -> None:
    assert not any(whole for _, whole in splits(model_id))


@pytest.mark.parametrize("model_id", ["Qwen/Qwen3-8B", "Qwen/Qwen2.5-7B"])
def test_a_dense_model_has_no_experts_to_keep_whole(model_id: str) -> None:
    spec = known(model_id)
    assert not any(whole for _, whole in splits(model_id))
    assert sizing.why_not_expert_parallel(spec, 2) == "the model has no experts"
    assert "needs a model with experts" in str(sizing.why_invalid(spec, 2, expert_parallel=True))


def test_an_uneven_share_is_not_planned() -> None:
    spec = replace(known("Qwen/Qwen3-30B-A3B"), num_experts=60)
    assert "60 experts do not share out evenly over 8" in str(
        sizing.why_not_expert_parallel(spec, 8)
    )
    assert sizing.why_not_expert_parallel(spec, 4) is None


def test_a_tie_never_chooses_whole_experts() -> None:
    sliced = next(b for b in builds("Qwen/Qwen3-30B-A3B") if b.replica.tp_degree == 4)
    whole = replace(
        sliced, replica=replace(sliced.replica, settings=perf.Settings(expert_parallel=True))
    )
    for gain in (0.5, 1.0, 1.05):
        other = replace(whole, inside_slos_per_s=gain * sliced.inside_slos_per_s)
        assert not clearly_better(other, sliced)
    assert clearly_better(
        replace(whole, inside_slos_per_s=1.06 * sliced.inside_slos_per_s), sliced
    )
    # of one price, even with fewer GPUs
    smaller = replace(whole, replica=replace(whole.replica, tp_degree=2))
    plain, dealt = (
        Priced(build=build, replicas=1, offer=OFFER, usd_per_hour=10.0)
        for build in (sliced, smaller)
    )
    assert min([dealt, plain], key=order) is plain


def test_the_recommendation_names_it_and_why() -> None:
    found = recommend(
        spec=known("Qwen/Qwen3-235B-A22B-FP8"), workload=LOAD, slos=SLOS, budget=Budget(usd_per_hour=1e3), offers=[OFFER],
        accelerators=[H100], constraints=Constraints(), today=date(2026, 11, 25),
    )  # fmt: skip
    assert found.best is not None
    assert (found.best.tp_degree, found.best.expert_parallel) == (8, True)
    said = next(reason for reason in found.reasons if reason.startswith("experts"))
    assert "whole on each of 8 GPUs: in slices vLLM does not start" in said
    assert "192 wide on each of 8, no multiple of the block of 128" in said


def test_the_other_way_has_its_number_too() -> None:
    for build in builds("Qwen/Qwen3-30B-A3B"):
        said = str(why_split_so(build, LOAD, SLOS))
        if build.replica.tp_degree == 1:
            assert said == "not whole on each GPU: one GPU holds all of them"
        else:
            assert f"slices {build.inside_slos_per_s:.2f}" in said
    dense = builds("Qwen/Qwen3-8B")[0]
    assert why_split_so(dense, LOAD, SLOS) is None
