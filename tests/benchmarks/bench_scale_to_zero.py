"""The last replica: what keeping it costs over the clairvoyant, and whom it keeps waiting, tenant by tenant.

    python tests/benchmarks/bench_scale_to_zero.py           # a minute; needs shared/data/traces beside the project
    python tests/benchmarks/bench_scale_to_zero.py --cold-start 90 --tenant 0
    python tests/benchmarks/bench_scale_to_zero.py --others  # traffic that nothing was tuned on

One replica serves all that comes, in the time that a lone request takes on an L4, and is billed from launch to end, 60 s at
least. A look every ten seconds. A cold hit is a request that waited over 30 s; beside it the share that waited at all.
`bench_policy.py --match idle_tenants` judges the whole policy on the simulated fleet.

Cost is over a clairvoyant who knows every request: it pays for the work, and in each gap for the gap or a start, whichever
is less. Nobody can do that who does not know when the next request comes, so three who know less stand beside it:

    windows foreseen    knows which ten minutes will have requests, keeps the replica through them, starts it in time
    best constant       one keep-alive for this tenant, chosen in hindsight among those within the budget of 2 % cold hits
    one constant        the same for every tenant and cold start, chosen in hindsight to be cheapest with a mean of 2 %
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.trace import load_trace
from advisor.core.keep_alive import KeepAlive

ROOT = Path(__file__).resolve().parents[2]
TRACES = ROOT.parent / "shared" / "data" / "traces"
COLD_STARTS_S = (30.0, 90.0, 300.0)
LOOK_S, MIN_BILLED_S, WINDOW_S, COLD_HIT_S, BUDGET = 10.0, 60.0, 600.0, 30.0, 0.02
PROMPT_S, ANSWER_S = 1.65e-4, 0.043  # a token, of 8 billion parameters in 8 bits on an L4
LONGEST_ANSWER = 600  # tokens, of the traces that are thinned
THINNED = {
    "azure2024_code_days2-4_recon": 2000,
    "azure2024_conv_days0-2_recon": 1500,
    "servegen_r1_day_recon": 700,
    "servegen_mlarge_days0-6_recon": 4000,
}
CONSTANTS_S = (60, 90, 120, 180, 240, 300, 450, 600, 900, 1200, 1800, 2700, 3600, 7200, 14_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    name: str
    arrival_s: NDArray[np.float64]
    serve_s: NDArray[np.float64]

    @property
    def duration_s(self) -> float:
        return float(self.arrival_s[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Seconds of a replica, launches, and the shares of requests that waited over 30 s, and at all."""

    cost_s: float
    cold_hits: float
    waited: float
    launches: int


class Learned:
    """The one that is judged."""

    def __init__(self, cold_start_s: float) -> None:
        self._keeper = KeepAlive(cold_hit_budget=BUDGET)
        self._cold_start_s = cold_start_s

    def look(self, now_s: float, arrivals: int, in_work: bool, ready: bool, there: bool) -> bool:
        self._keeper.add(
            now_s=now_s,
            interval_s=LOOK_S,
            arrivals=arrivals,
            busy=in_work,
            cold=not ready,
            cold_start_s=self._cold_start_s,
        )
        if arrivals or in_work:
            return True
        return self._keeper.wanted(
            now_s=now_s, interval_s=LOOK_S, cold_start_s=self._cold_start_s, there=there
        )


def run(tenant: Tenant, cold_start_s: float, keeper: Learned) -> Outcome:
    """The tenant served by one replica or none."""
    looks = int(tenant.duration_s / LOOK_S) + 1
    first = np.searchsorted(tenant.arrival_s, np.arange(looks + 1) * LOOK_S).tolist()
    at_s, serve_s = tenant.arrival_s.tolist(), tenant.serve_s.tolist()
    ready_at_s: float | None = 0.0  # None: there is none
    launched_s = done_s = cost_s = 0.0
    served = cold = waited = launches = 0
    for look in range(1, looks + 1):
        now_s, came = look * LOOK_S, first[look] if look < len(first) else len(at_s)
        if ready_at_s is not None and ready_at_s <= now_s:
            for one in range(served, came):
                start_s = max(at_s[one], ready_at_s)
                waited += start_s > at_s[one]
                cold += start_s - at_s[one] > COLD_HIT_S
                done_s = max(done_s, start_s + serve_s[one])
            served = came
        ready = ready_at_s is not None and ready_at_s <= now_s
        in_work = served < came or done_s > now_s
        wanted = keeper.look(now_s, came - first[look - 1], in_work, ready, ready_at_s is not None)
        if wanted and ready_at_s is None:
            launched_s, ready_at_s = now_s, now_s + cold_start_s
            launches += 1
        elif not wanted and ready_at_s is not None and not in_work:
            cost_s += max(MIN_BILLED_S, now_s - launched_s)
            ready_at_s = None
    if ready_at_s is not None:
        cost_s += looks * LOOK_S - launched_s
    total = len(at_s)
    return Outcome(cost_s=cost_s, cold_hits=cold / total, waited=waited / total, launches=launches)


