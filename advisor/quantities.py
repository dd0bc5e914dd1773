"""What a person types, with its unit: `300ms`, `2h`, `5000/month`. In base units from here on.

A configuration file must say the unit. On the command line a bare number is taken in the unit that people mean there, and
the caller is told, so that it can say so.
"""

from __future__ import annotations

import re

from advisor.core.objective import HOURS_PER_MONTH, Budget

_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
MAX_S = 30 * 365 * 86400.0  # beyond, a unit was mistaken
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)")
_PERIODS = {
    "hour": 1.0, "hr": 1.0, "h": 1.0, "day": 24.0, "month": float(HOURS_PER_MONTH), "mo": float(HOURS_PER_MONTH),
    "year": 8760.0, "yr": 8760.0,
}  # fmt: skip
_BUDGET = re.compile(r"\$?\s*([0-9][0-9,]*(?:\.[0-9]+)?)\s*(k?)\s*(?:(?:/|\bper\b)\s*([a-z]+))?")


def seconds(text: object, *, bare_unit: str | None = None) -> float:
    """`300ms`, `1.5s`, `2m`, `1h`, `3d` in seconds; ValueError else. A bare number needs `bare_unit`."""
    _refuse_negative(text)
    match = _DURATION.fullmatch(str(text).strip())
    unit = (match[2].lower() or bare_unit) if match else None
    if match is None or unit is None:
        raise ValueError(
            f"a duration with its unit is needed (300ms, 1.5s, 2m, 1h), got {str(text)[:40]!r}"
        )
    if unit not in _SECONDS:
        raise ValueError(
            f"no unit {match[2][:20]!r} of time, in {str(text)[:40]!r}: one of ms, s, m, h, d"
        )
    value = float(match[1]) * _SECONDS[unit]
    if value <= 0:
        raise ValueError("must be above zero")
    if value > MAX_S:
        raise ValueError("must be below thirty years")
    return value


def _refuse_negative(text: object) -> None:
    if re.match(r"\$?\s*-\$?\s*[0-9.]", str(text).strip()):
        raise ValueError(f"must be above zero, got {str(text)[:40]!r}")


def is_bare(text: object) -> bool:
    """Whether a number was typed without its unit."""
    return re.fullmatch(r"\$?\s*[0-9][0-9,]*(\.[0-9]+)?\s*k?", str(text).strip()) is not None


def budget(text: object, *, bare_period: str | None = None) -> Budget:
    """`5000/month`, `$6.90/hour`, `5k/mo`, `80000/year`; ValueError else. A bare number needs `bare_period`."""
    _refuse_negative(text)
    match = _BUDGET.fullmatch(str(text).strip().lower())
    period = (match[3] or bare_period) if match else None
    if match is None or period is None:
        got = repr(text[:40]) if isinstance(text, str) else str(text)[:40]
        bare = str(text).strip()[:40]
        hint = f": write {bare}/month or {bare}/hour" if is_bare(text) else ""
        raise ValueError(
            f"an amount with its period is needed (5000/month, $6.90/hour), got {got}{hint}"
        )
    if period not in _PERIODS:
        raise ValueError(
            f"no period {period[:20]!r}, in {str(text)[:40]!r}: one of hour, day, month, year"
        )
    dollars = float(match[1].replace(",", "")) * (1000.0 if match[2] else 1.0)
    if not 0 < dollars < 1e12:
        raise ValueError("must be above zero and below a trillion dollars")
    return Budget(usd_per_hour=dollars / _PERIODS[period])


def duration(seconds: float) -> str:
    """Seconds as a person would type them, read back by `seconds`: `300ms`, `90s`."""
    value, unit = (seconds * 1e3, "ms") if seconds < 1 else (seconds, "s")
    return f"{value:.6f}".rstrip("0").rstrip(".") + unit
