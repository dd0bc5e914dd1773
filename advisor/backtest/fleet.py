"""The cloud beneath the engines: launches with cold start, failures and interruptions, drains, and the bill.

It owns the compiled state, lets it run to a moment, and there launches or takes away replicas. What happened comes out as a
Run, from which everything is scored.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.conditions import Conditions
from advisor.backtest.engine import lives, measures
from advisor.backtest.engine import state as columns
from advisor.backtest.engine.clock import run_until
from advisor.backtest.trace import Trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel
from advisor.errors import AdvisorError

GRACE_S = 1800.0  # how long after the trace what is held may still be served
SETTLE_S = 86_400.0  # how long after that what was taken in may take to end
PS = columns.PS_PER_S


class SimulationError(AdvisorError):
    """The numbers given cannot be simulated: the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What happened. Times in seconds, NaN for a request that never got there; one row of `lives` a replica."""

    trace: Trace
    model: ReplicaModel
    conditions: Conditions
    objective: ServiceObjective
    ttft_s: NDArray[np.float64]
    finish_s: NDArray[np.float64]
    good: NDArray[np.bool_]
    launched_s: NDArray[np.float64]
    ended_s: NDArray[np.float64]
    outcomes: NDArray[np.int64]
    at_s: NDArray[np.float64]  # of every look
    running: NDArray[np.int64]
    starting: NDArray[np.int64]
    targets: NDArray[np.int64]
    busy_s: float
    events: int
    faults: dict[str, int] = field(default_factory=dict)

    @property
    def billed_s(self) -> NDArray[np.float64]:
        return np.maximum(self.ended_s - self.launched_s, self.conditions.min_billed_s)

    @property
    def replica_hours(self) -> float:
        return float(self.billed_s.sum()) / 3600.0

    @property
    def usd(self) -> float:
        return self.replica_hours * self.conditions.usd_per_hour

    @property
    def attainment(self) -> float:
        return float(self.good.mean()) if len(self.good) else 1.0


def to_ps(seconds: float) -> int:
    return round(seconds * PS)


def engine_params(model: ReplicaModel, conditions: Conditions) -> columns.Ints:
    """The replica's model in whole picoseconds, refused where it cannot work."""
    if model.max_num_batched_tokens < model.max_num_seqs:
        raise SimulationError(
            f"max_num_batched_tokens: {model.max_num_batched_tokens} is below max_num_seqs, {model.max_num_seqs}"
        )
    times_s = [
        model.step_base_s,
        model.step_per_seq_s,
        model.step_per_kv_token_s,
        model.step_per_prefill_token_s,
    ]
    if not all(np.isfinite(times_s)) or min(times_s) < 0 or to_ps(times_s[0] + times_s[1]) < 1:
        raise SimulationError(f"a step takes no time, or less than none: {model}")
    params = np.zeros(columns.NUM_PARAMS, np.int64)
    params[columns.BASE : columns.PER_PREFILL + 1] = [to_ps(time_s) for time_s in times_s]
    params[columns.KV_CAPACITY] = model.kv_capacity_tokens
    params[columns.MAX_TOKENS] = model.max_num_batched_tokens
    params[columns.MAX_SEQS] = model.max_num_seqs
    params[columns.TWO_CHOICES] = conditions.two_choices
    params[columns.ROUTER_LIMIT] = conditions.router_limit or 2**40
    params[columns.NOTICE] = to_ps(conditions.interruption_notice_s)
    return params


def objective_bounds(objective: ServiceObjective) -> columns.Ints:
    bounds = np.zeros(4, np.int64)
    bounds[measures.TTFT_BOUND] = to_ps(objective.ttft_base_s)
    bounds[measures.PREFILL_PER_MILLE] = round(objective.ttft_per_prefill * 1000)
    bounds[measures.TPOT_BOUND] = to_ps(objective.tpot_s)
    bounds[measures.SHORT_OUTPUT] = objective.short_output_tokens
    return bounds


def new_state(trace: Trace, params: columns.Ints, *, num_slots: int, seed: int) -> columns.State:
    """Nothing has arrived, nothing runs."""
    count = len(trace)
    if count > columns.REQUEST_MASK:
        raise SimulationError(
            f"{trace.name}: {count} requests are more than {columns.REQUEST_MASK}"
        )
    leaves = 1 << max(1, (num_slots - 1).bit_length())
    fleet = np.zeros(columns.NUM_FIELDS, np.int64)
    fleet[columns.RANDOM] = 1 + seed * 7919 % 2147483646
    slots = np.zeros((num_slots, columns.NUM_COLUMNS), np.int64)
    slots[:, [columns.END, columns.INTERRUPT]] = columns.NEVER
    unset = np.full((2, count), columns.NOBODY)
    return columns.State(
        params=params,
        fleet=fleet,
        slots=slots,
        heap=np.zeros((num_slots, int(params[columns.MAX_SEQS]) + 1), np.int64),
        events=np.full(2 * leaves, columns.NEVER),
        loads=np.full(2 * leaves, columns.NEVER),
        running=np.zeros(num_slots, np.int64),
        lives=np.zeros((4 * num_slots, 4), np.int64),
        ready_s=np.zeros(4 * num_slots, np.int64),
        arrival=np.rint(trace.arrival_s * PS).astype(np.int64),
        input_tokens=trace.input_tokens,
        output_tokens=trace.output_tokens,
        first=unset[0],
        finish=unset[1],
        link=np.zeros(count, np.int64),
        firsts=np.zeros(count, np.int64),
        finishes=np.zeros(count, np.int64),
    )


