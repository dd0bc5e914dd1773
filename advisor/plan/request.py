"""What the person asks of a plan, read from the command line's words: quantities with units, near names, assumptions said.

Nothing past this module knows how a thing was spelt. What was not said is assumed, and what was assumed is part of the
answer: a plan that hides its assumptions cannot be checked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor import data, quantities
from advisor.core.hardware import find
from advisor.core.idle_gaps import IdleGaps
from advisor.core.lengths import CONVERSATION_CV, Lengths
from advisor.core.objective import Budget, CapacityType, Latency, Mode, Slo, said_twice
from advisor.errors import ConfigError, UnknownAcceleratorError
from advisor.near_names import near

DEFAULT_RATE_PER_S = 1.0
DEFAULT_ISL, DEFAULT_OSL = 512.0, 256.0
DEFAULT_SLOS = ("ttft p95 500ms", "tpot p95 50ms")  # faster than people read
MAX_RATE_PER_S, MAX_TOKENS = 1e6, 1e7
MIN_BOUND_S, MAX_BOUND_S = 1e-6, 30 * 86400.0  # outside, a unit was mistaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Arrivals and mean lengths to plan for, and how traffic pauses where that is known."""

    requests_per_s: float
    isl: float
    osl: float
    gaps: IdleGaps | None = None  # None: nobody said how traffic pauses
    source: str = "as given"
    from_trace: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """Everything a plan is made from but the catalogue. `assumed` says what was filled in, in the person's words."""

    model: str
    budget: Budget
    load: Load
    slos: tuple[Slo, ...]
    accelerators: tuple[str, ...] | None
    providers: tuple[str, ...] | None
    regions: tuple[str, ...] | None
    capacity_types: tuple[CapacityType, ...]
    quantizations: tuple[str, ...]
    mode: Mode | None
    max_replicas: int | None
    cold_start_s: float
    assumed: tuple[str, ...]
    deadline_s: float | None = None  # of an answer that nobody waits for; among `slos` as one
    # prices of one's own, which the advisor beside the endpoint reads too
    prices_file: Path | None = None


def read_budget(text: str | None, assumed: list[str]) -> Budget:
    if text is None:
        raise ConfigError(
            "--budget: required: the cap comes first, for example --budget 5000/month"
        )
    if quantities.is_bare(text):
        assumed.append(f"--budget {text} has no period: taken as {text}/month")
    try:
        return quantities.budget(text, bare_period="month")
    except ValueError as error:
        raise ConfigError(f"--budget: {error}") from None


def read_slos(
    named: Sequence[tuple[Latency, float, str]],
    free: Sequence[str],
    assumed: list[str],
    *,
    deadline: Slo | None = None,
) -> tuple[Slo, ...]:
    """Objectives of the options `--ttft-p95 300ms` and of `--slo "e2e p99 10s"`, and the deadline.

    The defaults where there is none: those are of people who wait, and with a deadline nobody does.
    """
    found = [
        _slo(latency, percentile, text, f"--{latency}-p{percentile:g}", assumed)
        for latency, percentile, text in named
    ]
    found += [_free_slo(text, assumed) for text in free]
    if deadline is not None:
        found.append(deadline)
    if not found:
        assumed.append(f"no objective: taken as {' and '.join(DEFAULT_SLOS)}")
        found = [_free_slo(text, []) for text in DEFAULT_SLOS]
    if (bounded := said_twice(found)) is not None:
        raise ConfigError(f"--slo: {bounded} has two bounds: keep one")
    return tuple(found)


def _free_slo(text: str, assumed: list[str]) -> Slo:
    parts = text.replace(":", " ").replace("<=", " ").split()
    if len(parts) != 3 or not parts[1].lower().startswith("p"):
        raise ConfigError(
            f'--slo: {text[:60]!r}: a latency, a percentile and a bound, as "ttft p95 300ms"'
        )
    try:
        latency, percentile = Latency(parts[0].lower()), float(parts[1][1:])
    except ValueError:
        raise ConfigError(
            f"--slo: {text[:60]!r}: the latency is one of ttft, tpot, e2e, the percentile p1 to p99.9"
        ) from None
    return _slo(latency, percentile, parts[2], "--slo", assumed)


