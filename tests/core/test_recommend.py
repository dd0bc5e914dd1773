"""Laws of the recommendation on the shipped tables: the cap holds, more never costs less, nothing is dropped in silence."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.core import perf, pricing, sizing
from advisor.core.idle_gaps import IdleGaps, assumed_gaps
from advisor.core.model_spec import ModelSpec, model_spec_from_config
from advisor.core.objective import HOURS_PER_MONTH, Budget, CapacityType, Latency, Mode, Slo
from advisor.core.pricing import OfferFilter
from advisor.core.quantization import Quantization
from advisor.core.recommend import Constraints, recommend
from advisor.core.recommendation import Needed, Recommendation
from advisor.core.spot_fleet import SpotUse
from advisor.core.workload import Workload, WorkloadSource

TODAY = date(2026, 11, 24)


def llama(
    hidden: int, layers: int, heads: int, kv_heads: int, mlp: int, vocab: int = 128256
) -> ModelSpec:
    config = {
        "architectures": ["LlamaForCausalLM"], "vocab_size": vocab, "hidden_size": hidden, "num_hidden_layers": layers,
        "intermediate_size": mlp, "num_attention_heads": heads, "num_key_value_heads": kv_heads,
        "tie_word_embeddings": False, "torch_dtype": "bfloat16",
    }  # fmt: skip
    return model_spec_from_config(config, name="llama")


LLAMA_8B = llama(4096, 32, 32, 8, 14336)
LLAMA_70B = llama(8192, 80, 64, 8, 28672)
INTERACTIVE = (
    Slo(latency=Latency.TTFT, bound_s=0.3, percentile=95),
    Slo(latency=Latency.TPOT, bound_s=0.03, percentile=95),
)


def advise(
    rate: float,
    usd_per_hour: float = 1e6,
    *,
    spec: ModelSpec = LLAMA_8B,
    isl: float = 512,
    osl: float = 256,
    slos: tuple[Slo, ...] = INTERACTIVE,
    gaps: IdleGaps | None = None,
    needed: Needed | None = None,
    **constraints: object,
) -> Recommendation:
    return recommend(
        needed=needed,
        spec=spec,
        workload=Workload(
            requests_per_s=rate,
            isl=isl,
            osl=osl,
            source=WorkloadSource.OBSERVED,
            idle_gaps=gaps,
        ),
        slos=slos,
        budget=Budget(usd_per_hour=usd_per_hour),
        offers=data.offers(),
        accelerators=data.accelerators(),
        constraints=Constraints(**constraints),  # type: ignore[arg-type]
        today=TODAY,
    )


def test_sizes_are_the_published_ones() -> None:
    assert LLAMA_8B.total_params == 8_030_261_248
    assert LLAMA_70B.total_params == 70_553_706_496
    assert LLAMA_8B.kv_bytes_per_token == 131_072
    assert LLAMA_70B.kv_bytes_per_token == 327_680


def test_one_h100_serves_13_requests_of_512_in_256_out() -> None:
    """A rival answers 4 x H100 at $18/h for this load, where one measured H100 does 40 requests/s."""
    only_h100 = advise(13.35, accelerators=["H100-SXM-80GB"]).best
    assert only_h100 is not None
    assert (only_h100.replicas, only_h100.tp_degree) == (1, 1)


@settings(deadline=None, max_examples=40)
@given(rate=st.floats(0, 500), budget=st.floats(0.01, 200))
def test_a_feasible_recommendation_never_exceeds_the_budget(rate: float, budget: float) -> None:
    found = advise(rate, budget)
    assert found.best is not None
    if found.feasible:
        assert found.best.usd_per_hour <= budget
        assert all(other.usd_per_hour <= budget for other in found.runners_up)
    else:
        assert found.best.usd_per_hour > budget
        assert found.shortfall is not None
        assert "over the budget" in found.shortfall


@settings(deadline=None, max_examples=40)
@given(rate=st.floats(0, 300), more=st.floats(0, 300))
def test_more_load_never_costs_less(rate: float, more: float) -> None:
    before, after = advise(rate).best, advise(rate + more).best
    assert before is not None
    assert after is not None
    assert after.usd_per_hour >= before.usd_per_hour


@pytest.mark.parametrize("rate", [0.0, 2.0, 60.0])
def test_the_best_is_the_minimum_that_brute_force_finds(rate: float) -> None:
    costs = []
    allowed = OfferFilter()
    for accelerator in data.accelerators():
        offers = [
            o for o in data.offers() if o.accelerator == accelerator.name and allowed.allows(o)
        ]
        if not accelerator.runs_vllm or accelerator.peak_flops_per_s(LLAMA_8B.dtype) is None:
            continue
        for tp_degree in sizing.TP_DEGREES:
            if not sizing.valid_tp_degree(LLAMA_8B, tp_degree):
                continue
            if sizing.fit(LLAMA_8B, accelerator, tp_degree).kv_tokens < 768:
                continue
            replica = perf.Replica(spec=LLAMA_8B, accelerator=accelerator, tp_degree=tp_degree)
            most = perf.max_requests_per_s(replica, isl=512, osl=256, slos=INTERACTIVE)
            if most <= 0:
                continue
            replicas = 1
            while replicas * most < rate:
                replicas += 1
            costs += [
                pricing.fleet_usd_per_hour(offer, tp_degree=tp_degree, replicas=replicas)
                for offer in offers
                if offer.accelerator_count >= tp_degree
            ]
    best = advise(rate).best
    assert best is not None
    assert best.usd_per_hour == pytest.approx(min(costs))


def of_h100(replicas: int, quantization: Quantization = Quantization.NONE) -> Needed:
    return Needed(
        accelerator="H100-SXM-80GB", tp_degree=1, replicas=replicas, target=replicas,
        reason="the policy's reason", quantization=quantization,
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(replicas=st.integers(0, 5000), budget=st.floats(10.0, 200.0))
def test_of_what_runs_there_are_as_many_as_the_policy_wants_or_the_most_that_the_budget_pays(
    replicas: int, budget: float
) -> None:
    def found(needed: Needed | None) -> Recommendation:
        return advise(40.0, budget, accelerators=["H100-SXM-80GB"], needed=needed)

    plain, wanted = found(None).best, found(of_h100(replicas)).best
    assert plain is not None
    assert wanted is not None
    assert wanted.usd_per_hour <= budget
    if wanted.replicas < replicas:
        each = wanted.usd_per_hour / wanted.replicas
        assert (wanted.replicas + 1) * each > budget
        [why] = [one for one in found(of_h100(replicas)).reasons if "policy wants" in one]
        assert f"wants {replicas}, of which the limits allow {wanted.replicas}" in why
    else:
        assert wanted.replicas == max(1, replicas)


def test_a_count_of_other_weights_is_no_count_of_these() -> None:
    plain = advise(40.0, accelerators=["H100-SXM-80GB"])
    other = advise(40.0, accelerators=["H100-SXM-80GB"], needed=of_h100(9, Quantization.FP8))
    assert plain.best == other.best


def test_every_accelerator_is_chosen_or_rejected_with_a_reason() -> None:
    found = advise(10.0, 20.0)
    assert found.best is not None
    kept = {found.best.accelerator, *(other.accelerator for other in found.runners_up)}
    rejected = {entry.accelerator: entry.reason for entry in found.rejected if entry.accelerator}
    assert kept.isdisjoint(rejected)
    assert kept | rejected.keys() == {accelerator.name for accelerator in data.accelerators()}
    assert all(rejected.values())


def test_every_mode_is_chosen_or_rejected_with_a_reason() -> None:
    found = advise(1.0)
    assert found.best is not None
    assert {entry.mode for entry in found.rejected if entry.mode} | {found.best.mode} == set(Mode)


def test_an_objective_nothing_meets_is_infeasible_by_a_stated_miss() -> None:
    found = advise(1.0, slos=(Slo(latency=Latency.TPOT, bound_s=1e-6, percentile=50),))
    assert not found.feasible
    assert found.best is not None
    assert found.shortfall is not None
    assert "TPOT" in found.shortfall


def test_idle_hardware_goes_to_zero_only_where_the_objective_allows_the_cold_start() -> None:
    patient = (Slo(latency=Latency.TTFT, bound_s=200, percentile=95),)
    nights = assumed_gaps(idle_share=0.9, mean_gap_s=36_000, requests_per_s=0.01)
    minutes = assumed_gaps(idle_share=0.9, mean_gap_s=30, requests_per_s=0.01)
    assert _mode(advise(0.1, slos=patient, gaps=nights)) is Mode.SCALE_TO_ZERO
    assert _mode(advise(0.1, slos=patient, gaps=minutes)) is Mode.ALWAYS_ON
    assert _mode(advise(0.1, slos=patient)) is Mode.ALWAYS_ON
    rare = assumed_gaps(idle_share=0.9, mean_gap_s=36_000, requests_per_s=3e-5)
    assert _mode(advise(0.1, gaps=rare)) is Mode.ALWAYS_ON
    assert _mode(advise(0.1, gaps=nights)) is Mode.SCALE_TO_ZERO


def test_a_cold_start_leaves_time_for_the_answer_where_the_whole_of_it_is_bound() -> None:
    """A start of 90 s and an answer of seconds: 92 s are too little for both, whatever it saves."""

    def within(bound_s: float) -> Mode:
        rare = assumed_gaps(idle_share=0.9, mean_gap_s=36_000, requests_per_s=3e-5)
        bound = Slo(latency=Latency.E2E, bound_s=bound_s, percentile=95)
        return _mode(advise(0.1, slos=(bound,), gaps=rare))

    assert within(92.0) is Mode.ALWAYS_ON
    assert within(110.0) is Mode.SCALE_TO_ZERO


def test_what_idle_hardware_saves_is_in_the_price_and_in_the_reasons() -> None:
    found = advise(0.1, gaps=assumed_gaps(idle_share=0.9, mean_gap_s=36_000, requests_per_s=0.01))
    assert found.best is not None
    assert found.best.usd_per_hour < 0.15 * found.best.offer.usd_per_hour
    told = next(reason for reason in found.reasons if reason.startswith("scale-to-zero: "))
    assert f"${found.best.usd_per_hour:.2f}/h" in told
    assert "scale-to-zero pays from" in told


KNOWN_SPOT = SpotUse(interruptions_per_hour=0.05, available_share=0.95)


@settings(deadline=None, max_examples=40)
@given(rate=st.floats(0, 500), budget=st.floats(0.5, 200))
def test_spot_never_costs_more_keeps_its_floor_and_stays_under_the_cap(
    rate: float, budget: float
) -> None:
    gcp = OfferFilter(providers=("gcp",))
    without, found = (
        advise(rate, budget, offers=gcp),
        advise(rate, budget, offers=gcp, spot=KNOWN_SPOT),
    )
    assert without.best is not None
    assert found.best is not None
    assert without.best.spot is None
    assert not any(reason.startswith("spot:") for reason in without.reasons)
    assert any(reason.startswith("spot: ") for reason in found.reasons)
    if without.feasible:
        assert found.feasible
        assert found.best.usd_per_hour <= without.best.usd_per_hour
    share = found.best.spot
    if share is None:
        return
    assert share.on_demand + share.replicas == found.best.replicas
    assert share.on_demand >= found.best.replicas / 2
    assert share.offer.capacity_type is CapacityType.SPOT
    assert (share.offer.provider, share.offer.region) == (
        found.best.offer.provider,
        found.best.offer.region,
    )
    if found.feasible:
        assert max(share.usd_per_hour, share.billed_usd_per_hour) <= budget


def test_spot_that_is_allowed_is_recommended_where_it_pays_and_says_what_it_rests_on() -> None:
    found = advise(150.0, offers=OfferFilter(providers=("gcp",)), spot=KNOWN_SPOT).best
    assert found is not None
    assert found.spot is not None
    assert found.spot.replicas >= 2
    assert found.usd_per_hour == pytest.approx(found.spot.usd_per_hour)


def test_spot_that_nobody_has_is_said() -> None:
    only = OfferFilter(providers=("aws",))
    found = advise(150.0, offers=only, spot=KNOWN_SPOT)
    assert found.best == advise(150.0, offers=only).best
    assert any("spot: none, no spot machine for one replica from aws" in r for r in found.reasons)


OVERNIGHT = (Slo(latency=Latency.E2E, bound_s=8 * 3600, percentile=99),)


def overnight(**constraints: object) -> Recommendation:
    """150 requests/s by day, whose answers may take eight hours."""
    nights = assumed_gaps(idle_share=0.4, mean_gap_s=36_000, requests_per_s=60)
    offers = OfferFilter(providers=("gcp",))
    return advise(150.0, slos=OVERNIGHT, gaps=nights, offers=offers, **constraints)


def test_a_batch_job_is_priced_on_spot_where_that_is_allowed_and_says_so() -> None:
    plain, found = overnight(), overnight(spot=KNOWN_SPOT)
    assert plain.best is not None
    assert found.best is not None
    assert _mode(plain) is not Mode.BATCH
    assert _mode(found) is Mode.BATCH
    assert found.best.usd_per_hour < 0.7 * plain.best.usd_per_hour
    [told] = [reason for reason in found.reasons if reason.startswith("batch: ")]
    assert "of spot x (" in told
    assert "taken back 0.05 times an hour, each a start and" in told
    assert " 0 s of work lost" not in told
    assert "for the 5% of the time without any, on demand at" in told
    assert found.best.spot is None, "what an always-on fleet would have on spot is not what runs"
    assert not any(reason.startswith("spot: ") for reason in found.reasons)


def test_a_queue_is_priced_on_demand_whatever_an_endpoint_has_on_spot() -> None:
    def queue(found: Recommendation) -> str:
        [told] = [entry.reason for entry in found.rejected if entry.mode is Mode.ASYNC]
        return told.split(": ", 1)[1]

    plain, found = overnight(), overnight(spot=KNOWN_SPOT)
    chosen = next(reason for reason in plain.reasons if reason.startswith("async: "))
    assert queue(found) in chosen


def test_spot_whose_manners_are_not_known_is_taken_at_the_worst_for_a_batch_job_too() -> None:
    worst, known = overnight(spot=SpotUse()), overnight(spot=KNOWN_SPOT)
    [told] = [reason for reason in worst.reasons if reason.startswith("batch: ")]
    assert "taken back 0.74 times an hour" in told
    assert "for the 69% of the time without any" in told
    assert worst.best is not None
    assert known.best is not None
    assert worst.best.usd_per_hour > known.best.usd_per_hour


def _mode(found: Recommendation) -> Mode:
    assert found.best is not None
    return found.best.mode


def test_weights_that_fit_one_device_are_not_split_and_large_ones_are() -> None:
    h100 = next(a for a in data.accelerators() if a.name == "H100-SXM-80GB")
    assert sizing.smallest_tp_degree(LLAMA_8B, h100, context_tokens=768) == 1
    assert sizing.smallest_tp_degree(LLAMA_70B, h100, context_tokens=768) == 2
    assert sizing.smallest_tp_degree(LLAMA_70B, h100, context_tokens=1e9) is None


def test_offers_are_dated_priced_and_of_known_accelerators() -> None:
    known = {accelerator.name for accelerator in data.accelerators()}
    for offer in data.offers():
        assert offer.accelerator in known
        assert 0.02 < offer.usd_per_hour / offer.accelerator_count < 40
        assert date(2024, 1, 1) < date.fromisoformat(offer.observed_on) < TODAY
        assert offer.source
    assert {offer.capacity_type for offer in data.offers()} >= {
        CapacityType.ON_DEMAND,
        CapacityType.SPOT,
    }


def test_a_month_has_720_hours() -> None:
    assert 38 * HOURS_PER_MONTH == 27_360
