"""The fit finds what made the data, and cross-validation knows nothing of what it leaves out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from advisor.calibrate.columns import predict_log
from advisor.calibrate.doubts import doubt_of
from advisor.calibrate.fit import fit
from advisor.calibrate.intervals import asked_shares, coverage_at, nested, spreads_of
from advisor.calibrate.names import cached_accelerator_of, spec_of
from advisor.calibrate.observation import Observation
from advisor.calibrate.priors import BASES
from advisor.calibrate.rows import ReadRow, read_case
from advisor.calibrate.sample import thin
from advisor.calibrate.validate import KINDS, HeldOut, folds, leave_out
from advisor.core.efficiency import QUANTITIES, EfficiencyTable
from advisor.core.interval import Distance

CARDS = ("H100-SXM-80GB", "A100-SXM-80GB", "L4")
MODELS = ("meta-llama/Llama-3.1-8B", "mistralai/Mistral-7B-v0.1")


def observed(table: EfficiencyTable) -> list[Observation]:
    """What an engine with these efficiencies would measure, in two laboratories."""
    rows = [
        {"model_hf_id": model, "gpu": card, "engine": "vLLM", "isl": isl, "osl": "256", "concurrency_or_batch": clients,
         "metric": metric}
        for model in MODELS for card in CARDS for isl in ("512", "2048") for clients in ("1", "16")
        for metric in ("tpot_ms_mean", "output_tok_s_total", "ttft_ms_mean")
    ]  # fmt: skip
    found = []
    for i, row in enumerate(rows):
        read = read_case(row, spec_of=spec_of, accelerator_of=cached_accelerator_of)
        assert isinstance(read, ReadRow)
        source = "ours" if row["model_hf_id"] == MODELS[0] else "theirs"
        found.append(
            Observation(
                case=read.case, metric=row["metric"], value=1.0, devices=1.0, source=source,
                model=row["model_hf_id"], row=i,
            )
        )  # fmt: skip
    values = np.exp(predict_log(table, found))
    return [replace(o, value=float(v)) for o, v in zip(found, values, strict=True)]


def neutral(**changes: float) -> EfficiencyTable:
    base = {quantity: float(np.log(BASES[quantity][0])) for quantity in QUANTITIES}
    return EfficiencyTable(base=base | changes, effects={})


def test_a_fit_finds_the_engine_that_made_the_data() -> None:
    made = observed(neutral(weight_mbu=float(np.log(0.6)), mfu=float(np.log(0.45)), step_s=-5.5))
    truth = np.log([o.value for o in made])
    before = predict_log(neutral(), made) - truth
    after = predict_log(fit(made).table(), made) - truth
    # A few rows do not outweigh the priors, and a source keeps part of its habits for itself.
    assert np.median(np.abs(after)) < 0.5 * np.median(np.abs(before))


def test_without_data_to_the_contrary_a_fit_stays_at_its_priors() -> None:
    table = fit(observed(neutral())).table()
    for quantity in QUANTITIES:
        assert table.base[quantity] == pytest.approx(np.log(BASES[quantity][0]), abs=0.02)


@pytest.mark.parametrize("kind", ["accelerator", "source"])
def test_what_is_left_out_cannot_change_its_own_prediction(kind: str) -> None:
    plain = observed(neutral())
    group = folds(plain, kind)[0]
    wild = [
        replace(o, value=o.value * 5.0) if fold == group else o
        for o, fold in zip(plain, folds(plain, kind), strict=True)
    ]
    mine = np.array([fold == group for fold in folds(plain, kind)])
    before, after = leave_out(plain, kind).errors[mine], leave_out(wild, kind).errors[mine]
    assert after == pytest.approx(before - np.log(5.0), abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_left_out_once_with_the_whole_of_its_group(kind: str) -> None:
    rows = observed(neutral())
    assert len(folds(rows, kind)) == len(rows)
    if kind == "accelerator":
        assert set(folds(rows, kind)) == {o.case.keys.accelerator for o in rows}


def test_thinned_rows_weigh_as_much_as_all() -> None:
    rows = observed(neutral())
    kept = thin(rows, cases_each=1)
    assert len(kept) < len(rows)
    weights: Counter[tuple[str, ...]] = Counter()
    for o in kept:
        weights[o.group] += round(o.weight)
    assert weights == Counter(o.group for o in rows)


def test_a_row_in_doubt_is_not_learned_from() -> None:
    rows = [replace(o, doubt="impossible") for o in observed(neutral())]
    assert thin(rows) == []
    assert doubt_of({"source_id": "dennislee22-a100", "metric": "ttft_ms_mean"})
    assert not doubt_of({"source_id": "dennislee22-a100", "metric": "tpot_ms_mean"})


def test_intervals_set_on_other_groups_hold_four_in_five() -> None:
    rows = observed(neutral()) * 6
    draw = np.random.default_rng(3)
    held = {
        "source": HeldOut(
            errors=draw.normal(0.0, 0.4, len(rows)),
            folds=tuple(str(i % 8) for i in range(len(rows))),
            distances=(Distance.NEAR,) * len(rows),
        )
    }
    others = nested(rows, held)
    shares = asked_shares(rows, held, others)
    assert 0.75 < coverage_at(rows, held, others, shares)["source"].mean() < 0.85
    down, up = spreads_of(rows, held, shares)["throughput|any"][Distance.NEAR]
    assert down == pytest.approx(1.28 * 0.4, rel=0.35)
    assert up == pytest.approx(1.28 * 0.4, rel=0.35)


def test_a_laboratory_that_was_learned_from_is_known_better_than_a_stranger() -> None:
    rows = observed(neutral()) * 12
    draw = np.random.default_rng(5)
    home = np.array([i % 2 == 0 for i in range(len(rows))])
    held = {
        "source": HeldOut(
            errors=draw.normal(0.0, 1.0, len(rows)) * np.where(home, 0.2, 0.6),
            folds=tuple(str(i % 8) for i in range(len(rows))),
            distances=tuple(Distance.HOME if at else Distance.KNOWN for at in home),
        )
    }
    spreads = spreads_of(rows, held, asked_shares(rows, held, nested(rows, held)))
    for by_distance in spreads.values():
        widths = [down + up for down, up in by_distance.values()]
        assert widths == sorted(widths)
        assert sum(by_distance[Distance.HOME]) < sum(by_distance[Distance.KNOWN])


def test_families_of_one_laboratory_are_left_out_apart() -> None:
    """Or else what is left out with its laboratory known would be left out with all of it."""
    one = observed(neutral())[0]
    labs = {"small": ("a", "b"), "large": tuple("cdefghij")}
    rows = [
        replace(one, source=lab, model=model, row=i)
        for lab, models in labs.items()
        for i, model in enumerate(models)
    ]
    fold_of = {
        (o.source, o.model): fold for o, fold in zip(rows, folds(rows, "family"), strict=True)
    }
    for lab, models in labs.items():
        assert len({fold_of[lab, model] for model in models}) == len(models)
