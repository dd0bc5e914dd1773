"""The scaling policy beside a fleet that is really there: how many replicas of what runs, whatever would be best instead.

`core/recommend.py` says by the hour which hardware and mode would be best; how many of what runs are needed is a question
of every round, and `AdvisorPolicy` answers it, the same that a backtest drives. Here the readings of a round become what it
is told: rates of the window times the seconds since the last round, and of what came, what finished and what is in flight
beside what was then. Replicas that Serve wants and that do not run yet are starting; how long that takes is measured.

It begins anew where the fleet moves to other hardware, with the demand of the days before (`demand.py`). It has nothing to
say where several kinds run, on hardware that is not known, and for an objective on the whole answer (E2E), which no replica
model judges.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from advisor.config import AdvisorConfig
from advisor.core import perf
from advisor.core.capacity import ServiceObjective
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import find
from advisor.core.learning import Learned
from advisor.core.objective import Latency, Slo
from advisor.core.observation import Observation, Reading, share_within
from advisor.core.recommendation import Fleet, Needed
from advisor.core.step import StepObservation
from advisor.demand import Demand
from advisor.diary import Diary
from advisor.look import Catalogue
from advisor.policy import AdvisorPolicy

MAX_REPLICAS = 256  # where the config bounds nothing
HIGHEST_GOAL = 0.999  # p100 is a promise nobody keeps
MAX_START_S = 1800.0  # what takes longer waits for a machine, and is no cold start


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
        self._needed: Needed | None = None

    def look(
        self, observation: Observation, fleet: Fleet | None, learned: Learned, *, sound: bool
    ) -> Needed | None:
        """What the policy wants of what runs; None where it has nothing to go by.

        Of readings that are not sound it learns nothing, and what it wanted stays wanted.
        """
        if sound:
            self._needed = self._look(observation, fleet, learned)
        return self._needed

    def _look(
        self, observation: Observation, fleet: Fleet | None, learned: Learned
    ) -> Needed | None:
        if fleet is None or len(fleet.accelerators) != 1 or observation.requests_per_s is None:
            return None
        name, tp_degree = runs = fleet.accelerators[0], fleet.devices_per_replica or 1
        if runs != self._runs:
            self._begin(*runs, learned)
        if self._policy is None:
            return None
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
            offer=self._offers.cheapest(name, tp_degree=tp_degree, replicas=max(1, wanted)),
        )

    def _begin(self, accelerator: str, tp_degree: int, learned: Learned) -> None:
        self._runs, self._last_s = (accelerator, tp_degree), None
        self._replica = perf.Replica(
            spec=self._catalogue.spec,
            accelerator=find(accelerator, self._catalogue.accelerators),
            tp_degree=tp_degree,
            correction=learned.of(accelerator),
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
        interval_s = self._config.interval if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        finished = _times(observation.requests_per_s, interval_s)
        arrived = self._arrived(observation, interval_s)
        in_flight, waiting = (
            _value(observation.requests_in_flight),
            _value(observation.requests_waiting),
        )
        isl, osl = _value(observation.mean_isl), _value(observation.mean_osl)
        running = fleet.running_replicas
        target = running if fleet.target_replicas is None else fleet.target_replicas
        starting = None if running is None or target is None else max(0, target - running)
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
            cold_starts_s=self._starts.add(now_s, running, starting),
            age_s=observation.age_s or 0.0,
        )

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
        """Of the requests that finished, those inside the objectives that a lone request keeps.

        Only each latency's own share is known, so whoever missed both is taken to be one request: the larger share counts.
        """
        assert self._replica is not None
        isl, osl = _value(observation.mean_isl), _value(observation.mean_osl)
        if isl is None or osl is None:
            return None
        alone = perf.latencies(self._replica, requests_per_s=0.0, isl=isl, osl=osl)
        if alone is None:
            return None
        alone_s = {Latency.TTFT: alone[0], Latency.TPOT: alone[1]}
        readings = {Latency.TTFT: observation.ttft, Latency.TPOT: observation.tpot}
        shares = [
            share_within(reading, slo.bound_s)
            for slo in self._config.slos()
            if alone_s[slo.latency] < slo.bound_s
            and (reading := readings[slo.latency]) is not None
        ]
        return min(shares, default=None)


class Starts:
    """How long replicas take from being wanted to running, told by two counts alone: those wanted first run first."""

    def __init__(self) -> None:
        self._wanted_s: deque[float] = deque()
        self._running: int | None = None

    def add(self, now_s: float, running: int | None, starting: int | None) -> tuple[float, ...]:
        """The seconds of each start that ended since the last call."""
        if running is None or starting is None:
            self._wanted_s.clear()
            self._running = None
            return ()
        more = 0 if self._running is None else max(0, running - self._running)
        ended = tuple(
            now_s - self._wanted_s.popleft() for _ in range(min(more, len(self._wanted_s)))
        )
        while len(self._wanted_s) > starting:  # given up
            self._wanted_s.pop()
        self._wanted_s.extend([now_s] * (starting - len(self._wanted_s)))
        self._running = running
        return tuple(start_s for start_s in ended if start_s <= MAX_START_S)


def objective_of(slos: Sequence[Slo]) -> ServiceObjective | None:
    """What makes a request good, and the share that must be: the strictest percentile. None for a bound on the whole answer.

    A latency that no objective bounds keeps `ServiceObjective`'s own bound: queues without end are nobody's wish.
    """
    bounds = {slo.latency: slo.bound_s for slo in slos}
    if Latency.E2E in bounds:
        return None
    plain = ServiceObjective()
    return ServiceObjective(
        ttft_base_s=bounds.get(Latency.TTFT, plain.ttft_base_s),
        ttft_per_prefill=0.0,
        tpot_s=bounds.get(Latency.TPOT, plain.tpot_s),
        goal=min(HIGHEST_GOAL, max((slo.percentile / 100 for slo in slos), default=plain.goal)),
    )


def _value(reading: Reading | None) -> float | None:
    return None if reading is None else reading.value


def _times(reading: Reading | None, seconds: float) -> float | None:
    return None if reading is None else reading.value * seconds


def _product(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left * right
