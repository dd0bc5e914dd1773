"""What each recommendation promised, and what came of it: `core/verdict.py` fed from the rounds, kept in the journal.

A promise is made of every feasible recommendation, at most one in ten minutes for the same deployment: the objectives'
latencies at their percentiles, the medians, the cost, the load. Cost is judged at the price book's prices of the moment,
for no metric tells what a cloud bills.

A restart finds the open promises, the newest verdicts, and with them what the running engine had taught by then, so that
it begins with the corrected model. No verdict moves the correction (`core/verdict.py` says why).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from advisor.core import perf, pricing
from advisor.core.builds import settings_of
from advisor.core.correction import Correction, Estimate
from advisor.core.decide import SETTLED
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import Accelerator, find
from advisor.core.learning import MEDIANS, NOTHING_LEARNED, Learned
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import CapacityType, Latency, Mode, Slo
from advisor.core.observation import Observation, quantile
from advisor.core.recommendation import Candidate, Fleet, Recommendation
from advisor.core.verdict import (
    NUM_VERDICTS,
    Conditions,
    Promise,
    Standing,
    Verdict,
    Verdicts,
)
from advisor.core.workload import Workload
from advisor.errors import UnknownAcceleratorError

if TYPE_CHECKING:
    from advisor.adapters.journal import Entry
    from advisor.diary import Diary

PROMISE, VERDICT = "promise", "verdict"  # kinds of entries, as the journal has them


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round knows that verdicts need."""

    at_s: float
    observation: Observation
    fleet: Fleet | None
    workload: Workload | None
    recommendation: Recommendation | None
    learned: Learned
    fleet_usd_per_hour: float | None
    sound: bool  # nothing was missing or stale


class Judge:
    """Keeps promises and judges them; `restored` is what a former run had learned of the engine."""

    def __init__(
        self,
        *,
        model: str,
        spec: ModelSpec,
        accelerators: Sequence[Accelerator],
        slos: Sequence[Slo],
        window_s: float,
        diary: Diary,
    ) -> None:
        self._model, self._spec, self._accelerators = model, spec, accelerators
        self._slos, self._window_s, self._diary = tuple(slos), window_s, diary
        self._verdicts = Verdicts()
        self.restored = self._restore(diary.read((PROMISE, VERDICT), 2 * NUM_VERDICTS, model))

    def look(self, seen: Round) -> Standing:
        """Judge what is due, promise what is new."""
        found = self._verdicts.observe(
            now_s=seen.at_s,
            observed=self._observed(seen) if seen.sound else {},
            came=conditions_of(seen),
            window_s=seen.observation.window_s or 0.0,
        )
        for verdict in found:
            self._keep_verdict(verdict, seen.learned)
        promise = self._promise(seen)
        if promise is not None:
            self._verdicts.promise(replace(promise, entry=self._keep_promise(promise)))
        return self._verdicts.standing()

    def _promise(self, seen: Round) -> Promise | None:
        """Of the recommendation, where it is new and is about the weights that run."""
        recommendation, workload = seen.recommendation, seen.workload
        if recommendation is None or workload is None or not recommendation.feasible:
            return None
        best = recommendation.best
        if best is None or best.quantization is not self._spec.quantization:
            return None  # the fleet does not tell which weights it serves
        if workload.requests_per_s > best.replicas * best.prediction.max_requests_per_s:
            return None  # the scaling policy says that so few will do, and nobody how long a request takes then
        conditions = Conditions(
            accelerator=best.accelerator,
            tp_degree=best.tp_degree,
            replicas=best.replicas,
            requests_per_s=workload.requests_per_s,
            isl=workload.isl,
            osl=workload.osl,
        )
        if not self._verdicts.wants(conditions, seen.at_s):
            return None
        return Promise(
            at_s=seen.at_s,
            due_s=seen.at_s + self._window_s,
            predicted=self._predicted(best, workload, seen.learned),
            conditions=conditions,
        )

    def _predicted(
        self, best: Candidate, workload: Workload, learned: Learned
    ) -> dict[str, float]:
        """What the recommendation says, and the medians beside it."""
        values = dict(zip(map(name_of, self._slos), best.prediction.slo_values_s, strict=False))
        medians = perf.predict(
            perf.Replica(
                spec=self._spec,
                accelerator=find(best.accelerator, self._accelerators),
                tp_degree=best.tp_degree,
                settings=settings_of(expert_parallel=best.expert_parallel),
                correction=learned.of(best.accelerator),
            ),
            requests_per_s=workload.requests_per_s / best.replicas,
            isl=max(1.0, workload.isl),
            osl=max(1.0, workload.osl),
            slos=MEDIANS,
        )
        if medians is not None:
            values |= dict(zip(map(name_of, MEDIANS), medians.slo_values_s, strict=True))
        values["requests_per_s"] = workload.requests_per_s
        if best.mode is Mode.ALWAYS_ON and best.spot is None:  # else an expectation over days
            values["usd_per_hour"] = best.usd_per_hour
        return values

    def _observed(self, seen: Round) -> dict[str, float | None]:
        observation = seen.observation
        values: dict[str, float | None] = {}
        for slo in (*self._slos, *MEDIANS):
            reading = getattr(observation, slo.latency.value)
            values[name_of(slo)] = (
                None if reading is None else quantile(reading.buckets, slo.percentile / 100)
            )
        rate = observation.requests_per_s
        if rate is not None:
            values |= {"requests_per_s": rate.value, "usd_per_hour": seen.fleet_usd_per_hour}
        return values

    def _keep_promise(self, promise: Promise) -> int | None:
        detail = {
            "model": self._model,
            "due_s": promise.due_s,
            "predicted": dict(promise.predicted),
            "conditions": asdict(promise.conditions),
        }
        return self._diary.write(
            lambda memory: memory.promise(at_s=promise.at_s, action=PROMISE, detail=detail)
        )

    def _keep_verdict(self, verdict: Verdict, learned: Learned) -> None:
        entry = verdict.promise.entry
        if entry is None:
            return
        detail = {
            "model": self._model,
            "observed": dict(verdict.observed),
            "predicted": dict(verdict.promise.predicted),
            "not_comparable": verdict.not_comparable,
            "learned": {name: asdict(one) for name, one in learned.corrections.items()},
        }
        self._diary.write(
            lambda memory: memory.judge(
                entry, at_s=verdict.judged_s, action=VERDICT, detail=detail
            )
        )

    def _restore(self, entries: Sequence[Entry]) -> Learned:
        promises: dict[int, Promise] = {}
        verdicts: list[Verdict] = []
        learned = NOTHING_LEARNED
        for entry in entries:
            try:
                if entry.kind == PROMISE:
                    promises[entry.id] = promise_from(entry)
                elif entry.intent_id in promises:
                    verdicts.append(verdict_from(entry, promises.pop(entry.intent_id)))
                    learned = self._learned_from(entry.detail["learned"])
            except (KeyError, TypeError):  # of another version of this program
                continue
        self._verdicts.restore(promises.values(), verdicts)
        return learned

    def _learned_from(self, kept: Mapping[str, Mapping[str, Any]]) -> Learned:
        """An accelerator that the catalogue has dropped since is forgotten."""
        corrections = {}
        for name, one in kept.items():
            try:
                find(name, self._accelerators)
            except UnknownAcceleratorError:
                continue
            corrections[name] = Correction(
                decode=Estimate(**one["decode"]),
                prefill=Estimate(**one["prefill"]),
                windows=one["windows"],
            )
        return Learned(corrections=corrections)