def pauses(tenant: Tenant) -> tuple[float, NDArray[np.float64]]:
    """Seconds with a request in work, and the gaps between them."""
    ends_s = np.maximum.accumulate(tenant.arrival_s + tenant.serve_s)
    begins = np.concatenate(([True], tenant.arrival_s[1:] > ends_s[:-1]))
    starts_s = tenant.arrival_s[begins]
    last = np.append(np.flatnonzero(begins)[1:] - 1, len(ends_s) - 1)
    stops_s = ends_s[last]
    gaps_s = np.concatenate((starts_s[:1], starts_s[1:] - stops_s[:-1]))
    return float((stops_s - starts_s).sum()), gaps_s


def clairvoyant_s(tenant: Tenant, cold_start_s: float) -> float:
    busy_s, gaps_s = pauses(tenant)
    return busy_s + float(np.minimum(gaps_s, cold_start_s).sum())


def constant(tenant: Tenant, cold_start_s: float, keep_s: float) -> Outcome:
    """A keep-alive that learns nothing, in closed form: half a look late to let go, and to launch."""
    busy_s, gaps_s = pauses(tenant)
    let_go = gaps_s > keep_s
    late_s = LOOK_S / 2
    ends_s = np.maximum.accumulate(tenant.arrival_s + tenant.serve_s)
    first = np.flatnonzero(np.concatenate(([True], tenant.arrival_s[1:] > ends_s[:-1])))
    back_s = tenant.arrival_s[first]

    def waiting(longer_than_s: float) -> float:
        until_s = back_s + late_s + max(0.0, cold_start_s - longer_than_s)
        return float((np.searchsorted(tenant.arrival_s, until_s) - first)[let_go].sum())

    total = len(tenant.arrival_s)
    paid_s = np.where(let_go, keep_s + late_s + max(cold_start_s, MIN_BILLED_S - keep_s), gaps_s)
    return Outcome(
        cost_s=busy_s + float(paid_s.sum()),
        cold_hits=waiting(COLD_HIT_S) / total,
        waited=waiting(0.0) / total,
        launches=int(let_go.sum()),
    )