class Fleet:
    """The cloud: launches with their cold start, failures and interruptions, and the bill."""

    def __init__(
        self,
        trace: Trace,
        model: ReplicaModel,
        conditions: Conditions,
        objective: ServiceObjective,
        seed: int,
    ) -> None:
        self.trace, self.model = trace, model
        self.conditions, self.objective = conditions, objective
        self.bounds = objective_bounds(objective)
        num_slots = 2 * conditions.max_replicas + 16
        params = engine_params(model, conditions)
        self.state = new_state(trace, params, num_slots=num_slots, seed=seed)
        self._rng = np.random.default_rng(seed)
        self._lives: list[NDArray[np.int64]] = []
        self._looks: list[tuple[float, int, int, int]] = []
        self.numbers = np.zeros(8)
        for _ in range(conditions.initial_replicas):
            lives.launch(self.state, 0, 0, False, self._interruption_ps(0))
        self.take_cold_starts()

    @property
    def holds(self) -> bool:
        """Whether requests wait in the router for a replica."""
        return bool(self.state.fleet[columns.NUM_HELD] > 0)

    def run_until(self, now_s: float) -> None:
        measures.advance(self.state, to_ps(now_s), self.numbers)

    def take_cold_starts(self) -> tuple[float, ...]:
        count = int(self.state.fleet[columns.NUM_READY])
        self.state.fleet[columns.NUM_READY] = 0
        return tuple((self.state.ready_s[:count] / PS).tolist()) if count else ()

    def set_target(self, now_s: float, target: int | None) -> None:
        """Launch or take away so that running and starting replicas add up to the target; None: leave them."""
        running, starting = int(self.numbers[0]), int(self.numbers[1])
        present = running + starting
        wanted = present if target is None else target
        wanted = min(max(wanted, self.conditions.min_replicas), self.conditions.max_replicas)
        self._looks.append((now_s, running, starting, wanted))
        if wanted > present:
            self._launch(now_s, wanted - present)
        elif wanted < present:
            lives.remove(self.state, to_ps(now_s), present - wanted)
        self._take_lives()

    def _launch(self, now_s: float, count: int) -> None:
        for _ in range(count):
            cold_start_s = self.conditions.cold_start_s
            if self.conditions.cold_start_sigma > 0:
                cold_start_s *= float(
                    np.exp(self.conditions.cold_start_sigma * self._rng.standard_normal())
                )
            ready = to_ps(now_s + cold_start_s)
            fails = bool(self._rng.random() < self.conditions.launch_failure_rate)
            interruption = self._interruption_ps(ready)
            if not lives.launch(self.state, to_ps(now_s), ready, fails, interruption):
                return  # every slot drains: the next look tries again

    def _interruption_ps(self, ready: int) -> int:
        if self.conditions.interruptions_per_hour <= 0:
            return int(columns.NEVER)
        return ready + to_ps(self._rng.exponential(3600 / self.conditions.interruptions_per_hour))

    def _take_lives(self) -> None:
        count = int(self.state.fleet[columns.NUM_LIVES])
        if count:
            self._lives.append(self.state.lives[:count].copy())
            self.state.fleet[columns.NUM_LIVES] = 0

    def finish(self, now_s: float, faults: dict[str, int]) -> Run:
        """Nothing more arrives: starting replicas that nobody waits for are cancelled, the others drain."""
        state = self.state
        self.run_until(now_s)
        if not self.holds:
            self._drain_all(now_s)
        else:
            self._serve_held(now_s)
        last = to_ps(now_s + SETTLE_S)
        run_until(state, last)
        self._take_lives()
        good = np.zeros(len(self.trace), np.bool_)
        measures.all_good(state, self.bounds, good)
        ended = np.concatenate(self._lives) if self._lives else np.zeros((0, 4), np.int64)
        looks = np.asarray(self._looks or [(0.0, 0, 0, 0)])
        return Run(
            trace=self.trace,
            model=self.model,
            conditions=self.conditions,
            objective=self.objective,
            ttft_s=_since(state.first, state.arrival),
            finish_s=np.where(state.finish >= 0, state.finish / PS, np.nan),
            good=good,
            launched_s=ended[:, columns.LIFE_LAUNCHED] / PS,
            ended_s=ended[:, columns.LIFE_ENDED] / PS,
            outcomes=ended[:, columns.LIFE_OUTCOME],
            at_s=looks[:, 0],
            running=looks[:, 1].astype(np.int64),
            starting=looks[:, 2].astype(np.int64),
            targets=looks[:, 3].astype(np.int64),
            busy_s=float(state.fleet[columns.TOTAL_BUSY]) / 1e9,
            events=int(state.fleet[columns.EVENTS]),
            faults=faults,
        )

    def _drain_all(self, now_s: float) -> None:
        lives.remove(self.state, to_ps(now_s), self.conditions.max_replicas * 2 + 16)
        self._take_lives()

    def _serve_held(self, now_s: float) -> None:
        """What starts may still become ready and serve what is held; then it drains."""
        until_s = now_s + GRACE_S
        while self.holds and now_s < until_s and self.numbers[0] + self.numbers[1] > 0:
            now_s += 1.0
            self.run_until(now_s)
        self._drain_all(now_s)


def _since(times: columns.Ints, arrival: columns.Ints) -> NDArray[np.float64]:
    return np.where(times >= 0, (times - arrival) / PS, np.nan)
