"""The policies to compare, each with the one knob that a user turns: its default, and the range it is tuned over.

Rules and defaults were read in sources and documentation in November 2026; every class states its own.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.backtest.policies.kubernetes import Aibrix, Hpa, Keda, Knative
from advisor.backtest.policies.llm import (
    DynamoBoth,
    DynamoPredictive,
    DynamoReactive,
    Wva,
    kalman,
)
from advisor.backtest.policies.plain import Fixed, NaiveForecast
from advisor.backtest.policies.serve import RayServe, SkyServe
from advisor.backtest.policies.setting import Setting
from advisor.core.step import Policy
from advisor.errors import AdvisorError

OURS = "advisor"


class PolicyError(AdvisorError):
    """There is no such policy, or it cannot be built: the message names it. Run without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A policy with one knob."""

    name: str
    make: Callable[[Setting, float], Policy]
    knob: str
    default: float
    low: float
    high: float

    def knobs(self, count: int) -> list[float]:
        """`count` values over the range, spaced evenly in their logarithms."""
        return [float(f"{value:.4g}") for value in np.geomspace(self.low, self.high, count)]


BASELINES = {
    baseline.name: baseline
    for baseline in (
        Baseline(name="fixed", make=Fixed, knob="replicas", default=1, low=1, high=128),
        Baseline(name="ray", make=RayServe, knob="target_ongoing_requests", default=2, low=1, high=128),
        # The documentation gives no default; 16 concurrent requests per pod is a rule of thumb.
        Baseline(name="hpa", make=Hpa, knob="ongoing requests", default=16, low=1, high=128),
        Baseline(name="keda", make=Keda, knob="waiting requests", default=2, low=0.05, high=20),
        Baseline(name="knative", make=Knative, knob="concurrency", default=100, low=1, high=256),
        # SkyServe asks for the target; the share is of the capacity at 1000 tokens in, 200 out.
        Baseline(
            name="skyserve", make=SkyServe, knob="share of nominal capacity", default=0.7,
            low=0.05, high=2,
        ),
        Baseline(
            name="dynamo-last", make=DynamoPredictive, knob="headroom", default=1, low=1,
            high=4,
        ),
        Baseline(name="dynamo-kalman", make=kalman, knob="headroom", default=1, low=1, high=4),
        Baseline(
            name="dynamo-load", make=DynamoReactive, knob="share of the SLO", default=0.8,
            low=0.05, high=1,
        ),
        Baseline(name="dynamo-both", make=DynamoBoth, knob="headroom", default=1, low=1, high=4),
        Baseline(name="wva", make=Wva, knob="KV limit", default=0.8, low=0.12, high=0.95),
        Baseline(name="aibrix", make=Aibrix, knob="KV use", default=0.5, low=0.01, high=0.9),
        Baseline(name="naive", make=NaiveForecast, knob="headroom", default=1.15, low=1, high=4),
    )
}  # fmt: skip


def build(name: str, setting: Setting, knob: float | None = None) -> Policy:
    """A policy by its name here, or somebody else's as `package.module:Class`."""
    if name in BASELINES:
        baseline = BASELINES[name]
        return baseline.make(setting, baseline.default if knob is None else knob)
    if name == OURS:
        return load_policy("advisor.policy:AdvisorPolicy", setting)
    if ":" in name:
        return load_policy(name, setting)
    known = ", ".join((OURS, *BASELINES))
    raise PolicyError(f"policy: {name}: known are {known}, or package.module:Class")


def load_policy(path: str, setting: Setting) -> Policy:
    """A class from outside: called with those of our keyword arguments that its signature takes."""
    module_name, _, class_name = path.partition(":")
    try:
        made: Any = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise PolicyError(f"policy: {path}: {error}") from None
    try:
        policy = made(**_taken(made, arguments(setting)))
    except Exception as error:
        raise PolicyError(f"policy: {path}: {type(error).__name__}: {error}") from error
    if not callable(getattr(policy, "step", None)):
        raise PolicyError(f"policy: {path}: it has no step(observation)")
    checked: Policy = policy
    return checked


def arguments(setting: Setting) -> dict[str, Any]:
    """What a policy's constructor may ask for by name."""
    return {
        "replica_model": setting.belief,
        "objective": setting.objective,
        "cold_start_s": setting.cold_start_s,
        "usd_per_hour": setting.usd_per_hour,
        "min_replicas": setting.min_replicas,
        "max_replicas": setting.max_replicas,
        "scale_to_zero": setting.min_replicas == 0,
        "min_billed_s": setting.min_billed_s,
    }


def _taken(made: Any, offered: dict[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(made).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return offered
    names = {one.name for one in parameters}
    return {name: value for name, value in offered.items() if name in names}
