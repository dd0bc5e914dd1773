"""The cheapest way to serve the load inside objectives and budget, the next ones, and why not each other.

Every accelerator that runs vLLM is tried with every kind of weights that is allowed and every tensor-parallel degree that
holds the model. The performance model says what one replica sustains, the load how many are needed, the price book what
they cost. Nothing is dropped in silence: what is not chosen is a runner-up or is rejected with the number that decided.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from advisor.core import perf, pricing
from advisor.core.builds import Build, builds_on
from advisor.core.choice import (
    Constraints,
    Priced,
    mix_of,
    order,
    priced,
    rented,
    spot_beside,
    too_many,
    too_much,
)
from advisor.core.fleets import OfferIndex
from advisor.core.hardware import Accelerator
from advisor.core.learning import NOTHING_LEARNED, Learned
from advisor.core.mode import ModeChoice, Supply, TrafficClass, choose_mode
from advisor.core.mode_in_use import ModeWatch
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Budget, CapacityType, Mode, Slo
from advisor.core.reasons import QUEUED, reasons_for
from advisor.core.recommendation import (
    Candidate,
    Mix,
    MixPart,
    Needed,
    Offer,
    Prediction,
    Recommendation,
    Rejected,
    SpotShare,
)
from advisor.core.spot_fleet import spot_offer
from advisor.core.workload import Workload

__all__ = ["Constraints", "recommend"]

NUM_RUNNERS_UP = 4
NOT_ALLOWED = "not among the accelerators allowed"
NO_OFFER = "no offer among the allowed providers, regions and capacity types"
MIN_MIX_SAVING = 0.01  # of the best of one type: below it a second type is not worth its trouble


def recommend(
    *,
    spec: ModelSpec,
    workload: Workload,
    slos: Sequence[Slo],
    budget: Budget,
    offers: Sequence[Offer],
    accelerators: Sequence[Accelerator],
    constraints: Constraints,
    today: date,
    variants: Sequence[ModelSpec] = (),
    learned: Learned = NOTHING_LEARNED,
    watch: ModeWatch | None = None,
    needed: Needed | None = None,
) -> Recommendation:
    """The recommendation for this load; `feasible` false, with the shortfall, where nothing meets everything.

    `variants` are the same model with other weights (quantised) that may be served instead of `spec`; `learned` is what
    the running engine taught. With `watch` another mode than the one in use must save enough, and for an hour on end.
    Hardware is compared by the replicas that `workload.counted_per_s` needs of each; where the best runs already, there
    are as many of it as the scaling policy `needed`, as far as the budget goes.
    """
    problem = Problem(
        variants=(spec, *variants),
        workload=workload,
        slos=tuple(slos),
        budget=budget,
        offers=OfferIndex(offers, constraints.offers),
        spot_offers=_spot_offers(offers, constraints),
        constraints=constraints,
        today=today,
        learned=learned,
        watch=watch,
        needed=needed,
    )
    return problem.recommendation(problem.weigh(accelerators))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Every build there is, the best choice on each accelerator, and why there is none on the others."""

    builds: tuple[Build, ...]
    best_on: tuple[Priced, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is asked, and the questions that the answer takes apart."""

    variants: tuple[ModelSpec, ...]
    workload: Workload
    slos: tuple[Slo, ...]
    budget: Budget
    offers: OfferIndex
    constraints: Constraints
    today: date
    learned: Learned = NOTHING_LEARNED
    watch: ModeWatch | None = None
    needed: Needed | None = None  # of what runs
    spot_offers: OfferIndex | None = None  # where spot may carry a part of a fleet
    asked_mode: Mode | None = None
    deadline_s: float | None = None  # of an answer that nobody waits for

    def mode_of(self, choice: Priced) -> ModeChoice:
        """The mode of those replicas: the best one, or the one in use where that is followed."""
        best = self.best_mode(choice)
        return best if self.watch is None else self.watch.shown(best)

    def best_mode(self, choice: Priced) -> ModeChoice:
        """The mode in which those replicas serve the load for the least dollars."""
        traffic = TrafficClass(
            peak_requests_per_s=self.workload.requests_per_s,
            gaps=self.workload.idle_gaps,
            slos=self.slos,
            deadline_s=self.deadline_s,
            processing_s=self._answer_s(choice.build),
        )
        present = Mode.ALWAYS_ON if self.watch is None else self.watch.in_use.mode
        return choose_mode(traffic, self.supply(choice), present=present, asked=self.asked_mode)

    def supply(self, choice: Priced) -> Supply:
        """What those replicas cost while they run, on demand and, where that is allowed and to be had, on spot."""
        build, replicas = choice.build, choice.replicas
        plain = pricing.fleet_usd_per_hour(
            choice.offer, tp_degree=build.replica.tp_degree, replicas=replicas
        )
        supply = Supply(
            usd_per_hour=choice.usd_per_hour / replicas,
            replicas=replicas,
            saturated_requests_per_s=max(build.rate_per_s, build.carried_per_s),
            cold_start_s=self.constraints.cold_start_s,
            on_demand_usd_per_hour=plain / replicas,
        )
        use, offer = self.constraints.spot, self._spot_machine(choice)
        if use is None or offer is None:
            return supply
        return replace(
            supply,
            spot_usd_per_hour=offer.usd_per_hour,
            spot_interruptions_per_hour=use.taken_per_hour,
            spot_available_share=use.had_share,
            lost_s=self._answer_s(build) / 2,
        )

    def _spot_machine(self, choice: Priced) -> Offer | None:
        if self.spot_offers is None:
            return None
        replica = choice.build.replica
        return spot_offer(
            self.spot_offers.offers(replica.accelerator.name),
            choice.offer,
            tp_degree=replica.tp_degree,
            replicas=choice.replicas,
        )

    def _answer_s(self, build: Build) -> float:
        """Of a mean answer beside as many as the replica carries, from its first token on."""
        isl, osl = self.workload.isl, self.workload.osl
        found = perf.latencies(build.replica, requests_per_s=build.carried_per_s, isl=isl, osl=osl)
        return 0.0 if found is None else found[1] * osl

    def weigh(self, accelerators: Iterable[Accelerator]) -> Weighed:
        """All that can be said before the budget is looked at."""
        rejected: list[Rejected] = []
        best_on: list[Priced] = []
        builds: list[Build] = []
        for accelerator in accelerators:
            found = self.builds(accelerator)
            if isinstance(found, str):
                rejected.append(_rejected(accelerator.name, found))
                continue
            builds += found
            choices = self.priced(found)
            if choices:
                best_on.append(min(choices, key=self.preference))
            else:
                rejected.append(_rejected(accelerator.name, "there are not enough machines of it"))
        return Weighed(builds=tuple(builds), best_on=tuple(best_on), rejected=tuple(rejected))

    def builds(self, accelerator: Accelerator) -> list[Build] | str:
        allowed = self.constraints.accelerators
        if allowed is not None and accelerator.name not in allowed:
            return NOT_ALLOWED
        if accelerator.why_not_served is not None:
            return accelerator.why_not_served
        offers = self.offers.offers(accelerator.name)
        if not offers:
            return NO_OFFER
        largest = max(offer.accelerator_count for offer in offers)
        return builds_on(
            accelerator,
            self.variants,
            self.workload,
            self.slos,
            largest_instance=largest,
            correction=self.learned.of(accelerator.name),
        )

    def priced(
        self, builds: Iterable[Build], *, requests_per_s: float | None = None
    ) -> list[Priced]:
        """Each build at each provider, for the problem's load or another."""
        rate = self.workload.counted_per_s if requests_per_s is None else requests_per_s
        found = [choice for build in builds for choice in priced(build, self.offers, rate)]
        return [self._with_spot(choice) for choice in found]

    def _as_needed(self, best: Priced) -> Priced:
        """Where it runs already, as many of it as the scaling policy wants, as far as the limits go."""
        needed, replica = self.needed, best.build.replica
        kind = replica.accelerator.name, replica.tp_degree, replica.spec.quantization
        if needed is None or not needed.is_of(*kind):
            return best
        wanted = max(1, needed.replicas)
        counts = range(min(best.replicas, wanted), wanted + 1)
        fitting = bisect(counts, False, key=lambda count: self._rented(best, count) is None)
        return best if fitting == 0 else self._rented(best, counts[fitting - 1]) or best

    def _rented(self, choice: Priced, count: int) -> Priced | None:
        """So many of the same, for the least money; None where that breaks a limit."""
        choices = map(self._with_spot, rented(choice.build, self.offers, count))
        within = (one for one in choices if self._too_much(one) is None)
        return min(within, key=order, default=None)

    def _with_spot(self, choice: Priced) -> Priced:
        """The choice with a part of it on spot, where that is allowed and cheaper."""
        share = self.spot_beside(choice)
        if not isinstance(share, SpotShare):
            return choice
        return replace(choice, spot=share, usd_per_hour=share.usd_per_hour)

    def spot_beside(self, choice: Priced) -> SpotShare | str | None:
        """What spot may carry of it, or why nothing; None where it is not allowed."""
        if self.spot_offers is None:
            return None
        return spot_beside(choice, self.spot_offers, self.constraints)

    def preference(self, choice: Priced) -> tuple[object, ...]:
        """Of one accelerator: what meets the objectives, with few enough replicas, for the least money; else the
        closest miss."""
        if choice.meets_slos:
            return 0, too_many(choice, self.constraints), *order(choice)
        return 1, self.worst_miss(choice)[1], *order(choice)

    def prediction(self, choice: Priced) -> Prediction:
        """At its share of the load; for a lone request where no load keeps the objectives."""
        share = self.workload.requests_per_s / choice.replicas if choice.meets_slos else 0.0
        # The policy may want fewer replicas than that asks for.
        share = min(share, choice.build.carried_per_s)
        predicted = perf.predict(
            choice.build.replica,
            requests_per_s=share,
            isl=self.workload.isl,
            osl=self.workload.osl,
            slos=self.slos,
        )
        assert predicted is not None, "a replica carries what it was counted by"
        return predicted

    def worst_miss(self, choice: Priced) -> tuple[Slo, float]:
        """The objective that even a lone request misses by most, and the factor."""
        predicted = self.prediction(choice)
        missed = perf.misses(
            self.slos,
            ttft_s=predicted.ttft_s,
            tpot_s=predicted.tpot_s,
            osl=self.workload.osl,
            slo_values_s=predicted.slo_values_s,
        )
        slo, value = max(missed, key=lambda miss: miss[1] / miss[0].bound_s)
        return slo, value / slo.bound_s

    def candidate(self, choice: Priced, reasons: tuple[str, ...] = ()) -> Candidate:
        replica, mode = choice.build.replica, self.mode_of(choice)
        return Candidate(
            accelerator=replica.accelerator.name,
            tp_degree=replica.tp_degree,
            replicas=choice.replicas,
            mode=mode.mode,
            offer=choice.offer,
            usd_per_hour=choice.usd_per_hour * mode.cost_share,
            prediction=self.prediction(choice),
            reasons=reasons,
            quantization=replica.spec.quantization,
            expert_parallel=choice.build.expert_parallel,
            spot=None if mode.mode in QUEUED else choice.spot,
        )

    def why_missed(self, choice: Priced) -> str:
        slo, factor = self.worst_miss(choice)
        bound_ms = slo.bound_s * 1e3
        shown = f"{bound_ms * factor:.0f}"
        if float(shown) <= bound_ms:  # rounded, a near miss would look like none
            shown = f"{bound_ms * factor:.4g}"
        return f"{slo.latency.upper()} p{slo.percentile:g} is {shown} ms even for a lone request, over {bound_ms:g} ms"

    def recommendation(self, weighed: Weighed) -> Recommendation:
        """The cheapest inside everything; else the cheapest that would do, or the closest, with what is missed."""
        rejected = list(weighed.rejected)
        able = sorted((c for c in weighed.best_on if c.meets_slos), key=order)
        missing = [c for c in weighed.best_on if not c.meets_slos]
        over = {id(c): self._too_much(c) for c in able}
        within = [c for c in able if over[id(c)] is None]
        if within:
            best, shortfall = self._as_needed(within[0]), None
        elif able:
            best = able[0]
            shortfall = f"the cheapest that meets the objectives {over[id(best)]}"
        elif missing:
            best = min(missing, key=self.preference)
            shortfall = self.why_missed(best)
        else:
            return self._nothing(rejected)
        first, others = (within or able or [best])[0], (within or able)[1:]
        next_ones, dearer = others[:NUM_RUNNERS_UP], others[NUM_RUNNERS_UP:]
        rejected += [_reject(c, self.why_missed(c)) for c in missing if c is not best]
        if within:
            rejected += [_reject(c, over[id(c)] or "") for c in able if over[id(c)] is not None]
        rejected += [_reject(c, _dearer(c, first)) for c in dearer]
        mode = self.mode_of(best)
        mix = self._mix(weighed.builds, best, mode) if able else None
        if mix is not None and not within and shortfall is not None:
            shortfall += f"; {_mix_reason(mix)}"
        return Recommendation(
            best=self.candidate(best),
            feasible=bool(within),
            shortfall=shortfall,
            runners_up=tuple(self.candidate(c, (_dearer(c, first),)) for c in next_ones),
            rejected=(*mode.rejected, *rejected),
            reasons=(
                *reasons_for(self, best, mode, counted=best is first),
                *(() if mix is None else (_mix_reason(mix),)),
            ),
            prices_from=self._price_dates(),
            mix=mix,
            mode_in_use=None if self.watch is None else self.watch.after(self.best_mode(best)),
        )

    def _too_much(self, choice: Priced) -> str | None:
        return too_much(choice, self.budget, self.constraints)

    def _nothing(self, rejected: list[Rejected]) -> Recommendation:
        context = self.workload.isl + self.workload.osl
        most = self.variants[0].max_context_tokens
        shortfall = self._why_nothing(rejected)
        if most is not None and context > most:
            shortfall = f"requests of {context:.0f} tokens are longer than the model's {most}"
        return Recommendation(
            best=None,
            feasible=False,
            shortfall=shortfall,
            runners_up=(),
            rejected=tuple(rejected),
            reasons=(),
            prices_from=self._price_dates(),
        )

    def _why_nothing(self, rejected: Sequence[Rejected]) -> str:
        if self.offers.dates is None:
            return NO_OFFER
        ruled_out = [entry for entry in rejected if entry.reason != NOT_ALLOWED]
        if len(ruled_out) == 1:  # asked for by name: its own reason, not a general one
            return f"{ruled_out[0].accelerator}: {ruled_out[0].reason}"
        return "no accelerator among the allowed offers holds the model"

    def _mix(self, builds: Sequence[Build], best: Priced, mode: ModeChoice) -> Mix | None:
        """Several types or sizes together, where that is clearly cheaper than one and a bound on replicas allows it."""
        if self.constraints.max_replicas is not None:
            return None
        parts = mix_of(builds, self.offers, self.workload.counted_per_s)
        hourly = math.fsum(share.count * offer.usd_per_hour for _, offer, share in parts)
        if not parts or hourly > best.usd_per_hour * (1 - MIN_MIX_SAVING):
            return None
        return Mix(
            usd_per_hour=hourly * mode.cost_share,
            parts=tuple(_mix_part(build, offer, share.count) for build, offer, share in parts),
        )

    def _price_dates(self) -> str:
        if self.offers.dates is None:
            return "no offers"
        oldest, newest = self.offers.dates
        return oldest if oldest == newest else f"{oldest} to {newest}"


def _spot_offers(offers: Sequence[Offer], constraints: Constraints) -> OfferIndex | None:
    if constraints.spot is None:
        return None
    return OfferIndex(offers, replace(constraints.offers, capacity_types=(CapacityType.SPOT,)))


def _mix_part(build: Build, offer: Offer, instances: int) -> MixPart:
    each = pricing.replicas_per_instance(offer, build.replica.tp_degree)
    return MixPart(
        accelerator=build.replica.accelerator.name,
        tp_degree=build.replica.tp_degree,
        replicas=instances * each,
        requests_per_s=instances * each * build.inside_slos_per_s,
        offer=offer,
        instances=instances,
        quantization=build.replica.spec.quantization,
        expert_parallel=build.expert_parallel,
    )


def _mix_reason(mix: Mix) -> str:
    parts = " and ".join(
        f"{part.instances} x {part.offer.provider} {part.offer.instance_type}"
        for part in mix.parts
    )
    return f"several types together would cost ${mix.usd_per_hour:.2f}/h: {parts}"


def _reject(choice: Priced, reason: str) -> Rejected:
    replica = choice.build.replica
    return _rejected(replica.accelerator.name, reason, replica.tp_degree)


def _rejected(accelerator: str, reason: str, tp_degree: int | None = None) -> Rejected:
    return Rejected(accelerator=accelerator, tp_degree=tp_degree, mode=None, reason=reason)


def _dearer(choice: Priced, best: Priced) -> str:
    ratio = choice.usd_per_hour / best.usd_per_hour if best.usd_per_hour > 0 else math.inf
    return f"${choice.usd_per_hour:.2f}/h, {ratio:.1f} times the price of the best"
