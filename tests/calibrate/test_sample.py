"""A few cases stand for all: spread evenly, whole, and the same whatever order the rows came in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.calibrate.names import cached_accelerator_of, spec_of
from advisor.calibrate.observation import Observation
from advisor.calibrate.rows import ReadRow, read_case
from advisor.calibrate.sample import thin

SIX = ("4", "8", "16", "32", "48", "64")
PROMPTS = ("1024", "2048", "4096", "6144", "8192", "10240")
METRICS = ("tpot_ms_mean", "ttft_ms_mean")


def grid(metrics: Sequence[str] = METRICS) -> list[Observation]:
    """A laboratory's runs of one model on one card: six lengths, six numbers of clients."""
    found = []
    for isl in PROMPTS:
        for clients in SIX:
            for metric in metrics:
                row = {
                    "model_hf_id": "meta-llama/Llama-3.1-8B", "gpu": "H100-SXM-80GB", "engine": "vLLM", "isl": isl,
                    "osl": "128", "concurrency_or_batch": clients, "metric": metric,
                }  # fmt: skip
                read = read_case(row, spec_of=spec_of, accelerator_of=cached_accelerator_of)
                assert isinstance(read, ReadRow)
                found.append(
                    Observation(
                        case=read.case, metric=metric, value=1.0, devices=1.0, source="ours", model="m", row=len(found)
                    )
                )  # fmt: skip
    return found


def test_a_sample_never_falls_into_step_with_a_grid_of_settings() -> None:
    kept = thin(grid(), cases_each=6)
    assert len({o.case.shape.isl for o in kept}) >= 4
    assert len({o.case.load.amount for o in kept}) >= 4


@pytest.mark.parametrize("cases_each", [1, 5, 36, 100])
def test_a_configuration_is_kept_with_all_its_metrics_or_not_at_all(cases_each: int) -> None:
    kept = Counter(o.case for o in thin(grid(), cases_each=cases_each))
    assert len(kept) == min(cases_each, 36)
    assert set(kept.values()) == {len(METRICS)}


@given(order=st.permutations(range(36)))
def test_the_order_of_the_rows_draws_no_other_cases(order: list[int]) -> None:
    rows = grid(METRICS[:1])
    assert {o.row for o in thin([rows[i] for i in order])} == {o.row for o in thin(rows)}
