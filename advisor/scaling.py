"""The scaling policy beside a fleet that is really there: how many replicas of what runs, whatever would be best instead.

`core/recommend.py` says by the hour which hardware and mode would be best; how many of what runs are needed is a question
of every round, and `AdvisorPolicy` answers it, the same that a backtest drives. Here the readings of a round become what it
is told: rates of the window times the seconds since the last round, and of what came, what finished and what is in flight
beside what was then. Replicas that Serve wants and that do not run yet are starting; how long that takes is measured.

It begins anew where the fleet moves to other hardware, with the demand of the days before (`demand.py`). It has nothing to
say where several kinds run, on hardware that was never known, and for an objective on the whole answer (E2E), which no
replica model judges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from advisor.config import AdvisorConfig
from advisor.core import perf
from advisor.core.capacity import ServiceObjective
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import find
from advisor.core.learning import NOTHING_LEARNED, Learned
from advisor.core.objective import Latency, Slo
from advisor.core.observation import Observation, Reading, share_within
from advisor.core.recommendation import Fleet, Needed
from advisor.core.starts import Starts
from advisor.core.step import StepObservation
from advisor.core.workload import rounded_length
from advisor.demand import Demand
from advisor.diary import Diary
from advisor.look import Catalogue
from advisor.policy import NUM_COLD_STARTS, AdvisorPolicy

MAX_REPLICAS = 4096  # where the config bounds nothing; of a larger fleet the policy says nothing
HIGHEST_GOAL = 0.999  # p100 is a promise nobody keeps
# A start that takes longer than either has failed, as far as anybody can tell.
LATE_S, LATE_COLD_STARTS = 600.0, 4.0


class Scaling:
    """State between rounds: the policy with all that it has learned, and what was in flight and starting."""

    def __init__(
        self, *, config: AdvisorConfig, catalogue: Catalogue, offers: OfferIndex, diary: Diary
    ) -> None:
        self._config, self._catalogue, self._offers = config, catalogue, offers
        self._demand = Demand(model=config.model, diary=diary)
        self._objective = objective_of(config.slos())
        self._policy: AdvisorPolicy | None = None
        self._replica: perf.Replica | None = None
        self._runs: tuple[str, int] | None = None  # accelerator, how many of them a replica
        self._last_s: float | None = None
        self._in_flight: deque[tuple[float, float]] = deque()
        self._starts = Starts()
        self._ended_s: deque[float] = deque(maxlen=NUM_COLD_STARTS)  # starts since the last step
        self._learned = NOTHING_LEARNED
        self._needed: Needed | None = None

    def look(
        self, observation: Observation, fleet: Fleet | None, learned: Learned, *, sound: bool
    ) -> Needed | None:
        """What the policy wants of what runs; None where it has nothing to go by.

        Of readings that are not sound it learns nothing, and what it wanted stays wanted.
        """
        running, starting = _counts(fleet)
        self._ended_s.extend(self._starts.add(observation.at_s, running, starting))
        self._learned = learned
        if sound:
            self._needed = self._look(observation, fleet)
        return self._needed

    def _look(self, observation: Observation, fleet: Fleet | None) -> Needed | None:
        if fleet is None or observation.requests_per_s is None:
            return None
        runs = self._runs_now(fleet)
        if runs is None:
            return None
        if runs != self._runs:
            self._begin(*runs)
        if self._policy is None or self._is_too_large(fleet):
            return None
        name, tp_degree = runs
        decision = self._policy.step(self._step_observation(observation, fleet))
        self._demand.keep(self._policy, observation.at_s)
        needed = self._policy.needed
        wanted = decision.target_replicas if needed is None else needed
        return Needed(
            accelerator=name,
            tp_degree=tp_degree,
            replicas=wanted,
            target=decision.target_replicas,
            reason=decision.reason,
            planned_per_s=self._policy.planned_per_s,
            quantization=self._catalogue.spec.quantization,
            offer=self._offers.cheapest(name, tp_degree=tp_degree, replicas=max(1, wanted)),
        )

    def _runs_now(self, fleet: Fleet) -> tuple[str, int] | None:
        """Accelerator, and how many of them a replica. Nodes that do not tell this round, or on which none of the replicas
        is, have moved nothing."""
        if not fleet.accelerators or (self._runs is not None and not fleet.running_replicas):
            return self._runs
        if len(fleet.accelerators) != 1:
            return None
        return fleet.accelerators[0], fleet.devices_per_replica or 1

    def _is_too_large(self, fleet: Fleet) -> bool:
        """Larger than the policy counts, where nobody said how large it may be: our bound is no reason to let any go."""
        there = max(fleet.running_replicas or 0, fleet.target_replicas or 0)
        return self._config.max_replicas is None and there >= MAX_REPLICAS

    def _begin(self, accelerator: str, tp_degree: int) -> None:
        self._runs, self._last_s = (accelerator, tp_degree), None
        self._replica = perf.Replica(
            spec=self._catalogue.spec,
            accelerator=find(accelerator, self._catalogue.accelerators),
            tp_degree=tp_degree,
            correction=self._learned.of(accelerator),
        )
        self._policy = self._policy_of(self._replica)
        if self._policy is not None:
            self._demand.recall(self._policy)

    def close(self) -> None:
        """Keep what is not kept yet: the loop has ended."""
        self._demand.write()

    def _policy_of(self, replica: perf.Replica) -> AdvisorPolicy | None:
        believed = perf.to_replica_model(replica)
        if self._objective is None or believed.kv_capacity_tokens <= 0:
            return None  # the second: it runs, but not as we believe
        expected = self._config.expected_workload()
        return AdvisorPolicy(
            replica_model=believed,
            objective=self._objective,
            max_replicas=self._config.max_replicas or MAX_REPLICAS,
            cold_start_s=self._config.cold_start,
            expected_input_tokens=None if expected is None else expected.isl,
            expected_output_tokens=None if expected is None else expected.osl,
        )

    def _step_observation(self, observation: Observation, fleet: Fleet) -> StepObservation:
        now_s = observation.at_s
        interval_s = self._interval_s(observation)
        self._last_s = now_s
        finished = _times(observation.requests_per_s, interval_s)
        arrived = self._arrived(observation, interval_s)
        in_flight, waiting = (
            _value(observation.requests_in_flight),
            _value(observation.requests_waiting),
        )
        isl, osl = _value(observation.mean_isl), _value(observation.mean_osl)
        running, starting = _counts(fleet)
        assert self._policy is not None
        late_s = max(LATE_S, LATE_COLD_STARTS * self._policy.cold_start_s())
        ended_s = tuple(self._ended_s)
        self._ended_s.clear()
        return StepObservation(
            now_s=now_s,
            interval_s=interval_s,
            num_arrivals=arrived,
            replicas_running=running,
            replicas_starting=starting,
            input_tokens=_product(arrived, isl),
            output_tokens=_times(observation.generated_tokens_per_s, interval_s),
            num_finished=finished,
            finished_input_tokens=_product(finished, isl),
            finished_output_tokens=_product(finished, osl),
            requests_running=None if in_flight is None else max(0.0, in_flight - (waiting or 0.0)),
            requests_waiting=waiting,
            kv_cache_usage=_value(observation.kv_cache_usage),
            prefix_cache_hit_rate=_value(observation.prefix_cache_hit_rate),
            num_good=_product(finished, self._good_share(observation)),
            tpot_p95_s=None if observation.tpot is None else observation.tpot.p95_s,
            ttft_p95_s=None if observation.ttft is None else observation.ttft.p95_s,
            cold_starts_s=ended_s,
            num_failed_launches=self._starts.late(now_s, late_s),
            age_s=observation.age_s or 0.0,
        )

    def _interval_s(self, observation: Observation) -> float:
        """Since the last round, but no longer than the readings look back: what came in a hole was seen by nobody."""
        interval_s = self._config.interval
        if self._last_s is None:
            return interval_s
        return min(observation.at_s - self._last_s, max(interval_s, observation.window_s or 0.0))

    def _arrived(self, observation: Observation, interval_s: float) -> float | None:
        """What finished and what is in flight beside what was a window ago: in overload more comes than ends."""
        finished, window_s = observation.requests_per_s, observation.window_s
        in_flight = observation.requests_in_flight
        if finished is None or in_flight is None or not window_s:
            return _times(finished, interval_s)
        self._in_flight.append((observation.at_s, in_flight.value))
        while len(self._in_flight) > 1 and self._in_flight[1][0] <= observation.at_s - window_s:
            self._in_flight.popleft()
        then_s, then = self._in_flight[0]
        over_s = max(window_s, observation.at_s - then_s)
        return max(0.0, finished.value + (in_flight.value - then) / over_s) * interval_s

    def _good_share(self, observation: Observation) -> float | None:
        """Of the requests that finished, those inside the objectives that a lone request keeps; None where no latency tells.

        Only each latency's own share is known, so whoever missed several is taken to be one request: the most missed counts.
        A miss that a laxer percentile allows more of counts for less, as much as it takes of what is allowed.
        """
        assert self._objective is not None
        kept = self._kept_by_a_lone_request(observation)
        if kept is None:
            return None
        readings = {Latency.TTFT: observation.ttft, Latency.TPOT: observation.tpot}
        allowed = 1.0 - self._objective.goal
        missed = [
            (1.0 - share_within(reading, slo.bound_s)) * allowed / (1.0 - _goal(slo))
            for slo in kept
            if (reading := readings[slo.latency]) is not None
        ]
        return 1.0 - max(missed) if missed else (None if kept else 1.0)

    def _kept_by_a_lone_request(self, observation: Observation) -> list[Slo] | None:
        """The objectives that a replica with nothing else to do keeps at their percentiles; None where nobody can tell."""
        assert self._replica is not None
        isl, osl, slos = observation.mean_isl, observation.mean_osl, self._config.slos()
        if isl is None or osl is None or self._runs is None:
            return None
        alone = perf.predict(
            replace(self._replica, correction=self._learned.of(self._runs[0])),
            requests_per_s=0.0,
            isl=rounded_length(max(1.0, isl.value)),
            osl=rounded_length(max(1.0, osl.value)),
            slos=slos,
        )
        if alone is None:
            return None
        return [
            slo
            for slo, alone_s in zip(slos, alone.slo_values_s, strict=True)
            if alone_s <= slo.bound_s
        ]


def objective_of(slos: Sequence[Slo]) -> ServiceObjective | None:
    """What makes a request good, and the share that must be: the strictest percentile. None for a bound on the whole answer.

    Of several bounds on one latency that at its highest percentile is what all requests are held to. A latency that none
    bounds keeps `ServiceObjective`'s own bound: queues without end are nobody's wish.
    """
    strictest = {slo.latency: slo for slo in sorted(slos, key=lambda slo: slo.percentile)}
    if Latency.E2E in strictest:
        return None
    plain = ServiceObjective(goal=max(map(_goal, slos), default=ServiceObjective().goal))
    if (ttft := strictest.get(Latency.TTFT)) is not None:
        plain = replace(plain, ttft_base_s=ttft.bound_s, ttft_per_prefill=0.0)
    tpot = strictest.get(Latency.TPOT)
    return plain if tpot is None else replace(plain, tpot_s=tpot.bound_s)


def _goal(slo: Slo) -> float:
    return min(HIGHEST_GOAL, slo.percentile / 100)


def _counts(fleet: Fleet | None) -> tuple[int | None, int | None]:
    """Replicas that run, and those that Serve wants besides."""
    running = None if fleet is None else fleet.running_replicas
    if fleet is None or running is None:
        return None, None
    return running, max(0, (fleet.target_replicas or running) - running)


def _value(reading: Reading | None) -> float | None:
    return None if reading is None else reading.value


def _times(reading: Reading | None, seconds: float) -> float | None:
    return None if reading is None else reading.value * seconds


def _product(count: float | None, each: float | None) -> float | None:
    """Of nothing there is nothing, whatever one would be: in a pause there are no lengths."""
    if count == 0:
        return 0.0
    return None if count is None or each is None else count * each
