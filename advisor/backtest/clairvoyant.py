"""The cheapest schedule found with the whole trace in hand, and a bound that no schedule can beat.

A schedule is a curve: how many replicas are ready when. It is carried out by launching each one cold start early and keeping
a replica across a gap that is shorter than the cold start, since launching again would cost more. Curves come from the work
that arrives, smoothed over several spans and scaled to just keep the goal; from a fixed number; and from every run seen.
The best is then improved by exchange: one replica less, or more, in every second block of time, two simulations each,
shows what each block saves and what it misses; the blocks where that pays are taken together and verified. Every schedule
counts only as simulated. The optimum may lie lower; how much at most, the bound says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.bounds import CELL_S, arriving_work
from advisor.backtest.conditions import Conditions
from advisor.backtest.fleet import Run
from advisor.backtest.simulator import Change, follow
from advisor.backtest.trace import Trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel

Curve = NDArray[np.int64]  # replicas ready, one entry for each cell of CELL_S seconds
SPANS_S = (30.0, 120.0, 600.0)  # over which arriving work is smoothed
SCALE_STEPS = 7
BLOCKS_CELLS = (20, 60, 8, 40, 4, 16)  # block lengths of the rounds of exchange
NEAR = 1.1  # times the best: a run that cost more has no curve worth following


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The cheapest run that keeps the goal; where none was found, the one that missed least, and `keeps` is false."""

    run: Run
    construction: str
    curve: Curve
    keeps: bool


class Clairvoyant:
    """Looks for the cheapest schedule; what it finds for one cold start may be handed to the search for another."""

    def __init__(
        self,
        trace: Trace,
        model: ReplicaModel,
        conditions: Conditions,
        objective: ServiceObjective,
        *,
        seed: int = 0,
        tick: Callable[[], None] | None = None,
    ) -> None:
        # Nobody can foresee a launch that fails: the schedule is of a cloud without failures, and so a little too cheap.
        self._conditions = replace(
            conditions, launch_failure_rate=0.0, interruptions_per_hour=0.0, cold_start_sigma=0.0
        )
        self._trace, self._model, self._objective = trace, model, objective
        self._seed, self._tick = seed, tick
        self._cells = int(trace.duration_s / CELL_S) + 1
        self.best: Best | None = None

    def search(self, *, rounds: int = len(BLOCKS_CELLS), curves: Iterable[Curve] = ()) -> Best:
        for curve in curves:
            cell = np.minimum(np.arange(self._cells), len(curve) - 1)
            self._try(curve[cell], "a run seen")
        if self.best is None or not self.best.keeps:
            self._construct()
        # Rounds that gain nothing do not end the search: it is the shorter blocks that find the next gain.
        for block in BLOCKS_CELLS[:rounds]:
            self._exchange(block)
        assert self.best is not None
        return self.best

    def consider(self, run: Run) -> None:
        """A policy's run: it may itself be cheaper, and what it had ready when is a curve to improve."""
        if self.best is None or self._better(run):
            curve = _held(run.at_s, run.running, self._cells)
            keeps = run.attainment >= self._objective.goal
            self.best = Best(run=run, construction="a policy's run", curve=curve, keeps=keeps)
        near = self.best is None or run.usd <= self.best.run.usd * NEAR
        if near and run.attainment >= self._objective.goal:
            self._try(_held(run.at_s, run.running, self._cells), "a policy's curve")

    def _better(self, run: Run) -> bool:
        if self.best is None:
            return True
        keeps = run.attainment >= self._objective.goal
        if keeps and self.best.keeps:
            return run.usd < self.best.run.usd
        return keeps or (not self.best.keeps and run.attainment > self.best.run.attainment)

    def _simulate(self, curve: Curve) -> Run:
        if self._tick is not None:
            self._tick()
        schedule = schedule_of(curve, self._conditions)
        return follow(
            self._trace,
            self._model,
            schedule,
            self._conditions,
            self._objective,
            seed=self._seed,
        )

    def _try(self, curve: Curve, construction: str) -> Run:
        curve = np.clip(curve, self._conditions.min_replicas, self._conditions.max_replicas)
        run = self._simulate(curve)
        if self._better(run):
            keeps = run.attainment >= self._objective.goal
            self.best = Best(run=run, construction=construction, curve=curve, keeps=keeps)
        return run

    def _construct(self) -> None:
        work = arriving_work(self._trace, self._model, self._objective, self._cells)
        most = max(1, math.ceil(work.mean()))
        while (
            most < self._conditions.max_replicas
            and self._try(np.full(self._cells, most), "fixed").attainment < self._objective.goal
        ):
            most = min(self._conditions.max_replicas, math.ceil(most * 1.25) + (most < 4))
        for span_s in SPANS_S:
            smooth = _smoothed(work, max(1, round(span_s / CELL_S)))
            low, high = 0.5, 4.0
            for _ in range(SCALE_STEPS):
                scale = math.sqrt(low * high)
                curve = np.ceil(smooth * scale - 1e-9).astype(np.int64)
                run = self._try(curve, f"work over {span_s:g} s")
                if run.attainment >= self._objective.goal:
                    high = scale
                else:
                    low = scale

    def _exchange(self, block: int) -> None:
        """One round: probe every block one lower and one higher, then take what pays together."""
        best = self.best
        if best is None or not best.keeps:
            return
        number = np.arange(self._cells) // block
        base = self._misses(best.run, number)
        down = self._probe(best.curve, number, base, -1)
        up = self._probe(best.curve, number, base, +1)
        allowed = (1 - self._objective.goal) * len(self._trace) - base.sum()
        for share in (0.9, 0.5, 0.2):
            step = _exchange(down, -up, allowed * share)
            curve = np.maximum(best.curve + step[number], self._conditions.min_replicas)
            if not step.any():
                return
            self._try(curve, f"{best.construction}, exchanged")
            if self.best is not best:
                return

    def _misses(self, run: Run, number: NDArray[np.int64]) -> NDArray[np.float64]:
        """Missed requests by the block they arrived in."""
        cell = np.minimum((self._trace.arrival_s / CELL_S).astype(np.int64), self._cells - 1)
        missed = (~run.good).astype(np.float64)
        counts = np.bincount(number[cell], weights=missed, minlength=number[-1] + 1)
        return counts.astype(np.float64)

    def _probe(
        self, curve: Curve, number: NDArray[np.int64], base: NDArray[np.float64], change: int
    ) -> NDArray[np.float64]:
        """How many more misses each block brings when it alone is changed; infinite where it cannot be."""
        effect = np.full(len(base), np.inf)
        for parity in (0, 1):
            chosen = number % 2 == parity
            probed = np.maximum(curve + change * chosen, self._conditions.min_replicas)
            more = self._misses(self._simulate(probed), number) - base
            behind = np.append(more[1:], 0.0)  # a queue left behind is served in the next block
            blocks = np.arange(len(base)) % 2 == parity
            effect[blocks] = (more + behind)[blocks]
        lowest = np.full(len(base), np.iinfo(np.int64).max)
        np.minimum.at(lowest, number, curve)
        if change < 0:
            effect[lowest <= self._conditions.min_replicas] = np.inf
        return effect


