"""A tick as JSON-safe values: what the API answers, the webhook sends and the page shows."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from advisor.core.objective import what_it_does
from advisor.metrics import measured_at
from advisor.tick import Tick

LEFT_OUT = {"buckets"}  # histograms in full: large, and in the metrics


def plain(value: Any) -> Any:
    """Dataclasses as mappings, enums as their values, numbers that JSON does not know as None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            f.name: plain(getattr(value, f.name)) for f in fields(value) if f.name not in LEFT_OUT
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def tick_json(tick: Tick) -> dict[str, Any]:
    """The tick's fields; beside them what its operation does, the objectives' measured values, prices a month."""
    shown: dict[str, Any] = plain(tick)
    shown["objectives"] = [
        {
            "latency": slo.latency.value,
            "percentile": slo.percentile,
            "bound_s": slo.bound_s,
            "measured_s": measured_s,
            "met": None if measured_s is None else measured_s <= slo.bound_s,
        }
        for slo, measured_s in measured_at(tick)
    ]
    shown["operation_means"] = what_it_does(tick.operation)
    shown["budget"]["usd_per_month"] = tick.budget.usd_per_month
    if tick.recommendation is not None and shown["recommendation"] is not None:
        candidates = [tick.recommendation.best, *tick.recommendation.runners_up]
        rows = [shown["recommendation"]["best"], *shown["recommendation"]["runners_up"]]
        for candidate, row in zip(candidates, rows, strict=True):
            if candidate is not None:
                row["usd_per_month"] = candidate.usd_per_month
    return shown
