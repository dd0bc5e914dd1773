"""The guards' laws at the counts they are promised for, in minutes (the tests run the same laws by Hypothesis in seconds).

python tests/benchmarks/guards.py [--share 1.0] [--only A1 A4 ...] [--seed 0]

Prints one row a law: cases, violations, seconds. The exit status is 1 where a law was broken. Everything is seeded.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))

import test_shared_budget
import test_spot
from applying import ApplyingMachine
from capping import CappingMachine
from replacing import ReplacingMachine
from test_decide import EXPECTED, OBSERVED, OFFER, fleet, recommendation
from test_guards import OPTIONAL, READINGS, SOUND, hpa_oracle

from advisor.core import guards, spot
from advisor.core.decide import Limits, Memory, decide
from advisor.core.recommendation import Action, Recommendation
from advisor.core.replica_model import ReplicaModel
from advisor.core.step import StepObservation
from advisor.policy import AdvisorPolicy

MODEL = ReplicaModel(
    step_base_s=0.018,
    step_per_seq_s=5e-5,
    step_per_kv_token_s=9e-8,
    step_per_prefill_token_s=8e-5,
    kv_capacity_tokens=300_000,
    max_num_batched_tokens=8192,
    max_num_seqs=256,
)
NO_PRICES = (math.nan, math.inf)
NO_COUNTS = (math.nan, math.inf, -math.inf, -1.0, -1e-9, 1e18, 1e300)
Law = Callable[[int, int], None]  # of so many cases, drawn from that seed
SICK_PER_SOUND = 9  # readings that are none for each round with sound ones


def quick(cases: int) -> settings:
    return settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def sick(rng: random.Random, sound: StepObservation, accepted_s: float) -> StepObservation:
    """The observation with one to three things wrong of which any one forbids to conclude anything."""
    changes: dict[str, object] = {}
    for _ in range(rng.randint(1, 3)):
        kind = rng.randrange(7)
        if kind == 0:
            changes[rng.choice(READINGS)] = rng.choice(NO_COUNTS)
        elif kind == 1:
            changes[rng.choice(READINGS[:3])] = None
        elif kind == 2:
            changes["age_s"] = rng.choice([60.1, 61.0, 1e6, *NO_COUNTS])
        elif kind == 3:
            changes["now_s"] = accepted_s - rng.choice([0.0, 1e-3, 15.0, 1e9])
        elif kind == 4:
            changes["now_s"] = rng.choice([math.nan, math.inf, -math.inf])
        elif kind == 5:
            changes["interval_s"] = rng.choice([0.0, 3600.1, *NO_COUNTS])
        else:
            changes["num_arrivals"], changes["input_tokens"] = 10.0, 1.1e8
    for field in OPTIONAL:
        if rng.random() < 0.1:
            changes.setdefault(field, None)
    return replace(sound, **changes)  # type: ignore[arg-type]


def a1_policy(cases: int, seed: int) -> None:
    """A quiet fleet that sound readings would shrink, under readings that are none."""
    rng = random.Random(1000 * seed + 1)
    policy: AdvisorPolicy | None = None
    now_s = 0.0
    for number in range(cases):
        now_s += 15.0
        if policy is None or number % 2000 == 0:
            policy, now_s = AdvisorPolicy(replica_model=MODEL), 15.0
        running = rng.randint(1, 60)
        sound = replace(SOUND, now_s=now_s, replicas_running=running, num_arrivals=3.0)
        if number % (SICK_PER_SOUND + 1) == 0:
            policy.step(sound)
            now_s += 1.0
            last = policy.step(replace(sound, now_s=now_s)).target_replicas
            accepted_s = now_s
            continue
        observation = sick(rng, sound, accepted_s)
        there = guards.present(observation)
        target = policy.step(observation).target_replicas
        least = min(64, last if there is None else there)
        assert target >= least, f"{target} of {least} on {observation}"
        last = target


def a1_decide(cases: int, seed: int) -> None:
    """Anything missing, stale or unsettled: no fewer replicas than run; under a cap, nothing at a price that is none."""
    rng = random.Random(1000 * seed + 1)
    known = [recommendation(count, feasible=rng.random() < 0.8) for count in range(1, 51)]
    odd = [with_price(one, rng.choice(NO_PRICES)) for one in known]
    fleets = {
        status: [fleet(count, status=status) for count in (None, *range(61))]
        for status in ("RUNNING", "DEPLOYING", "UNHEALTHY")
    }
    for _ in range(cases):
        asked = rng.choice((None, rng.choice(known), rng.choice(known), rng.choice(odd)))
        running = rng.choice((None, *([rng.choice(fleets[rng.choice(list(fleets))])] * 5)))
        workload = rng.choice((None, OBSERVED, OBSERVED, EXPECTED))
        problems = rng.choice(((), (), ("no answer from node-1",)))
        memory, now_s = Memory(), rng.choice((0.0, rng.uniform(0, 1e9)))
        cap = rng.choice((None, 10.0, 40.0))
        memory.saw(rng.choice(fleets["RUNNING"]), now_s - rng.choice((0.0, 299.0, 301.0, 1e5)))
        decision = decide(
            recommendation=asked,
            workload=workload,
            fleet=running,
            problems=problems,
            limits=Limits(cap_usd_per_hour=cap),
            memory=memory,
            now_s=now_s,
        )
        if decision.action is not Action.SCALE:
            continue
        assert asked is not None
        assert running is not None
        assert running.running_replicas is not None
        assert decision.target_replicas is not None
        assert cap is None or math.isfinite(asked.best.offer.usd_per_hour if asked.best else 0.0)
        if decision.target_replicas < running.running_replicas:
            assert workload is OBSERVED
            assert not problems
            assert running.status == "RUNNING"


def with_price(asked: Recommendation, usd_per_hour: float) -> Recommendation:
    assert asked.best is not None
    offer = replace(OFFER, usd_per_hour=usd_per_hour)
    return replace(asked, best=replace(asked.best, offer=offer))


def a2(cases: int, seed: int) -> None:
    """Usages on and about the bounds, any number of them silent. At the target exactly HPA scales down on silent ones, and
    we do nothing: that one case is left out."""
    rng = random.Random(1000 * seed + 2)
    done = 0
    while done < cases:
        target = rng.choice((0.5, 0.7, 1.0, rng.uniform(0.05, 1.5)))
        near = (0.0, 1.0, 2.0, target, 0.9 * target, 1.1 * target)
        usages = [
            rng.choice((rng.uniform(0, 2), rng.choice(near))) for _ in range(rng.randint(0, 20))
        ]
        if usages and sum(usages) / len(usages) / target == 1.0:
            continue
        silent, tolerance = rng.randint(0, 20), rng.choice((0.0, 0.1, 0.1, 0.25))
        found = guards.replicas_with_silent(
            usages, num_silent=silent, target=target, tolerance=tolerance
        )
        assert found == hpa_oracle(usages, silent, target, tolerance), (usages, silent, target)
        done += 1


def a3(cases: int, seed: int) -> None:
    """Whatever is recommended, at whatever price: between the bounds, or as many as the cap pays for."""
    rng = random.Random(1000 * seed + 3)
    asked = [recommendation(count) for count in (*range(1, 51), 1000, 10**6)]
    fleets = [fleet(count) for count in range(61)]
    memory, limits = Memory(), Limits()
    now_s = 0.0
    for number in range(cases):
        if number % 50 == 0:
            memory, now_s = Memory(), 0.0
            low = rng.randint(0, 20)
            bounds = guards.Bounds(min_replicas=low, max_replicas=low + rng.randint(0, 30))
            cap = rng.choice([None, rng.uniform(0, 60)])
            limits = Limits(bounds=bounds, cap_usd_per_hour=cap)
        now_s += rng.choice((15.0, 60.0, 400.0))
        running = rng.choice(fleets)
        decision = decide(
            recommendation=rng.choice(asked),
            workload=OBSERVED,
            fleet=running,
            problems=(),
            limits=limits,
            memory=memory,
            now_s=now_s,
        )
        target = decision.target_replicas
        if target is None:
            continue
        paid = math.inf if limits.cap_usd_per_hour is None else limits.cap_usd_per_hour / 0.8
        assert type(target) is int
        assert min(limits.bounds.min_replicas, paid - 1) <= target
        assert target <= min(limits.bounds.max_replicas, paid + 1e-6)
        wild = rng.choice((rng.uniform(-1e9, 1e9), rng.gauss(20, 20), *NO_COUNTS))
        clamped = limits.bounds.clamp(wild)
        assert type(clamped) is int
        assert limits.bounds.min_replicas <= clamped <= limits.bounds.max_replicas


def machine(kind: type[RuleBasedStateMachine], steps: int) -> Law:
    def law(cases: int, _: int) -> None:
        run_state_machine_as_test(
            kind, settings=settings(quick(cases), stateful_step_count=steps, derandomize=True)
        )

    return law


def one_budget(cases: int, seed: int) -> None:
    rng = random.Random(1000 * seed + 7)
    for _ in range(cases):
        models, cap = test_shared_budget.random_case(rng)
        assert test_shared_budget.agrees(models, cap), (models, cap)


def spot_mixes(cases: int, seed: int) -> None:
    rng = random.Random(1000 * seed + 9)
    for _ in range(cases):
        zones = [
            spot.SpotZone(
                name="z",
                usd_per_hour=rng.randint(50, 350) / 100,
                interruptions_per_hour=rng.choice([None, 0.0, 0.1, 1.0]),
                available_share=rng.choice([None, 0.5, 1.0]),
                max_replicas=rng.choice([None, 0, 1, 3]),
            )
            for _ in range(rng.randint(0, 3))
        ]
        needed = rng.randint(1, 5)
        asked = {
            "needed": needed,
            "floor": rng.randint(0, needed),
            "on_demand_floor": rng.randint(0, 2),
            "cap_usd_per_hour": rng.choice([None, rng.randint(0, 2000) / 100 + 0.001]),
        }
        found = spot.cheapest_spot_mix(zones, test_spot.TERMS, **asked)  # type: ignore[arg-type]
        least = test_spot.brute_force(zones, test_spot.TERMS, **asked)  # type: ignore[arg-type]
        assert (found is None) == (least is None), (zones, asked)
        assert found is None or math.isclose(found.usd_per_hour, least or 0.0, rel_tol=1e-6)


LAWS: list[tuple[str, str, int, Law]] = [
    ("A1", "readings that are none: AdvisorPolicy never below what is there", 100_000, a1_policy),
    ("A1", "anything missing or unsettled: decide never below what runs", 100_000, a1_decide),
    ("A2", "silent replicas: agreement with HPA's rule", 100_000, a2),
    ("A3", "decide and clamp: a whole number inside bounds and cap", 1_000_000, a3),
    ("A4", "cost cap: two advisors, prices, restarts, overlap (x 50 steps)", 1_000,
     machine(CappingMachine, 50)),
    ("A7", "replacement: budget, ready before removal (x 50 steps)", 1_000,
     machine(ReplacingMachine, 50)),
    ("A8", "rollback: two intervals, one retry, frozen (x 50 steps)", 1_000,
     machine(ApplyingMachine, 50)),
    ("mix", "several models under one cap: as good as trying everything", 10_000, one_budget),
    ("mix", "spot and on demand: as good as trying everything", 10_000, spot_mixes),
]  # fmt: skip


def rows(share: float, only: list[str], seed: int) -> Iterator[bool]:
    for name, law, count, check in LAWS:
        if only and name not in only:
            continue
        cases, began_s = max(1, round(count * share)), time.perf_counter()
        try:
            check(cases, seed)
            broken = False
        except Exception:
            traceback.print_exc()
            broken = True
        took_s = time.perf_counter() - began_s
        print(f"{name:4} {law:70} {cases:>9,} {int(broken):>3} {took_s:8.1f} s", flush=True)
        yield broken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the promised counts")
    parser.add_argument("--only", nargs="*", default=[], help="rows of these names")
    parser.add_argument("--seed", type=int, default=0, help="other cases")
    asked = parser.parse_args()
    print(f"{'':4} {'law':70} {'cases':>9} {'bad':>3} {'':8}")
    sys.exit(any(list(rows(asked.share, asked.only, asked.seed))))


if __name__ == "__main__":
    main()
