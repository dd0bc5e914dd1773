"""Our scaling policy behind the one call that every policy answers, with no Ray, Prometheus or files beneath it.

    >>> from advisor.core.replica_model import ReplicaModel
    >>> from advisor.core.step import StepObservation
    >>> from advisor.policy import AdvisorPolicy, ServiceObjective
    >>> policy = AdvisorPolicy(
    ...     replica_model=ReplicaModel(
    ...         step_base_s=0.018, step_per_seq_s=5e-5, step_per_kv_token_s=9e-8,
    ...         step_per_prefill_token_s=8e-5, kv_capacity_tokens=300_000,
    ...     ),
    ...     objective=ServiceObjective(ttft_base_s=1.0, ttft_per_prefill=3.0, tpot_s=0.06),
    ...     usd_per_hour=2.5, max_replicas=20, cold_start_s=90.0,
    ... )
    >>> decision = policy.step(
    ...     StepObservation(
    ...         now_s=15.0, interval_s=15.0, num_arrivals=300, replicas_running=2, replicas_starting=0,
    ...         input_tokens=300_000, num_finished=250, finished_output_tokens=50_000,
    ...     )
    ... )
    >>> decision.target_replicas > 2
    True

What it does at a step, in order: doubt the readings (`core/guards.py`), learn the lengths (`core/workload.py`) and the
speed (`core/headroom.py`), count the demand in token-work and forecast it for when a replica launched now is ready
(`core/forecast.py`), weigh replicas against misses (`core/rules.py`, on `core/capacity.py`), and pass the guards once more.
It keeps state, bounded in size, and has no clock but `now_s`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from advisor.core import guards
from advisor.core.capacity import (
    Mix,
    ServiceObjective,
    attainable,
    decode_s_per_request,
    fluid_rate,
    prefill_s,
    rate_at,
    scaled,
)
from advisor.core.constant_load import ConstantLoad
from advisor.core.forecast import DemandForecaster, Slot
from advisor.core.headroom import ErrorBudget, Speed
from advisor.core.keep_alive import KeepAlive
from advisor.core.miss_table import MissTable, tabulate
from advisor.core.replica_model import ReplicaModel
from advisor.core.rules import Regret, Rules, cheapest
from advisor.core.step import StepDecision, StepObservation
from advisor.core.workload import RequestMix

__all__ = ["AdvisorPolicy", "ServiceObjective"]

COLD_START_QUANTILE = 0.9
NUM_COLD_STARTS = 50
MIN_COLD_STARTS = 3  # before the measured ones replace the given one
PLANNED_QUANTILE = 0.95
DRAIN_S = 60.0  # in which a backlog should be gone
SETTLE_S = 300.0  # after the first look: the first misses are nobody's headroom
MAX_STAY_S = 300.0
PROMPT_VARIANCE = 2.0  # of one request's work, mean square over squared mean
SURE = 3.0  # standard deviations
SURE_IN_FLIGHT = 2.0  # of a count that a gauge shows once and the arrivals confirm
QUICK_WINDOW_S = 60.0  # that a smoothing over 30 s looks back
WAITING_IS_NORMAL = 1.0  # requests per replica that a gauge catches between two steps
LONG_PROMPT = 3.0  # of the mean: the 95th percentile of exponential lengths
MAX_LAUNCH_SHARE = 0.5  # of its price: where starts take minutes, certainty comes too late
MAX_CONCURRENCY_RATIO = 3.0  # of what is in flight over what arrives; above it, it is a backlog


class AdvisorPolicy:
    """Holds the objective at nearly the least cost on traffic nobody tuned it for.

    `replica_model` is a belief, and may be off by a fifth: concurrency and throughput correct it. `cold_start_s` is a prior,
    replaced by the 90th percentile of those observed. With `scale_to_zero` (None: where `min_replicas` is 0), the last
    replica goes when keeping it costs more than the waits it saves; `cold_hit_budget` is the share of requests that may meet
    a cold start. `cap_usd_per_hour` bounds what runs and starts together. Lengths given as expected stand in until lengths
    are observed; with neither, it holds.
    """

    def __init__(
        self,
        *,
        replica_model: ReplicaModel,
        objective: ServiceObjective | None = None,
        usd_per_hour: float = 1.0,
        min_replicas: int = 1,
        max_replicas: int = 64,
        cold_start_s: float = 90.0,
        cap_usd_per_hour: float | None = None,
        scale_to_zero: bool | None = None,
        cold_hit_budget: float = 0.02,
        min_billed_s: float = 60.0,
        expected_input_tokens: float | None = None,
        expected_output_tokens: float | None = None,
    ) -> None:
        _check(min_replicas, max_replicas, cold_start_s, usd_per_hour)
        self._given = self._belief = replica_model
        self._asked = objective or ServiceObjective()
        most = guards.affordable(usd_per_hour=usd_per_hour, cap_usd_per_hour=cap_usd_per_hour)
        if scale_to_zero is None:
            scale_to_zero = min_replicas == 0
        self._bounds = guards.Bounds(
            min_replicas=0 if scale_to_zero else min_replicas,
            max_replicas=int(min(max_replicas, most)),
        )
        self._cold_start_s = cold_start_s
        self._cold_starts: deque[float] = deque(maxlen=NUM_COLD_STARTS)
        self._min_billed_s = min_billed_s
        self._mix = RequestMix(
            expected_input_tokens=expected_input_tokens,
            expected_output_tokens=expected_output_tokens,
        )
        self._forecaster = DemandForecaster()
        self._rules = Rules(len(self._forecaster.names))
        self._speed = Speed()
        self._budget = ErrorBudget(goal=self._asked.goal)
        self._constant = ConstantLoad()
        self._capacity = guards.SinkingCapacity()
        self._table: MissTable | None = None
        self._keep_alive = KeepAlive(cold_hit_budget=cold_hit_budget) if scale_to_zero else None
        self._direction = guards.Direction()
        self._rising = False
        self._regret = Regret()
        self._recent = guards.RecentNeed(window_s=cold_start_s)
        self._launches = guards.LaunchGuard()
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._target = self._bounds.clamp(min_replicas)
        self._planned = guards.RecentMost[float](window_s=cold_start_s)
        self._planned_per_s: float | None = None
        self._needed: int | None = None
        self._attainable = True

    def step(self, observation: StepObservation) -> StepDecision:
        """The replicas wanted from now on; what is there where the readings allow no conclusion."""
        problem = guards.problem_with(observation, last_now_s=self._last_s)
        if problem is not None:
            return self._hold(observation, problem)
        self._last_s = observation.now_s
        if self._first_s is None:
            self._first_s = observation.now_s
            self._direction.went(
                now_s=observation.now_s + SETTLE_S, change=1
            )  # a fleet just taken over
        self._learn(observation)
        mix = self._mix.mix()
        if mix is None:
            if guards.present(observation) == 0 and _somebody_waits(observation):
                return self._guarded(
                    observation, 1, "somebody waits, and nothing is there to learn from"
                )
            return self._hold(observation, "no lengths were observed yet and none are expected")
        need, reason = self._need(observation, mix)
        return self._guarded(observation, need, reason)

    def cold_start_s(self) -> float:
        """The 90th percentile of the cold starts observed; the given one until there are some."""
        return self._cold_start_s

    @property
    def planned_per_s(self) -> float | None:
        """Mean requests a second that are planned for; None before it could plan.

        The most of the last minutes, as `needed` is, of what was there or what the forecast for the end of a cold start is
        exceeded by once in twenty.
        """
        return self._planned_per_s

    @property
    def needed(self) -> int | None:
        """The most replicas that the last minutes needed; the target may be more while they are not let go yet.

        While launches fail, no more than are tried: what waits meanwhile says nothing.
        """
        return self._needed

    def demand(self, *, after: int, before_s: float) -> list[Slot]:
        """Five-minute slots of demand that had ended by then, oldest first: what to keep over a restart."""
        return self._forecaster.days.slots(after=after, before_s=before_s)

    def recall(self, slots: Iterable[Slot]) -> None:
        """Go on from demand that was kept; `now_s` has to be of the same clock. ValueError for what cannot be demand."""
        self._forecaster.days.recall(slots)

    def _hold(self, observation: StepObservation, reason: str) -> StepDecision:
        """What is there; where not even that is known, what was wanted last."""
        there = guards.present(observation)
        if there is not None:
            self._target = self._bounds.clamp(there)
        return StepDecision(target_replicas=self._target, reason=f"hold: {reason}")

    def _learn(self, observation: StepObservation) -> None:
        if observation.cold_starts_s:
            self._cold_starts.extend(
                s for s in observation.cold_starts_s if 0 < s < guards.MAX_INTERVAL_S
            )
            if len(self._cold_starts) >= MIN_COLD_STARTS:
                self._cold_start_s = float(np.quantile(self._cold_starts, COLD_START_QUANTILE))
        self._recent.window_s = self._planned.window_s = max(
            self._least_hold_s(),
            self._rules.acting.hold_s,
            self._constant.hold_s(observation.now_s),
        )
        self._mix.add(observation, kv_capacity_tokens=self._belief.kv_capacity_tokens)
        if self._settled(observation):
            self._judge(observation)
        self._launches.saw(
            now_s=observation.now_s,
            failed=observation.num_failed_launches,
            ready=len(observation.cold_starts_s),
        )

    def _judge(self, observation: StepObservation) -> None:
        """What missed moves the price of a miss, unless no replica keeps the objective: then none buys a thing."""
        missed = guards.misses(observation, self._asked, ttft_s=self._long_ttft_s())
        if missed is None:
            if observation.num_arrivals:
                self._budget.add_unjudged()
        elif observation.num_finished and self._attainable:
            self._budget.add(
                interval_s=observation.interval_s,
                requests=observation.num_finished,
                missed=missed,
                cold_start_s=self._cold_start_s,
                by_percentile=observation.num_good is None,
            )

    def _long_ttft_s(self) -> float:
        """The bound on the TTFT of a prompt so long that one in twenty is longer."""
        mix = self._mix.mix()
        if mix is None:
            return math.inf
        own_s = LONG_PROMPT * prefill_s(self._belief, mix.prefilled_tokens)
        return self._asked.ttft_base_s + self._asked.ttft_per_prefill * own_s

    def _settled(self, observation: StepObservation) -> bool:
        """The first misses are nobody's headroom: the fleet was found like this."""
        assert self._first_s is not None
        return observation.now_s - self._first_s >= SETTLE_S + self._cold_start_s

    def _least_hold_s(self) -> float:
        """Letting a replica go that is wanted again within a cold start saves nothing."""
        return max(self._min_billed_s, self._cold_start_s)

    def _need(self, observation: StepObservation, mix: Mix) -> tuple[int, str]:
        """Replicas for the demand now and for the demand at the horizon, whichever is more."""
        self._belief = scaled(self._given, self._speed.factor())
        objective = attainable(self._belief, mix, self._asked)
        self._attainable = objective is self._asked
        if self._table is None or not self._table.serves(self._belief, mix, objective):
            self._table = tabulate(self._belief, mix, objective, most=self._bounds.max_replicas)
        table, mix, objective = self._table, self._table.mix, self._table.objective
        self._speed.add(observation, self._given, mix)
        self._capacity.add(now_s=observation.now_s, carried=table.fluid)
        horizon_s = self._cold_start_s + observation.interval_s
        closed = self._forecaster.add(
            now_s=observation.now_s,
            interval_s=observation.interval_s,
            work=self._work(observation, mix, objective),
            horizon_s=horizon_s,
            stay_s=min(MAX_STAY_S, mix.output_tokens * objective.tpot_s),
        )
        self._constant.look(
            now_s=observation.now_s, demand=self._steady_work(), price=self._budget.price()
        )
        if closed is not None:
            self._replay(observation, table, horizon_s, *closed)
        rule = self._rules.acting
        forecast = self._forecaster.forecast(
            now_s=observation.now_s,
            horizon_s=horizon_s,
            index=rule.forecaster,
            request_variance=PROMPT_VARIANCE,
        )
        if forecast is None:
            return self._bounds.min_replicas, "nothing was seen yet"
        backlog = self._backlog_per_s(observation)
        now_per_s = self._demand_now(observation, mix) + backlog
        planned_per_s = max(now_per_s, forecast.quantile(PLANNED_QUANTILE) + backlog)
        self._planned_per_s = self._planned.add(now_s=observation.now_s, value=planned_per_s)
        need = max(
            self._cheapest(observation, demand, table)
            for demand in (np.array([now_per_s]), forecast.values + backlog)
        )
        if self._keep_alive is not None:
            need = self._last_replica(observation, need)
        reason = (
            f"{now_per_s:.2f} requests/s now, {forecast.middle:.2f} in {horizon_s:.0f} s by {forecast.forecaster}; "
            f"one replica carries {table.fluid:.2f} of {mix.input_tokens:.0f} tokens in and "
            f"{mix.output_tokens:.0f} out at most"
        )
        if objective is not self._asked:
            reason = f"no replica meets TPOT <= {self._asked.tpot_s:g} s; {reason}"
        return need, reason

    def _cheapest(
        self, observation: StepObservation, demand: NDArray[np.float64], table: MissTable
    ) -> int:
        """The count that costs least. A new replica is billed for a cold start in which it serves nobody, and then stays for
        as long as the direction is kept (A5) at least: the one over the other is what going up must earn beyond its price.
        """
        launch_share = self._cold_start_s / guards.CHANGE_OF_DIRECTION_S
        return cheapest(
            demand,
            table,
            self._constant.price,
            have=guards.present(observation) or 0,
            launch_share=min(MAX_LAUNCH_SHARE, launch_share),
        )

    def _replay(
        self,
        observation: StepObservation,
        table: MissTable,
        horizon_s: float,
        seconds: float,
        demand: float,
    ) -> None:
        """A bucket of demand is known: what would every rule have made of it?"""
        forecasts = self._forecaster.forecasts(
            now_s=observation.now_s, horizon_s=horizon_s, request_variance=PROMPT_VARIANCE
        )
        self._rules.close(
            now_s=observation.now_s,
            seconds=seconds,
            demand=demand,
            forecasts=forecasts,
            table=table,
            cold_start_s=horizon_s,
            hold_s=self._least_hold_s(),
            price=self._constant.price,
        )

    def _work(self, observation: StepObservation, mix: Mix, objective: ServiceObjective) -> float:
        """Arrivals in mean requests: a longer prompt than the mean counts for more."""
        arrivals = observation.num_arrivals or 0.0
        if observation.input_tokens is None or arrivals <= 0:
            return arrivals
        decode_s = decode_s_per_request(self._belief, mix, objective)
        prompt_s = self._belief.step_per_prefill_token_s * (1.0 - mix.cached_share)
        work_s = observation.input_tokens * prompt_s + arrivals * decode_s
        return work_s / (mix.input_tokens * prompt_s + decode_s)

    def _steady_work(self) -> float:
        """Replicas' worth of the last half hour's load, by the belief as given: its corrections are no move of the load."""
        mix, level = self._mix.mix(), self._forecaster.steady_level()
        if mix is None or level is None:
            return 0.0
        return level / max(1e-9, fluid_rate(self._given, mix, self._asked))

    def _backlog_per_s(self, observation: StepObservation) -> float:
        waiting = observation.requests_waiting or 0.0
        normal = WAITING_IS_NORMAL * (observation.replicas_running or 0)
        return max(0.0, waiting - normal) / DRAIN_S

    def _demand_now(self, observation: StepObservation, mix: Mix) -> float:
        """What arrives, or what is in flight for sure where that takes more: answers outlast the arrivals that brought them.

        A gauge is one look: of a handful of short answers it shows noise, of many long ones it shows the load.
        """
        level = max(self._forecaster.level() or 0.0, self._sure())
        held, replicas = observation.requests_running, observation.replicas_running
        if held is None or not replicas or mix.output_tokens * self._asked.tpot_s < 2.0:
            return level
        sure = max(0.0, held - SURE_IN_FLIGHT * math.sqrt(held))
        in_flight = replicas * float(rate_at(self._belief, mix, sure / replicas))
        return max(level, min(in_flight, MAX_CONCURRENCY_RATIO * level))

    def _level_in_replicas(self) -> float:
        """Demand now in replicas' worth of work, which stays comparable while lengths change."""
        level = self._forecaster.level()
        return level / self._table.fluid if level and self._table is not None else 0.0

    def _sure(self) -> float:
        """What the last half minute shows for sure: a jump that counting noise does not explain is believed at once."""
        quick = self._forecaster.quick_level() or 0.0
        return quick - SURE * math.sqrt(quick * PROMPT_VARIANCE / QUICK_WINDOW_S)

    def _last_replica(self, observation: StepObservation, need: int) -> int:
        assert self._keep_alive is not None
        cold_start_s = self.cold_start_s()
        in_flight = (observation.requests_running or 0.0) + (observation.requests_waiting or 0.0)
        arrivals = observation.num_arrivals or 0.0
        self._keep_alive.add(
            now_s=observation.now_s,
            interval_s=observation.interval_s,
            arrivals=arrivals,
            busy=in_flight > 0,
            cold=not observation.replicas_running,
            cold_start_s=cold_start_s,
        )
        if arrivals > 0 or in_flight > 0:
            return max(1, need)
        have = (observation.replicas_running or 0) + (observation.replicas_starting or 0)
        wanted = self._keep_alive.wanted(
            now_s=observation.now_s,
            interval_s=observation.interval_s,
            cold_start_s=cold_start_s,
            there=have > 0,
        )
        return max(1, need) if wanted else 0

    def _guarded(self, observation: StepObservation, need: int, reason: str) -> StepDecision:
        now_s = observation.now_s
        starting = observation.replicas_starting or 0
        have = (observation.replicas_running or 0) + starting
        held = self._recent.add(now_s=now_s, value=need)
        self._needed = self._bounds.clamp(held)
        target, level = need, self._level_in_replicas()
        least = self._regret.least(now_s=now_s, need=need, demand=level)
        if need < have:
            known = self._mix.observed and not self._capacity.sinks
            quiet = known and self._direction.may_go_down(now_s)
            target = min(have, max(held, least)) if quiet else have
            if self._keep_alive is not None and need == 0 and have == 1:
                target = 0  # the keep-alive has waited already
        target = self._launches.allowed(now_s=now_s, have=have, starting=starting, target=target)
        target = self._bounds.clamp(target)
        if self._launches.alarm:
            self._needed = min(self._needed, target)
            reason = f"launches fail; next try in {self._launches.wait_s(now_s):.0f} s; {reason}"
        self._regret.went(now_s=now_s, have=have, target=target, demand=level)
        if target <= have or not self._rising:  # a rise in several steps is one change
            self._direction.went(now_s=now_s, change=target - have)
        # what was regretted, `Regret` knows
        self._direction.quiet_s = guards.CHANGE_OF_DIRECTION_S
        self._rising = target > have or (self._rising and target == have)
        self._target = target
        return StepDecision(target_replicas=target, reason=reason)


def _somebody_waits(observation: StepObservation) -> bool:
    return bool(observation.num_arrivals or observation.requests_waiting)


def _check(min_replicas: int, max_replicas: int, cold_start_s: float, usd_per_hour: float) -> None:
    if not 0 <= min_replicas <= max_replicas:
        raise ValueError(
            f"min_replicas {min_replicas} and max_replicas {max_replicas} are no bounds"
        )
    if not cold_start_s >= 0:
        raise ValueError(f"cold_start_s is {cold_start_s!r}, no time")
    if not usd_per_hour >= 0:
        raise ValueError(f"usd_per_hour is {usd_per_hour!r}, no price")
