"""Every mistake in a configuration is one line that names file and field; nothing else ever comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from advisor.config import AdvisorConfig, SeveralConfig, load_config, parse_config
from advisor.core.objective import HOURS_PER_MONTH, Latency
from advisor.core.spot_fleet import SpotUse
from advisor.errors import ConfigError

GOOD: dict[str, Any] = {
    "budget": "5000/month",
    "model": "m",
    "slo": [{"latency": "ttft", "at_most": "300ms", "percentile": 95}],
}


def complaint(**changes: Any) -> str:
    fields = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    with pytest.raises(ConfigError) as caught:
        parse_config(fields, where="c.yaml")
    return str(caught.value)


def test_a_good_configuration_is_read_in_base_units() -> None:
    config = parse_config(GOOD, where="c.yaml")
    assert config.budget.usd_per_hour == pytest.approx(5000 / HOURS_PER_MONTH)
    [slo] = config.slos()
    assert (slo.latency, slo.bound_s, slo.percentile) == (Latency.TTFT, 0.3, 95)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"budget": ...}, "c.yaml: budget: required"),
        ({"budget": "5000"}, "c.yaml: budget: an amount with its period"),
        ({"budget": 1500}, "hour), got 1500: write 1500/month or 1500/hour"),
        ({"budget": 6.9}, "hour), got 6.9: write 6.9/month or 6.9/hour"),
        ({"budget": "much"}, "hour), got 'much'"),
        ({"budget": "-5/month"}, "c.yaml: budget:"),
        ({"budget": "0/hour"}, "must be above zero"),
        ({"budgett": "5/hour"}, "c.yaml: budgett: unknown field; did you mean budget?"),
        ({"slo": []}, "c.yaml: slo:"),
        ({"slo": [{"latency": "ttft", "at_most": "-300ms"}]}, "c.yaml: slo.0.at_most:"),
        ({"slo": [{"latency": "ttft", "at_most": 300}]}, "a duration with its unit"),
        ({"slo": [{"latency": "ttfb", "at_most": "1s"}]}, "c.yaml: slo.0.latency:"),
        (
            {"slo": [{"latency": "ttft", "at_most": "1s", "percentil": 9}]},
            "did you mean percentile?",
        ),
        (
            {"spot": {"on_demand_flor": 2}},
            "c.yaml: spot.on_demand_flor: unknown field; did you mean",
        ),
        ({"spot": {"on_demand_floor": -1}}, "c.yaml: spot.on_demand_floor:"),
        ({"spot": {"on_demand_share": 1.5}}, "c.yaml: spot.on_demand_share:"),
        ({"spot": {"interruptions_per_hour": -0.1}}, "c.yaml: spot.interruptions_per_hour:"),
        ({"spot": {"available_share": 2}}, "c.yaml: spot.available_share:"),
        ({"spot": "yes"}, "c.yaml: spot: Input should be"),
        (
            {"spot": True, "capacity_types": ["on-demand", "spot"]},
            "c.yaml: spot: capacity_types has spot too, there at face value",
        ),
        (
            {"slo": [{"latency": "ttft", "at_most": "1s", "percentile": 101}]},
            "c.yaml: slo.0.percentile:",
        ),
        (
            {"slo": [{"latency": "ttft", "at_most": "1s", "percentile": 100}]},
            "c.yaml: slo.0.percentile: Input should be less than 100",
        ),
        (
            {"slo": [{"latency": "ttft", "at_most": at_most} for at_most in ("1s", "2s")]},
            "c.yaml: slo: TTFT p95 has two bounds: keep one",
        ),
        ({"accelerators": ["H100"]}, "may be any of H100-NVL-94GB, H100-PCIE-80GB, H100-SXM-80GB"),
        ({"quantizations": ["fp7"]}, "c.yaml: quantizations.0: Input should be 'none', 'fp8'"),
        ({"providers": ["awss"]}, "near names: aws"),
        ({"interval": "100ms"}, "c.yaml: interval: must be 1s or more"),
        ({"operation": "auto"}, "c.yaml: operation:"),
        ({"prometheus_url": "localhost:9090"}, "c.yaml: prometheus_url:"),
        (
            {"expected": {"requests_per_s": -1, "isl": 1, "osl": 1}},
            "c.yaml: expected.requests_per_s:",
        ),
    ],
)
def test_a_mistake_names_file_and_field(changes: dict[str, Any], said: str) -> None:
    assert said in complaint(**changes)


def test_one_latency_may_be_bound_at_several_percentiles() -> None:
    slo = [{"latency": "ttft", "at_most": "1s", "percentile": p} for p in (50, 95, 99.9)]
    assert len(parse_config({**GOOD, "slo": slo}, where="c.yaml").slos()) == 3


def test_every_mistake_is_told_at_once() -> None:
    lines = complaint(budget="x", interval="y", modell="z").splitlines()
    assert [line.split(": ")[1] for line in lines] == ["budget", "interval", "modell"]


def test_a_serve_run_file_gives_its_advisors_part(tmp_path: Path) -> None:
    file = tmp_path / "serve.yaml"
    application = {"name": "advisor", "import_path": "serve_apps.advisor:build_app", "args": GOOD}
    file.write_text(
        yaml.safe_dump({"applications": [{"name": "llm", "import_path": "x:y"}, application]})
    )
    assert load_config(file) == parse_config(GOOD, where="")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not valid YAML"),
        ("just words", "must be a mapping"),
        ("", "must be a mapping"),
        ("applications: []", "none has import_path"),
    ],
)
def test_a_file_that_is_no_configuration_says_so(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load_config(file)
    assert str(caught.value).startswith(str(file))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "missing.yaml")


def test_secrets_are_shown_nowhere() -> None:
    secret = "https://hooks.slack.example/services/T0/B0/planted"
    notify = {"slack": {"url": secret}, "webhook": {"url": secret}}
    config = parse_config(
        {**GOOD, "notify": notify, "prometheus_url": "http://user:planted@host"}, where=""
    )
    assert "planted" not in str(config.shown())
    assert "planted" not in repr(config).replace("user:planted@host", "")


_leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates()
_tree = st.recursive(
    _leaf,
    lambda sub: st.lists(sub, max_size=3) | st.dictionaries(st.text(max_size=8), sub, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*AdvisorConfig.model_fields, "x"]), _tree), _tree)
def test_whatever_it_is_given_it_answers_with_a_config_or_a_named_mistake(
    changes: dict[str, Any], top: Any
) -> None:
    for given_value in ({**GOOD, **changes}, top):
        lines = _complaints(given_value)
        assert all(line.startswith("c.yaml: ") for line in lines)


def _complaints(fields: Any) -> list[str]:
    try:
        parse_config(fields, where="c.yaml")
    except ConfigError as error:
        return str(error).splitlines()
    return []


def test_spot_is_rented_only_where_it_is_allowed() -> None:
    assert parse_config(GOOD, where="").constraints().spot is None
    assert parse_config({**GOOD, "spot": False}, where="").constraints().spot is None
    assert parse_config({**GOOD, "spot": True}, where="").constraints().spot == SpotUse()
    asked = {"on_demand_floor": 2, "on_demand_share": 0.25, "interruptions_per_hour": 0.1}
    config = parse_config({**GOOD, "spot": asked}, where="")
    assert config.constraints().spot == SpotUse(
        on_demand_floor=2, on_demand_share=0.25, interruptions_per_hour=0.1
    )
    assert config.shown()["spot"] == {**asked, "available_share": None}


ENTRY = {name: value for name, value in GOOD.items() if name != "budget"}
TWO: dict[str, Any] = {"budget": "5000/month", "models": [ENTRY, {**ENTRY, "model": "n"}]}


def complaint_of_two(second: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    models = [ENTRY, {**ENTRY, "model": "n", **(second or {})}]
    with pytest.raises(ConfigError) as caught:
        parse_config({**TWO, "models": models, **changes}, where="c.yaml")
    return str(caught.value).splitlines()


def test_several_models_have_each_their_own_fields_and_share_the_others() -> None:
    other = {**ENTRY, "model": "n", "weight": 2, "cold_start": "5m", "max_replicas": 3}
    config = parse_config({**TWO, "models": [ENTRY, other], "interval": "30s"}, where="")
    first, second = config.each()
    assert (first.model, first.cold_start, first.interval) == ("m", 90.0, 30.0)
    assert (second.model, second.cold_start, second.interval) == ("n", 300.0, 30.0)
    assert (second.constraints().max_replicas, first.constraints().max_replicas) == (3, None)
    assert first.budget == second.budget == config.budget
    assert config.weights() == {"m": 1.0, "n": 2.0}
    assert [entry["model"] for entry in config.shown()["models"]] == ["m", "n"]


def test_one_of_several_is_configured_as_it_would_be_alone() -> None:
    alone = parse_config(GOOD, where="")
    assert parse_config({**TWO, "models": [ENTRY]}, where="").each() == (alone,)
    assert alone.each() == (alone,)
    assert isinstance(alone, AdvisorConfig)


@pytest.mark.parametrize(
    ("second", "changes", "said"),
    [
        (None, {"models": []}, "c.yaml: models: one model at least is needed"),
        (None, {"models": "m"}, "c.yaml: models: a list is needed"),
        (None, {"models": {"m": {}}}, "c.yaml: models: a list is needed"),
        (None, {"models": None}, "c.yaml: models: a list is needed"),
        (None, {"models": ["m"]}, "c.yaml: models.0: a list is needed"),
        (None, {"model": "m"}, "c.yaml: model: there are models too: keep model for one"),
        (None, {"slo": []}, "c.yaml: slo: belongs to one model: say it in each entry of models"),
        (None, {"weight": 2}, "c.yaml: weight: belongs to one model"),
        (None, {"max_replicas": 2}, "c.yaml: max_replicas: belongs to one model"),
        ({"model": "m"}, {}, "c.yaml: models: 'm' twice: give every model a name of its own"),
        ({"weight": 0}, {}, "c.yaml: models.1.weight: Input should be greater than 0"),
        ({"weight": float("inf")}, {}, "c.yaml: models.1.weight: "),
        ({"slo": []}, {}, "c.yaml: models.1.slo: one objective at least is needed"),
        (
            {"slo": [{"latency": "ttft", "at_most": 300}]},
            {},
            "c.yaml: models.1.slo.0.at_most: a duration with its unit",
        ),
        ({"weigth": 2}, {}, "c.yaml: models.1.weigth: unknown field; did you mean weight?"),
        ({"budget": "5/hour"}, {}, "c.yaml: models.1.budget: unknown field; known are model,"),
        (None, {"budgett": "5/hour"}, "c.yaml: budgett: unknown field; did you mean budget?"),
        (None, {"interval": "100ms"}, "c.yaml: interval: must be 1s or more"),
    ],
)
def test_a_mistake_in_one_of_several_names_its_entry(
    second: dict[str, Any] | None, changes: dict[str, Any], said: str
) -> None:
    [line] = complaint_of_two(second, **changes)
    assert said in line


def test_names_that_are_one_to_serve_are_refused() -> None:
    models = [{**ENTRY, "model": "a/b.c"}, {**ENTRY, "model": "a--b_c"}]
    [line] = complaint_of_two(models=models)
    assert "'a--b_c' and 'a/b.c', the same to Serve" in line


def test_all_mistakes_about_several_are_told_at_once() -> None:
    lines = complaint_of_two({"weight": -1}, slo=[], budget="x", modell="z")
    assert [line.split(": ")[1] for line in lines] == [
        "slo", "budget", "models.1.weight", "modell",
    ]  # fmt: skip


def test_without_any_model_both_ways_are_named() -> None:
    assert "model: required: the model's name, or models: a list of several" in complaint(
        model=...
    )
    assert "modles: unknown field; did you mean models?" in complaint(model=..., modles=[ENTRY])


@given(st.dictionaries(st.sampled_from([*SeveralConfig.model_fields, "model", "x"]), _tree), _tree)
def test_whatever_several_are_given_a_mistake_is_named(
    changes: dict[str, Any], entry: Any
) -> None:
    for given_value in ({**TWO, **changes}, {**TWO, "models": [ENTRY, entry]}):
        assert all(line.startswith("c.yaml: ") for line in _complaints(given_value))