def _exchange(
    down: NDArray[np.float64], relief: NDArray[np.float64], allowed: float
) -> NDArray[np.int64]:
    """-1, 0 or +1 for each block: every block at the same price of a miss, the highest that the allowance bears."""
    best = np.zeros(len(down), np.int64)
    for price in np.geomspace(1e-2, 1e4, 49):  # misses that one block of one replica is worth
        step = np.where(down < price, -1, np.where(relief > price, 1, 0))
        extra = down[step < 0].sum() - relief[step > 0].sum()
        if extra <= allowed and step.sum() < best.sum():
            best = step
    return best


def schedule_of(curve: Curve, conditions: Conditions) -> list[Change]:
    """Targets that make the curve ready in time: level by level, launched a cold start early, short gaps kept."""
    keep_s = max(conditions.cold_start_s, conditions.min_billed_s)
    early_s = conditions.cold_start_s
    deltas: dict[float, int] = {0.0: 0}
    for level in range(1, int(curve.max(initial=0)) + 1):
        for start_s, end_s in _intervals(curve >= level, keep_s):
            kept = level <= conditions.initial_replicas and start_s < keep_s
            launch_s = 0.0 if kept else max(0.0, start_s - early_s)
            deltas[launch_s] = deltas.get(launch_s, 0) + 1
            if end_s < len(curve) * CELL_S:
                deltas[end_s] = deltas.get(end_s, 0) - 1
    changes, target = [], 0
    for at_s in sorted(deltas):
        target += deltas[at_s]
        changes.append(Change(at_s=at_s, target=target))
    return changes


def _intervals(on: NDArray[np.bool_], keep_s: float) -> list[tuple[float, float]]:
    """From when to when a level is needed, gaps shorter than `keep_s` filled."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], on, [False])).astype(np.int8)))
    filled: list[tuple[float, float]] = []
    for start, end in zip(edges[::2] * CELL_S, edges[1::2] * CELL_S, strict=True):
        if filled and start - filled[-1][1] < keep_s:
            filled[-1] = (filled[-1][0], float(end))
        else:
            filled.append((float(start), float(end)))
    return filled


def _held(at_s: NDArray[np.float64], running: NDArray[np.int64], cells: int) -> Curve:
    """What was running, cell by cell."""
    index = np.searchsorted(at_s, np.arange(cells) * CELL_S, side="right") - 1
    return running[np.clip(index, 0, len(running) - 1)]


def _smoothed(work: NDArray[np.float64], cells: int) -> NDArray[np.float64]:
    kernel = np.ones(cells) / cells
    return np.convolve(np.pad(work, (cells // 2, cells - 1 - cells // 2), "edge"), kernel, "valid")
