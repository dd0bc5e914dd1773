"""A case: one model on one replica under one load; and columns of them, computed together.

Loads differ in kind, not only in amount: a static batch, a closed loop of clients, requests at a rate, all requests at once,
or always more than can run. Each has its own law (`loops.py`, `batches.py`, `disaggregated.py`); here cases of one kind are
stacked into columns, so that ten thousand of them take a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from advisor.core.batches import burst, static_batch
from advisor.core.disaggregated import disaggregated
from advisor.core.efficiency import Efficiencies, Keys
from advisor.core.loops import closed_loop, open_loop, saturated
from advisor.core.scheduler import Engine, Shape
from advisor.core.served import Served
from advisor.core.step_time import StepCosts

Array = npt.NDArray[np.float64]


class LoadKind(StrEnum):
    STATIC = "static"  # one batch, prefilled and decoded together
    CLOSED = "closed"  # so many clients, each waiting for its answer
    OPEN = "open"  # so many requests/s at random times
    BURST = "burst"  # so many requests at once
    SATURATED = "saturated"  # always more than can run
    SPLIT = "split"  # clients in a closed loop; prompts and answers on workers of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    kind: LoadKind
    amount: float = 0.0  # sequences, clients, requests/s or requests, by kind
    requests: float = 1000.0  # how many an open loop sends in all
    prefillers: float = 1.0
    decoders: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a prediction depends on."""

    costs: StepCosts
    keys: Keys
    engine: Engine
    shape: Shape
    load: Load


_T = TypeVar("_T", StepCosts, Engine, Shape, Efficiencies)


def stack(values: Sequence[_T]) -> _T:
    """One value whose fields are columns."""
    kind = type(values[0])
    return kind(
        **{
            field.name: np.array([[float(getattr(value, field.name))] for value in values])
            for field in fields(kind)
        }
    )


def serve(
    kind: LoadKind,
    loads: Sequence[Load],
    costs: StepCosts,
    eff: Efficiencies,
    engine: Engine,
    shape: Shape,
) -> Served:
    """What the loads, all of one kind, see on the stacked replicas."""

    def column(name: str) -> Array:
        return np.array([[float(getattr(load, name))] for load in loads])

    amount = column("amount")
    if kind is LoadKind.STATIC:
        return static_batch(costs, eff, engine, shape, amount)
    if kind is LoadKind.CLOSED:
        return closed_loop(costs, eff, engine, shape, amount)
    if kind is LoadKind.OPEN:
        return open_loop(costs, eff, engine, shape, amount, requests=column("requests"))
    if kind is LoadKind.BURST:
        return burst(costs, eff, engine, shape, amount)
    if kind is LoadKind.SATURATED:
        return saturated(costs, eff, engine, shape)
    return disaggregated(
        costs,
        eff,
        engine,
        shape,
        amount,
        prefillers=column("prefillers"),
        decoders=column("decoders"),
    )
