"""A policy drives a simulated fleet: look at the past, decide, launch or drain, and let the clock run to the next look.

The compiled half (replica.py) serves requests between two looks; this half is the cloud and the control loop. A policy
sees sums over the interval before and gauges of the moment, late by the metrics' delay, as a metrics server would tell;
only the counts of replicas are always fresh, since somebody who runs a fleet knows them.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.backtest import measures
from advisor.backtest import replica as engine
from advisor.backtest.conditions import Conditions
from advisor.backtest.guarded import STEP_LIMIT_S, GuardedPolicy
from advisor.backtest.trace import Trace
from advisor.core.capacity import ServiceObjective
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import Policy, StepObservation
from advisor.errors import AdvisorError

DEFAULT_INTERVAL_S = 10.0  # between two steps of a policy that does not say
GRACE_S = 1800.0  # how long after the trace the policy may still serve what is held
SETTLE_S = 86_400.0  # how long after that what was taken in may take to end
PS = engine.PS_PER_S
Progress = Callable[[float], None]  # seconds of the trace that have passed


class SimulationError(AdvisorError):
    """The numbers given cannot be simulated: the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From `at_s` on the fleet is wanted to be `target` replicas: one line of a schedule."""

    at_s: float
    target: int


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


def simulate(
    trace: Trace,
    model: ReplicaModel,
    policy: Policy,
    conditions: Conditions,
    objective: ServiceObjective,
    *,
    seed: int = 0,
    step_limit_s: float = STEP_LIMIT_S,
    progress: Progress | None = None,
) -> Run:
    """The trace served by a fleet that `policy` scales."""
    fleet = _Fleet(trace, model, conditions, objective, seed)
    guarded = GuardedPolicy(policy, limit_s=step_limit_s)
    interval_s = float(getattr(policy, "interval_s", DEFAULT_INTERVAL_S))
    watch = _Watch(fleet, interval_s)
    count = 0
    while True:
        count += 1
        now_s = count * interval_s
        if now_s > trace.duration_s:
            fleet.run_until(max(trace.duration_s, now_s - interval_s))
            if not fleet.holds or now_s >= trace.duration_s + GRACE_S:
                break
        fleet.run_until(now_s)
        observation = watch.look(now_s)
        target = guarded.target(observation)
        fleet.set_target(now_s, target)
        if progress is not None and count % 256 == 0:
            progress(now_s)
    return fleet.finish(max(trace.duration_s, now_s - interval_s), dict(guarded.faults))


def follow(
    trace: Trace,
    model: ReplicaModel,
    schedule: Sequence[Change],
    conditions: Conditions,
    objective: ServiceObjective,
    *,
    seed: int = 0,
) -> Run:
    """The trace served by a fleet whose size is a schedule known beforehand."""
    fleet = _Fleet(trace, model, conditions, objective, seed)
    for change in schedule:
        if change.at_s > trace.duration_s:
            break
        fleet.run_until(change.at_s)
        fleet.set_target(change.at_s, change.target)
    return fleet.finish(trace.duration_s, {})


def to_ps(seconds: float) -> int:
    return round(seconds * PS)


def engine_params(model: ReplicaModel, conditions: Conditions) -> engine.Ints:
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
    params = np.zeros(engine.NUM_PARAMS, np.int64)
    params[engine.BASE : engine.PER_PREFILL + 1] = [to_ps(time_s) for time_s in times_s]
    params[engine.KV_CAPACITY] = model.kv_capacity_tokens
    params[engine.MAX_TOKENS] = model.max_num_batched_tokens
    params[engine.MAX_SEQS] = model.max_num_seqs
    params[engine.TWO_CHOICES] = conditions.two_choices
    params[engine.ROUTER_LIMIT] = conditions.router_limit or 2**40
    params[engine.NOTICE] = to_ps(conditions.interruption_notice_s)
    return params


def objective_bounds(objective: ServiceObjective) -> engine.Ints:
    bounds = np.zeros(4, np.int64)
    bounds[measures.TTFT_BOUND] = to_ps(objective.ttft_base_s)
    bounds[measures.PREFILL_PER_MILLE] = round(objective.ttft_per_prefill * 1000)
    bounds[measures.TPOT_BOUND] = to_ps(objective.tpot_s)
    bounds[measures.SHORT_OUTPUT] = objective.short_output_tokens
    return bounds


def new_state(trace: Trace, params: engine.Ints, *, num_slots: int, seed: int) -> engine.State:
    """Nothing has arrived, nothing runs."""
    count = len(trace)
    if count > engine.REQUEST_MASK:
        raise SimulationError(
            f"{trace.name}: {count} requests are more than {engine.REQUEST_MASK}"
        )
    leaves = 1 << max(1, (num_slots - 1).bit_length())
    fleet = np.zeros(engine.NUM_FIELDS, np.int64)
    fleet[engine.RANDOM] = 1 + seed * 7919 % 2147483646
    slots = np.zeros((num_slots, engine.NUM_COLUMNS), np.int64)
    slots[:, [engine.END, engine.INTERRUPT]] = engine.NEVER
    unset = np.full((2, count), engine.NOBODY)
    return engine.State(
        params=params,
        fleet=fleet,
        slots=slots,
        heap=np.zeros((num_slots, int(params[engine.MAX_SEQS]) + 1), np.int64),
        events=np.full(2 * leaves, engine.NEVER),
        loads=np.full(2 * leaves, engine.NEVER),
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


class _Fleet:
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
            engine.launch(self.state, 0, 0, False, self._interruption_ps(0))
        self.take_cold_starts()

    @property
    def holds(self) -> bool:
        """Whether requests wait in the router for a replica."""
        return bool(self.state.fleet[engine.NUM_HELD] > 0)

    def run_until(self, now_s: float) -> None:
        engine.run_until(self.state, to_ps(now_s))
        measures.gauges(self.state, to_ps(now_s), self.numbers)

    def take_cold_starts(self) -> tuple[float, ...]:
        count = int(self.state.fleet[engine.NUM_READY])
        self.state.fleet[engine.NUM_READY] = 0
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
            engine.remove(self.state, to_ps(now_s), present - wanted)
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
            if not engine.launch(self.state, to_ps(now_s), ready, fails, interruption):
                return  # every slot drains: the next look tries again

    def _interruption_ps(self, ready: int) -> int:
        if self.conditions.interruptions_per_hour <= 0:
            return int(engine.NEVER)
        return ready + to_ps(self._rng.exponential(3600 / self.conditions.interruptions_per_hour))

    def _take_lives(self) -> None:
        count = int(self.state.fleet[engine.NUM_LIVES])
        if count:
            self._lives.append(self.state.lives[:count].copy())
            self.state.fleet[engine.NUM_LIVES] = 0

    def finish(self, now_s: float, faults: dict[str, int]) -> Run:
        """Nothing more arrives: starting replicas that nobody waits for are cancelled, the others drain."""
        state = self.state
        self.run_until(now_s)
        if not self.holds:
            self._drain_all(now_s)
        else:
            self._serve_held(now_s)
        last = to_ps(now_s + SETTLE_S)
        engine.run_until(state, last)
        self._take_lives()
        good = np.zeros(len(self.trace), np.bool_)
        measures.all_good(state, self.bounds, good)
        lives = np.concatenate(self._lives) if self._lives else np.zeros((0, 4), np.int64)
        looks = np.asarray(self._looks or [(0.0, 0, 0, 0)])
        return Run(
            trace=self.trace,
            model=self.model,
            conditions=self.conditions,
            objective=self.objective,
            ttft_s=_since(state.first, state.arrival),
            finish_s=np.where(state.finish >= 0, state.finish / PS, np.nan),
            good=good,
            launched_s=lives[:, engine.LIFE_LAUNCHED] / PS,
            ended_s=lives[:, engine.LIFE_ENDED] / PS,
            outcomes=lives[:, engine.LIFE_OUTCOME],
            at_s=looks[:, 0],
            running=looks[:, 1].astype(np.int64),
            starting=looks[:, 2].astype(np.int64),
            targets=looks[:, 3].astype(np.int64),
            busy_s=float(state.fleet[engine.TOTAL_BUSY]) / 1e9,
            events=int(state.fleet[engine.EVENTS]),
            faults=faults,
        )

    def _drain_all(self, now_s: float) -> None:
        engine.remove(self.state, to_ps(now_s), self.conditions.max_replicas * 2 + 16)
        self._take_lives()

    def _serve_held(self, now_s: float) -> None:
        """What starts may still become ready and serve what is held; then it drains."""
        until_s = now_s + GRACE_S
        while self.holds and now_s < until_s and self.numbers[0] + self.numbers[1] > 0:
            now_s += 1.0
            self.run_until(now_s)
        self._drain_all(now_s)


def _since(times: engine.Ints, arrival: engine.Ints) -> NDArray[np.float64]:
    return np.where(times >= 0, (times - arrival) / PS, np.nan)


class _Watch:
    """Turns counters into what a metrics server would tell about the last interval."""

    def __init__(self, fleet: _Fleet, interval_s: float) -> None:
        self._fleet = fleet
        self._interval_s = interval_s
        trace = fleet.trace
        self._inputs = np.concatenate(([0], np.cumsum(trace.input_tokens)))
        self._before = fleet.state.fleet.copy()
        self._generated = 0.0
        self._out = np.zeros(4)
        self._late: deque[StepObservation] = deque()
        self._rng = np.random.default_rng(17)

    def look(self, now_s: float) -> StepObservation:
        """The observation at `now_s`, late and faulty as the conditions ask."""
        fresh = self._fresh(now_s)
        delay_s = self._fleet.conditions.metrics_delay_s
        if delay_s > 0:
            self._late.append(fresh)
            while len(self._late) > 1 and self._late[1].now_s <= now_s - delay_s:
                self._late.popleft()
            fresh = _with_replicas_of(fresh, self._late[0], now_s)
        return self._spoiled(fresh)

    def _fresh(self, now_s: float) -> StepObservation:
        fleet, state = self._fleet, self._fleet.state
        counts, before = state.fleet, self._before
        numbers = fleet.numbers
        finished = int(counts[engine.NUM_FINISHED] - before[engine.NUM_FINISHED])
        lengths = [
            measures.sums(
                column,
                state.finishes,
                before[engine.NUM_FINISHED],
                counts[engine.NUM_FINISHED],
            )
            for column in (state.input_tokens, state.output_tokens)
        ]
        starts = np.array([before[engine.NUM_FIRST], before[engine.NUM_FINISHED]])
        measures.interval_latencies(state, fleet.bounds, starts, self._out)
        low, high = int(before[engine.NEXT_ARRIVAL]), int(counts[engine.NEXT_ARRIVAL])
        seen = StepObservation(
            now_s=now_s,
            interval_s=self._interval_s,
            num_arrivals=float(high - low),
            replicas_running=int(numbers[0]),
            replicas_starting=int(numbers[1]),
            input_tokens=float(self._inputs[high] - self._inputs[low]),
            output_tokens=float(numbers[6] - self._generated),
            num_finished=float(finished),
            finished_input_tokens=float(lengths[0]),
            finished_output_tokens=float(lengths[1]),
            requests_running=float(numbers[3]),
            requests_waiting=float(numbers[4]),
            kv_cache_usage=_known(numbers[5]),
            num_good=float(self._out[3]),
            ttft_p95_s=_known(self._out[0]),
            tpot_p95_s=_known(self._out[1]),
            e2e_p95_s=_known(self._out[2]),
            cold_starts_s=fleet.take_cold_starts(),
            num_failed_launches=int(counts[engine.NUM_FAILED] - before[engine.NUM_FAILED]),
            num_interrupted=int(counts[engine.NUM_INTERRUPTED] - before[engine.NUM_INTERRUPTED]),
        )
        self._generated = float(numbers[6])
        before[:] = counts
        return seen

    def _spoiled(self, seen: StepObservation) -> StepObservation:
        faults = self._fleet.conditions.metric_faults
        if faults.missing > 0 and self._rng.random() < faults.missing:
            return _replaced(seen, None)
        if faults.garbage > 0 and self._rng.random() < faults.garbage:
            value = float(self._rng.choice([np.nan, np.inf, -np.inf, -1.0, 1e300]))
            return _replaced(seen, value)
        return seen


_METRICS = (
    "num_arrivals", "input_tokens", "output_tokens", "num_finished", "finished_input_tokens",
    "finished_output_tokens", "requests_running", "requests_waiting", "kv_cache_usage", "ttft_p95_s",
    "tpot_p95_s", "e2e_p95_s", "num_good",
)  # fmt: skip


def _replaced(seen: StepObservation, value: float | None) -> StepObservation:
    changes: dict[str, Any] = dict.fromkeys(_METRICS, value)
    return dataclasses.replace(seen, **changes)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _with_replicas_of(
    now: StepObservation, late: StepObservation, now_s: float
) -> StepObservation:
    """The metrics of then, the replicas of now."""
    return dataclasses.replace(
        late,
        now_s=now_s,
        replicas_running=now.replicas_running,
        replicas_starting=now.replicas_starting,
        cold_starts_s=now.cold_starts_s,
        num_failed_launches=now.num_failed_launches,
        num_interrupted=now.num_interrupted,
        age_s=now_s - late.now_s,
    )