def windows_foreseen_s(tenant: Tenant, cold_start_s: float) -> float:
    """Kept from the first request of a run of windows that all have some to the last one; nobody waits."""
    window = (tenant.arrival_s // WINDOW_S).astype(int)
    new = np.concatenate(([True], np.diff(window) > 1))
    busy_s, gaps_s = pauses(tenant)
    ends_s = np.maximum.accumulate(tenant.arrival_s + tenant.serve_s)
    between_s = np.maximum(0.0, tenant.arrival_s[1:] - ends_s[:-1])
    let_go = new[1:] & (between_s > cold_start_s)
    paid_s = np.where(let_go, cold_start_s, between_s)
    return busy_s + min(gaps_s[0], cold_start_s) + float(paid_s.sum())


def tenants(only: int | None) -> list[Tenant]:
    found = []
    idle = load_trace(TRACES / "servegen_idle_tenants_14d_recon.parquet")
    parts = [(f"tenant {index}", idle.of_tenant(index)) for index in range(6)]
    parts.append(("burstgpt week", load_trace(TRACES / "burstgpt_week1_recon.parquet")))
    for name, trace in parts:
        serve_s = trace.input_tokens * PROMPT_S + trace.output_tokens * ANSWER_S
        found.append(Tenant(name=name, arrival_s=np.asarray(trace.arrival_s), serve_s=serve_s))
    return found if only is None else [found[only]]


def others() -> list[Tenant]:
    """Four other traces thinned until they pause, and three habits: an office, a job every two hours, sessions at random."""
    rng = np.random.default_rng(3)
    found = []
    for name, requests in THINNED.items():
        trace = load_trace(TRACES / f"{name}.parquet")
        kept = rng.random(len(trace)) < requests / len(trace)
        answers = np.minimum(trace.output_tokens, LONGEST_ANSWER)
        serve_s = (trace.input_tokens * PROMPT_S + answers * ANSWER_S)[kept]
        found.append(_from_zero(name.split("_days")[0], trace.arrival_s[kept], serve_s))
    office = [day * 86_400 + rng.uniform(9, 17, 400) * 3600 for day in range(14) if day % 7 < 5]
    job = [start * 7200 + rng.uniform(0, 300, 15) for start in range(14 * 12)]
    sessions = [
        start_s + np.cumsum(rng.exponential(20, rng.integers(5, 120)))
        for start_s in rng.uniform(0, 14 * 86_400, 56)
    ]
    for name, parts in (("office", office), ("every 2 h", job), ("at random", sessions)):
        at_s = np.sort(np.concatenate(parts))
        found.append(_from_zero(name, at_s, np.full(len(at_s), 8.0)))
    return found


def _from_zero(name: str, at_s: NDArray[np.float64], serve_s: NDArray[np.float64]) -> Tenant:
    return Tenant(name=name[:13], arrival_s=at_s - at_s[0], serve_s=serve_s)


def best_constant(outcomes: Sequence[Outcome]) -> Outcome:
    """The cheapest within the budget; where none is, the one with the fewest cold hits."""
    able = [one for one in outcomes if one.cold_hits <= BUDGET]
    if not able:
        return min(outcomes, key=lambda one: one.cold_hits)
    return min(able, key=lambda one: one.cost_s)


def geomean(ratios: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


def shown(ratio: float, cold_hits: float) -> str:
    return f"{ratio:6.2f} {cold_hits:6.2%}"


def report(cold_start_s: float, known: Sequence[Tenant], frontier: bool) -> None:
    least = {one.name: clairvoyant_s(one, cold_start_s) for one in known}
    constants = {
        one.name: [constant(one, cold_start_s, keep_s) for keep_s in CONSTANTS_S] for one in known
    }
    frozen = _one_constant(constants, least)
    print(
        f"\ncold start {cold_start_s:g} s: cost over the clairvoyant, cold hits (over 30 s); one constant: {frozen} s"
    )
    print(
        f"{'':14}{'always on':>10}{'one constant':>15}{'best constant':>15}{'foreseen':>10}{'ours':>15}{'waited':>8}"
        f"{'launches a day':>16}"
    )
    rows = []
    for one in known:
        ours = run(one, cold_start_s, Learned(cold_start_s))
        tried, base_s = constants[one.name], least[one.name]
        fixed, best = tried[CONSTANTS_S.index(frozen)], best_constant(tried)
        row = (
            one.duration_s / base_s,
            fixed.cost_s / base_s,
            best.cost_s / base_s,
            windows_foreseen_s(one, cold_start_s) / base_s,
            ours.cost_s / base_s,
        )
        rows.append((*row, fixed.cold_hits, best.cold_hits, ours.cold_hits))
        print(
            f"{one.name:14}{row[0]:10.2f}  {shown(row[1], fixed.cold_hits)}  {shown(row[2], best.cold_hits)}"
            f"{row[3]:10.2f}  {shown(row[4], ours.cold_hits)}{ours.waited:8.2%}"
            f"{ours.launches / one.duration_s * 86_400:16.1f}"
        )
        if frontier:
            points = (
                f"{k}:{o.cost_s / base_s:.2f}/{o.cold_hits:.1%}"
                for k, o in zip(CONSTANTS_S, tried, strict=True)
            )
            print("    constants  " + " ".join(points))
    columns = np.array(rows)
    means = [geomean(columns[:, index]) for index in range(5)]
    hits = columns[:, 5:].mean(axis=0)
    print(
        f"{'geomean, mean':14}{means[0]:10.2f}  {shown(means[1], hits[0])}  {shown(means[2], hits[1])}{means[3]:10.2f}"
        f"  {shown(means[4], hits[2])}"
    )


def _one_constant(constants: dict[str, list[Outcome]], least: dict[str, float]) -> int:
    """The keep-alive that is cheapest for all together with a mean of at most the budget."""
    costs = {}
    for index, keep_s in enumerate(CONSTANTS_S):
        hits = np.mean([outcomes[index].cold_hits for outcomes in constants.values()])
        cost = geomean(
            [outcomes[index].cost_s / least[name] for name, outcomes in constants.items()]
        )
        costs[keep_s] = (max(0.0, float(hits) - BUDGET), cost)
    return min(costs, key=lambda keep_s: costs[keep_s])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cold-start", type=float, action="append", dest="cold_starts")
    parser.add_argument("--tenant", type=int, choices=range(7), help="one of them; 6 is BurstGPT")
    parser.add_argument("--others", action="store_true", help="traffic that nothing was tuned on")
    parser.add_argument("--frontier", action="store_true", help="every constant, tenant by tenant")
    args = parser.parse_args()
    if not TRACES.is_dir():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    known = others() if args.others else tenants(args.tenant)
    for cold_start_s in args.cold_starts or COLD_STARTS_S:
        report(cold_start_s, known, args.frontier)


if __name__ == "__main__":
    main()
