"""A laboratory's runs correct its next one, and nobody else's."""

from __future__ import annotations

import gzip
import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.calibrate.habits import Run, as_file, kernel_of, learn, read_habits, run_of
from advisor.calibrate.kriging import Kernel, Part, Points, Term, field_through
from advisor.calibrate.names import cached_accelerator_of, spec_of
from advisor.calibrate.predict import Answer, predict_rows
from advisor.calibrate.rows import ReadRow, read_case
from advisor.core.fitted import INTERVALS, TABLE

KERNEL = Kernel(
    parts={"x": Part(numbers={0: 1.0}, labels={0: 2.0})},
    terms=(Term(variance=0.04, fades={"x": 1.0}),),
    noise=0.01,
)
ROW = {
    "model_hf_id": "meta-llama/Llama-3.1-8B", "gpu": "H100-SXM-80GB", "engine": "vLLM", "isl": "1024", "osl": "256",
    "concurrency_or_batch": "32", "metric": "output_tok_s_total",
}  # fmt: skip
CLIENTS = (1, 2, 4, 8, 16, 32, 64, 128)


def points(*xs: float, label: str = "a") -> Points:
    return Points(numbers=np.array([[x] for x in xs]), labels=np.array([[label]] * len(xs)))


def run(source: str = "ours", **changes: str) -> Run:
    row = ROW | changes
    read = read_case(row, spec_of=spec_of, accelerator_of=cached_accelerator_of)
    assert isinstance(read, ReadRow)
    return run_of(read.case, row["metric"], 1.0, source)


def numbers(answer: Answer) -> tuple[float, float, float]:
    found = (answer.predicted, answer.low, answer.high)
    assert None not in found, answer.unsupported
    return found  # type: ignore[return-value]


def width(answer: Answer) -> float:
    _, low, high = numbers(answer)
    return high / low


@settings(max_examples=50)
@given(values=st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=8))
def test_a_field_passes_its_points_and_ends_far_from_all_of_them(values: list[float]) -> None:
    known = points(*np.arange(len(values), dtype=float))
    field = field_through(known, np.array(values), KERNEL)
    there, nearest = field.at(known, KERNEL)
    assert there == pytest.approx(values, abs=0.06)
    assert nearest == pytest.approx(1.0)
    far, nearest = field.at(points(1e3), KERNEL)
    assert far == pytest.approx(0.0, abs=1e-9)
    assert nearest == pytest.approx(0.0, abs=1e-9)


def test_points_of_another_label_have_less_in_common() -> None:
    field = field_through(points(0.0, 1.0), np.array([0.2, 0.2]), KERNEL)
    (same,), (near,) = field.at(points(0.5), KERNEL)
    (other,), (less,) = field.at(points(0.5, label="b"), KERNEL)
    assert 0 < other < same
    assert 0 < less < near


def test_what_all_others_contradict_says_little() -> None:
    known = points(0.0, 0.1, 0.2, 0.3, 0.4)
    field = field_through(known, np.array([0.0, 0.0, 3.0, 0.0, 0.0]), KERNEL)
    beside = field.at(points(0.15), KERNEL)[0]
    assert abs(beside[0]) < 0.3


def test_a_laboratory_that_is_always_slower_is_foreseen_at_a_load_in_between() -> None:
    known = [run(concurrency_or_batch=str(clients)) for clients in CLIENTS]
    habits = learn(known, np.full(len(known), math.log(1.3)))
    excess, nearest = habits.of([run(concurrency_or_batch="24")])
    assert excess[0] == pytest.approx(math.log(1.3), rel=0.15)
    assert nearest[0] > 0.5


def test_a_stranger_has_no_habits() -> None:
    habits = learn([run()], np.array([0.5]))
    for other in (run(source="theirs"), run(source=""), run(metric="ttft_ms_mean")):
        assert habits.of([other])[0][0] == 0.0


def test_a_run_beside_a_remembered_one_is_corrected_and_surer() -> None:
    habits = learn([run(source="nm-vllm-nightly")], np.array([math.log(1.5)]))

    def predicted(source: str) -> Answer:
        row = {**ROW, "source_id": source}
        return predict_rows([row], table=TABLE, intervals=INTERVALS, habits=habits)[0]

    def plain(source: str) -> Answer:
        row = {**ROW, "source_id": source}
        return predict_rows([row], table=TABLE, intervals=INTERVALS)[0]

    known, before = predicted("nm-vllm-nightly"), plain("nm-vllm-nightly")
    assert numbers(known)[0] == pytest.approx(numbers(before)[0] / 1.5, rel=0.03)
    assert width(known) < width(before)
    assert predicted("") == plain("")


def test_tables_of_one_laboratory_are_its_own_whatever_their_version() -> None:
    habits = learn([run(source="trtllm-docs-v0.9")], np.array([0.5]))
    assert habits.of([run(source="trtllm-docs-v1.0")])[0][0] > 0.1


def test_a_batch_takes_longer_by_as_much_as_its_rate_is_lower() -> None:
    static = {"scenario": "static-batch"}
    habits = learn([run(metric="total_tok_s", **static)], np.array([0.3]))
    (rate, duration), _ = habits.of(
        [run(metric="total_tok_s", **static), run(metric="batch_e2e_s", **static)]
    )
    assert rate > 0.2
    assert duration == pytest.approx(-rate, rel=0.2)


def test_habits_come_back_from_their_file_and_the_same_habits_make_the_same_file() -> None:
    known = [run(concurrency_or_batch=str(c), isl=isl) for c in CLIENTS for isl in ("512", "4096")]
    habits = learn(known, np.linspace(-0.4, 0.6, len(known)))
    written = as_file(habits)
    text = io.StringIO(gzip.decompress(written).decode(), newline="")
    asked = [
        run(concurrency_or_batch="12", isl="700"),
        run(gpu="L40S"),
        run(model_hf_id="Qwen/Qwen2.5-7B"),
    ]
    assert read_habits(text).of(asked)[0] == pytest.approx(habits.of(asked)[0], abs=0.01)
    assert as_file(learn(known, np.linspace(-0.4, 0.6, len(known)))) == written


def test_no_run_has_more_in_common_with_another_than_with_itself() -> None:
    runs = [run(), run(isl="2048"), run(gpu="L40S"), run(model_hf_id="mistralai/Mistral-7B-v0.1")]
    known = Points(
        numbers=np.array([r.numbers for r in runs]), labels=np.array([r.labels for r in runs])
    )
    for group in ("throughput", "ttft"):
        common = kernel_of(group).between(known, known)
        assert np.diag(common) == pytest.approx(kernel_of(group).variance)
        assert (np.linalg.eigvalsh(common) > 0).all()
