"""What a person types: units are read, what is missing is assumed and said, what is wrong is named with its option."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import quantities
from advisor.core.objective import Latency
from advisor.errors import ConfigError
from advisor.plan import request


@pytest.mark.parametrize(
    ("text", "usd_per_hour"),
    [
        ("5000/month", 5000 / 720),
        ("$6.90/hour", 6.9),
        ("5k/mo", 5000 / 720),
        ("$12,000 per month", 12000 / 720),
        ("24/day", 1.0),
        ("87600/year", 10.0),
    ],
)
def test_a_budget_has_a_period(text: str, usd_per_hour: float) -> None:
    assert request.read_budget(text, []).usd_per_hour == pytest.approx(usd_per_hour)


def test_a_budget_without_a_period_is_a_months_and_says_so() -> None:
    assumed: list[str] = []
    assert request.read_budget("5000", assumed).usd_per_month == pytest.approx(5000)
    assert assumed == ["--budget 5000 has no period: taken as 5000/month"]


@pytest.mark.parametrize("text", [None, "", "-5/month", "0/month", "1e3/month", "5000/fortnight", "nan/month"])  # fmt: skip
def test_a_wrong_budget_names_its_option(text: str | None) -> None:
    with pytest.raises(ConfigError, match=r"^--budget: "):
        request.read_budget(text, [])


def test_a_latency_without_a_unit_is_milliseconds_and_says_so() -> None:
    assumed: list[str] = []
    [slo] = request.read_slos([(Latency.TTFT, 95.0, "300")], [], assumed)
    assert slo.bound_s == pytest.approx(0.3)
    assert assumed == ["--ttft-p95 300 has no unit: taken as 300 ms"]


def test_any_percentile_can_be_asked_for() -> None:
    [slo] = request.read_slos([], ["e2e p99.9 10s"], [])
    assert (slo.latency, slo.percentile, slo.bound_s) == (Latency.E2E, 99.9, 10.0)


@pytest.mark.parametrize(
    "text",
    ["ttft", "ttft p95", "itl p95 3ms", "ttft p0 3ms", "ttft p101 3ms", "ttft p95 3parsec", "ttft p95 -3ms",
     "ttft p95 0.0000001ms", "ttft p95 9999h"],
)  # fmt: skip
def test_a_wrong_objective_names_its_option(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--slo: "):
        request.read_slos([], [text], [])


def test_without_objectives_the_defaults_are_said() -> None:
    assumed: list[str] = []
    assert len(request.read_slos([], [], assumed)) == 2
    assert "no objective" in assumed[0]


@pytest.mark.parametrize(
    ("rate", "isl", "osl", "option"),
    [(-1.0, 512.0, 256.0, "--rate"), (float("nan"), 512.0, 256.0, "--rate"), (1e9, 512.0, 256.0, "--rate"),
     (1.0, 0.0, 256.0, "--isl"), (1.0, 512.0, float("inf"), "--osl")],
)  # fmt: skip
def test_an_absurd_load_names_its_option(rate: float, isl: float, osl: float, option: str) -> None:
    with pytest.raises(ConfigError, match=f"^{option}: "):
        request.read_load(rate, isl, osl, [])


def test_a_name_that_is_not_known_lists_the_near_ones() -> None:
    with pytest.raises(ConfigError, match="lambda"):
        request.read_names("--provider", ["lamda"], {"aws", "gcp", "lambda"})
    with pytest.raises(ConfigError, match="H100-SXM-80GB"):
        request.read_accelerators(["H100-SMX-80GB"])
    assert request.read_names("--provider", ["AWS"], {"aws"}) == ("aws",)


@given(seconds=st.floats(1e-3, 1e6))
def test_a_duration_written_is_a_duration_read(seconds: float) -> None:
    assert quantities.seconds(quantities.duration(seconds)) == pytest.approx(seconds, abs=1e-6)


def test_a_percentile_of_whole_answers_says_how_long_an_answer_it_is_of() -> None:
    """A lognormal with cv 1: 4.9 means at p99."""
    assumed: list[str] = []
    request.say_spread(request.read_slos([], ["e2e p99 5s"], []), 256.0, assumed)
    [said] = assumed
    assert "p99 is one of 1,256 tokens" in said
    assert "standard deviation 1 x the mean" in said


@pytest.mark.parametrize(("slo", "osl"), [("ttft p99 1s", 256.0), ("e2e p99 5s", 1.0)])
def test_where_lengths_do_not_matter_nothing_is_said_of_them(slo: str, osl: float) -> None:
    assumed: list[str] = []
    request.say_spread(request.read_slos([], [slo], []), osl, assumed)
    assert assumed == []