def _slo(latency: Latency, percentile: float, text: str, option: str, assumed: list[str]) -> Slo:
    if not 0 < percentile < 100:
        raise ConfigError(
            f"{option}: the percentile is {percentile:g}, expected above 0 and below 100"
        )
    if quantities.is_bare(text):
        assumed.append(f"{option} {text} has no unit: taken as {text} ms")
    try:
        bound_s = quantities.seconds(text, bare_unit="ms")
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
    if not MIN_BOUND_S <= bound_s <= MAX_BOUND_S:
        raise ConfigError(f"{option}: {text[:40]}: expected 0.001ms to 30d")
    return Slo(latency=latency, bound_s=bound_s, percentile=percentile)


def read_load(
    rate: float | None, isl: float | None, osl: float | None, assumed: list[str]
) -> Load:
    if rate is None:
        assumed.append(f"no --rate: taken as {DEFAULT_RATE_PER_S:g} requests/s")
    if isl is None or osl is None:
        assumed.append(
            f"lengths not given in full: {isl or DEFAULT_ISL:g} tokens in, {osl or DEFAULT_OSL:g} out"
        )
    load = Load(
        requests_per_s=DEFAULT_RATE_PER_S if rate is None else rate,
        isl=DEFAULT_ISL if isl is None else isl,
        osl=DEFAULT_OSL if osl is None else osl,
    )
    check_load(load)
    return load


def check_load(load: Load) -> None:
    """ConfigError naming the option where a load is absurd."""
    _check("--rate", load.requests_per_s, 0.0, MAX_RATE_PER_S, "requests/s")
    _check("--isl", load.isl, 1.0, MAX_TOKENS, "tokens")
    _check("--osl", load.osl, 1.0, MAX_TOKENS, "tokens")


def _check(option: str, value: float, least: float, most: float, unit: str) -> None:
    if not math.isfinite(value) or not least <= value <= most:
        raise ConfigError(f"{option}: {value:g} {unit}, expected {least:g} to {most:g}")


def say_spread(slos: Sequence[Slo], osl: float, assumed: list[str]) -> None:
    """A percentile of whole answers is one over their lengths as well, which a mean does not tell."""
    percentiles = sorted({slo.percentile for slo in slos if slo.latency is Latency.E2E})
    if not percentiles or osl <= 1:
        return
    answers = Lengths(mean=osl, cv=CONVERSATION_CV)
    longest = " and ".join(f"p{at:g} is one of {answers.at(at):,.0f} tokens" for at in percentiles)
    assumed.append(
        f"end-to-end percentiles: answers taken as long as {osl:,.0f} tokens on average and spread as conversations are "
        f"(lognormal, standard deviation {CONVERSATION_CV:g} x the mean), so of answers {longest}"
    )


def say_spot(capacity_types: Collection[CapacityType], assumed: list[str]) -> None:
    if CapacityType.SPOT in capacity_types:
        assumed.append(
            "--spot: spot taken at its list price: what interruptions cost, and the time in which there is none to be had, "
            "are not priced; `spot:` in the advisor's configuration prices both (docs/decisions.md)"
        )


def read_duration(option: str, text: str, assumed: list[str]) -> float:
    """Seconds; a bare number is taken as seconds, and said so."""
    if quantities.is_bare(text):
        assumed.append(f"{option} {text} has no unit: taken as {text} s")
    try:
        return quantities.seconds(text, bare_unit="s")
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None


def read_accelerators(names: Sequence[str]) -> tuple[str, ...] | None:
    try:
        return tuple(find(name, data.accelerators()).name for name in names) or None
    except UnknownAcceleratorError as error:
        raise ConfigError(f"--gpu: {error}") from None


def read_names(
    option: str, names: Sequence[str], known: Collection[str]
) -> tuple[str, ...] | None:
    """Names that must be among the known ones, case ignored; None for no name. ConfigError lists the near ones."""
    by_lower = {name.lower(): name for name in known}
    for name in names:
        if name.lower() not in by_lower:
            near_names = ", ".join(near(name, known) or sorted(known)[:12])
            raise ConfigError(f"{option}: no {name!r} in the price book; near names: {near_names}")
    return tuple(by_lower[name.lower()] for name in names) or None