def name_of(slo: Slo) -> str:
    """A latency at its percentile as the design's words have it: `ttft_p95_s`."""
    return f"{Latency(slo.latency).value}_p{slo.percentile:g}_s"


def conditions_of(seen: Round) -> Conditions:
    """What runs now, under which load; a fleet that is changing or mixed has no number of replicas."""
    fleet, observation = seen.fleet, seen.observation
    rate, isl, osl = observation.requests_per_s, observation.mean_isl, observation.mean_osl
    known = fleet is not None and fleet.status == SETTLED and len(fleet.accelerators) == 1
    return Conditions(
        accelerator=fleet.accelerators[0] if fleet is not None and known else None,
        tp_degree=fleet.devices_per_replica if fleet is not None and known else None,
        replicas=fleet.running_replicas if fleet is not None and known else None,
        requests_per_s=None if rate is None else rate.value,
        isl=None if isl is None else isl.value,
        osl=None if osl is None else osl.value,
    )


def usd_per_hour_now(
    fleet: Fleet | None, offers: OfferIndex, spot_offers: OfferIndex | None = None
) -> float | None:
    """What the fleet is billed at the cheapest allowed offer of its accelerator; None where it is not known what it runs
    on.

    Replicas that are known to be on spot are priced there, where `spot_offers` has a machine for them. An estimate, and
    from below: whoever runs it may have rented it elsewhere.
    """
    if fleet is None or len(fleet.accelerators) != 1 or not fleet.running_replicas:
        return None
    name, tp_degree = fleet.accelerators[0], fleet.devices_per_replica or 1
    offer = offers.cheapest(name, tp_degree=tp_degree, replicas=fleet.running_replicas)
    if offer is None:
        return None
    alone = pricing.fleet_usd_per_hour(offer, tp_degree=tp_degree, replicas=fleet.running_replicas)
    on_spot = min(fleet.spot_replicas or 0, fleet.running_replicas)
    if on_spot == 0 or spot_offers is None:
        return alone
    spot = (one for one in spot_offers.offers(name) if one.capacity_type is CapacityType.SPOT)
    machine = pricing.cheapest_offer(spot, tp_degree=tp_degree, replicas=on_spot)
    if machine is None:
        return alone
    rest = pricing.fleet_usd_per_hour(
        offer, tp_degree=tp_degree, replicas=fleet.running_replicas - on_spot
    )
    return rest + pricing.fleet_usd_per_hour(machine, tp_degree=tp_degree, replicas=on_spot)


def promise_from(entry: Entry) -> Promise:
    return Promise(
        at_s=entry.at_s,
        due_s=entry.detail["due_s"],
        predicted=entry.detail["predicted"],
        conditions=Conditions(**entry.detail["conditions"]),
        entry=entry.id,
    )


def verdict_from(entry: Entry, promise: Promise) -> Verdict:
    return Verdict(
        promise=promise,
        judged_s=entry.at_s,
        observed=entry.detail["observed"],
        not_comparable=entry.detail["not_comparable"],
    )
