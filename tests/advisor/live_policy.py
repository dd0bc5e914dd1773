"""What a simulated fleet does, told as a round of the live loop would read it, for the policy behind the loop."""

from __future__ import annotations

import math
from collections import deque

from rig import LLAMA_8B

from advisor import data
from advisor.config import AdvisorConfig, parse_config
from advisor.core import perf
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import find
from advisor.core.learning import NOTHING_LEARNED
from advisor.core.model_spec import model_spec_from_config
from advisor.core.observation import LatencyReading, Observation, Reading
from advisor.core.recommendation import Fleet
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepDecision, StepObservation
from advisor.diary import Diary
from advisor.look import Catalogue
from advisor.scaling import Scaling

WINDOW_S = 60.0
SPEC = model_spec_from_config(LLAMA_8B, name="8b")
SLO = [
    {"latency": "ttft", "at_most": "2s", "percentile": 99},
    {"latency": "tpot", "at_most": "100ms", "percentile": 99},
]


def config_for(cold_start_s: float, max_replicas: int = 64) -> AdvisorConfig:
    content = {"budget": "1000000/month", "model": "m", "slo": SLO}
    return parse_config(
        {**content, "cold_start": f"{cold_start_s:g}s", "max_replicas": max_replicas}, where=""
    )


def replica_on(accelerator: str) -> ReplicaModel:
    """What the loop believes of a replica there."""
    found = find(accelerator, data.accelerators())
    return perf.to_replica_model(perf.Replica(spec=SPEC, accelerator=found, tp_degree=1))


class LivePolicy:
    """`Scaling` behind the call of a policy: counts of a step become rates of a window, as metrics have them."""

    def __init__(self, config: AdvisorConfig, accelerator: str) -> None:
        offers = OfferIndex(data.offers(), config.constraints().offers)
        catalogue = Catalogue(spec=SPEC, accelerators=data.accelerators(), offers=data.offers())
        self._scaling = Scaling(
            config=config, catalogue=catalogue, offers=offers, diary=Diary(None)
        )
        self._bounds_s = [slo.bound_s for slo in config.slos()]
        self._accelerator = accelerator
        self._seen: deque[StepObservation] = deque()

    def step(self, observation: StepObservation) -> StepDecision:
        self._seen.append(observation)
        while sum(one.interval_s for one in self._seen) - self._seen[0].interval_s >= WINDOW_S:
            self._seen.popleft()
        running, starting = observation.replicas_running or 0, observation.replicas_starting or 0
        fleet = Fleet(
            application="llm",
            deployment="LLMServer:m",
            status="RUNNING",
            target_replicas=running + starting,
            running_replicas=running,
            accelerators=(self._accelerator,),
            devices_per_replica=1,
        )
        needed = self._scaling.look(
            self._observed(observation), fleet, NOTHING_LEARNED, sound=True
        )
        if needed is None:
            return StepDecision(target_replicas=running + starting, reason="nothing to go by")
        return StepDecision(target_replicas=needed.target, reason=needed.reason)

    def _observed(self, now: StepObservation) -> Observation:
        window_s, finished = self._sum("interval_s"), self._sum("num_finished")
        ttft_s, tpot_s = self._bounds_s
        return Observation(
            at_s=now.now_s,
            source="simulator",
            window_s=window_s,
            num_replicas_seen=now.replicas_running,
            requests_per_s=_reading(finished / window_s),
            mean_isl=_ratio(self._sum("finished_input_tokens"), finished),
            mean_osl=_ratio(self._sum("finished_output_tokens"), finished),
            generated_tokens_per_s=_reading(self._sum("output_tokens") / window_s),
            requests_in_flight=_reading((now.requests_running or 0) + (now.requests_waiting or 0)),
            requests_waiting=_reading(now.requests_waiting or 0.0),
            kv_cache_usage=None if now.kv_cache_usage is None else _reading(now.kv_cache_usage),
            ttft=self._latency(finished, ttft_s),
            tpot=self._latency(finished, tpot_s),
        )

    def _latency(self, finished: float, bound_s: float) -> LatencyReading | None:
        """The simulator tells who was good, and not how late the others were."""
        if finished <= 0:
            return None
        good = self._sum("num_good")
        return LatencyReading(
            p50_s=bound_s / 2,
            p95_s=bound_s,
            p99_s=bound_s,
            num_requests=finished,
            age_s=0.0,
            buckets=((bound_s, good), (math.inf, finished)),
        )

    def _sum(self, name: str) -> float:
        return float(sum(getattr(one, name) or 0.0 for one in self._seen))


def _reading(value: float) -> Reading:
    return Reading(value=value, age_s=0.0)


def _ratio(over: float, under: float) -> Reading | None:
    return _reading(over / under) if over > 0 and under > 0 else None
