"""A queue that is drained every T on the simulated fleet: does it keep the deadline, and what does it cost?

    python tests/benchmarks/bench_async.py               # three minutes; needs shared/data/traces beside the project
    python tests/benchmarks/bench_async.py --match code  # only traces with that in their name

Each trace's requests may be answered by a deadline. From the demand by the minute `core/queue_costs.py` says how many
consumers there should be and how rarely they should look; they then serve the trace on 8 billion parameters in 8 bits on an
L4 at $0.80/h that starts in 90 s. Late are all that were answered after the deadline, or not at all.

Beside what is said: one consumer fewer, and looks a quarter rarer. `kept on` is an endpoint for the busiest five minutes;
`bound` is the same requests all at once before one replica that is there: no start, and every step as full as it gets.
`knowing`: how far off the price is where the saturated throughput is taken from there, and not worked out from mean lengths.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from bench_batch import Job, with_time
from numpy.typing import NDArray
from policy_grid import MODELS, TENANTS, TRACES, USD_PER_HOUR

from advisor.backtest.conditions import Conditions
from advisor.backtest.fleet import Run
from advisor.backtest.policies.async_queue import AsyncQueue
from advisor.backtest.simulator import simulate
from advisor.backtest.trace import Trace, load_trace, scale_rate
from advisor.core.capacity import Mix, ServiceObjective, batch_limit, mix_of, rate_at
from advisor.core.mode_costs import DAY_S, ModePrice, Supply, TrafficClass
from advisor.core.objective import Mode
from advisor.core.queue_costs import queued

HARDWARE, COLD_START_S, WINDOW_S, PEAK_WINDOWS = "8B L4", 90.0, 60.0, 5
MODEL, USD = MODELS[HARDWARE], USD_PER_HOUR[HARDWARE]
LATER, LOOKS = (
    1.25,
    2,
)  # times the interval that is said; looks of the simulation that a launch may wait for
# trace, how many times as many requests, deadlines in hours
CASES: tuple[tuple[str, float, tuple[float, ...]], ...] = (
    *((f"{TENANTS}/{tenant}", 1.0, (6.0,)) for tenant in range(6)),
    ("burstgpt_week1_recon", 1.0, (1.0, 6.0)),
    ("burstgpt_week1_recon", 100.0, (1.0, 6.0)),
    ("azure2024_code_days2-4_recon", 20.0, (1.0, 6.0, 12.0)),
    ("azure2024_conv_days0-2_recon", 1.0, (1.0, 6.0)),
    ("azure2024_conv_days0-2_recon", 10.0, (1.0, 6.0)),
    ("servegen_mlarge_days0-6_recon", 1.0, (1.0, 6.0)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A trace and a deadline, with what pricing is told of them."""

    trace: Trace
    deadline_s: float
    traffic: TrafficClass
    supply: Supply

    @property
    def hours(self) -> float:
        return self.trace.duration_s / 3600

    @property
    def kept_on_usd(self) -> float:
        over = np.ones(PEAK_WINDOWS) / PEAK_WINDOWS
        most = np.convolve(self.traffic.rates_per_s, over, "valid").max()
        return max(1, math.ceil(most / self.supply.saturated_requests_per_s)) * USD * self.hours


def question(trace: Trace, deadline_s: float, served_per_s: float | None = None) -> Question:
    """`served_per_s`: of one replica, where it was measured and not worked out from mean lengths."""
    mix = mix_of(
        input_tokens=float(np.mean(trace.input_tokens)),
        output_tokens=float(np.mean(trace.output_tokens)),
    )
    batch = batch_limit(MODEL, mix)
    served_per_s = served_per_s or float(rate_at(MODEL, mix, batch))
    token_s = batch / served_per_s / mix.output_tokens  # beside a full batch, prompts and all
    work_s = work_of(trace, mix, batch)
    work = work_s / work_s.mean()  # in requests of mean work
    windows = np.bincount((trace.arrival_s // WINDOW_S).astype(int), weights=work) / WINDOW_S
    traffic = TrafficClass(
        peak_requests_per_s=float(windows.max()),
        mean_requests_per_s=len(trace) / trace.duration_s,
        rates_per_s=tuple(windows.tolist()),
        window_s=WINDOW_S,
        deadline_s=deadline_s,
        processing_s=float(trace.output_tokens.max()) * token_s + LOOKS * AsyncQueue.interval_s,
    )
    supply = Supply(
        usd_per_hour=USD,
        replicas=1,
        saturated_requests_per_s=served_per_s,
        cold_start_s=COLD_START_S,
        drain_s=drain_s(trace.output_tokens, batch, token_s),
    )
    return Question(trace=trace, deadline_s=deadline_s, traffic=traffic, supply=supply)


def work_of(trace: Trace, mix: Mix, batch: float) -> NDArray[np.float64]:
    """Seconds of a replica that each request takes, its share of full batches."""
    each_s = MODEL.step_per_seq_s + MODEL.step_per_kv_token_s * mix.context_tokens
    decode_s = (MODEL.step_base_s + batch * each_s) / batch
    prompt_s = trace.input_tokens * MODEL.step_per_prefill_token_s
    return np.asarray(prompt_s + trace.output_tokens * decode_s)


def drain_s(output_tokens: NDArray[np.int64], batch: float, token_s: float) -> float:
    """From when nothing waits until the longest of a batch is done, less the work that the batch had in it."""
    lengths = output_tokens.astype(float)
    longest = float(np.quantile(lengths, 1 - 1 / max(2.0, batch)))
    half_done = float(np.mean(lengths**2) / (2 * np.mean(lengths)))  # long ones are met more often
    return AsyncQueue.interval_s / 2 + max(0.0, longest * MODEL.step_base_s - half_done * token_s)


def served(asked: Question, replicas: int, every_s: float) -> Run:
    conditions = Conditions(
        cold_start_s=COLD_START_S,
        usd_per_hour=USD,
        max_replicas=500,
        initial_replicas=0,
        router_limit=2 * MODEL.max_num_seqs,
    )
    until = with_time(asked.trace, asked.trace.duration_s + 2 * asked.deadline_s + every_s)
    policy = AsyncQueue(replicas=replicas, every_s=every_s)
    return simulate(until, MODEL, policy, conditions, ServiceObjective())


def at_work_usd(trace: Trace) -> float:
    """All requests at once before one replica that is there: every step as full as it gets."""
    done_s = 3 * len(trace) / question(trace, DAY_S).supply.saturated_requests_per_s
    conditions = Conditions(
        usd_per_hour=USD, max_replicas=1, initial_replicas=1, router_limit=2 * MODEL.max_num_seqs
    )
    at_once = with_time(replace(trace, arrival_s=np.zeros(len(trace))), done_s)
    return simulate(at_once, MODEL, Job(1), conditions, ServiceObjective()).usd


def latencies_s(asked: Question, run: Run) -> NDArray[np.float64]:
    return np.asarray(run.finish_s[:-1] - asked.trace.arrival_s)


def late_share(asked: Question, run: Run) -> float:
    answered_s = latencies_s(asked, run)
    return float(np.mean(np.isnan(answered_s) | (answered_s > asked.deadline_s)))


def cases(match: str) -> Iterator[tuple[str, Trace, float, float]]:
    """What is shown, the trace, the deadline, and the dollars of the work alone."""
    for name, factor, deadlines in CASES:
        if match not in name:
            continue
        file, _, tenant = name.partition("/")
        trace = load_trace(TRACES / f"{file}.parquet")
        trace = trace.of_tenant(int(tenant)) if tenant else trace
        shown = f"tenant {tenant}" if tenant else f"{file.split('_')[0]} {file.split('_')[1][:4]}"
        if factor != 1:
            trace = scale_rate(trace, factor, seed=1)
            shown += f" x {factor:g}"
        at_work = at_work_usd(trace)
        for hours in deadlines:
            yield shown, trace, hours * 3600, at_work


def row(shown: str, asked: Question, said: ModePrice, at_work: float) -> str:
    assert said.replicas is not None
    assert said.every_s is not None
    assert said.usd_per_hour is not None
    run = served(asked, said.replicas, said.every_s)
    answered_s = latencies_s(asked, run)
    fewer = "-"
    if said.replicas > 1:
        fewer = f"{late_share(asked, served(asked, said.replicas - 1, said.every_s)):.2%}"
    rarer = late_share(asked, served(asked, said.replicas, LATER * said.every_s))
    said_usd = said.usd_per_hour * asked.hours
    measured = question(asked.trace, asked.deadline_s, len(asked.trace) * USD / 3600 / at_work)
    knowing = queued(Mode.ASYNC, measured.traffic, measured.supply).usd_per_hour
    assert knowing is not None
    return (
        f"{shown:20} {asked.deadline_s / 3600:4.0f} {said.replicas:4} {said.every_s / 3600:6.2f} "
        f"{late_share(asked, run):7.2%} {np.nanmax(answered_s) / asked.deadline_s:6.2f} {fewer:>8} {rarer:8.2%} "
        f"{run.usd:9.2f} {said_usd:9.2f} {said_usd / run.usd - 1:+7.1%} "
        f"{knowing * asked.hours / run.usd - 1:+8.1%} {asked.kept_on_usd:9.2f} {at_work:8.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--match", default="")
    given = parser.parse_args()
    if not TRACES.is_dir():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    print(
        f"{'':20} {'D h':>4} {'cons':>4} {'T h':>6} {'late':>7} {'worst':>6} {'1 fewer':>8} {'rarer':>8} {'$':>9} "
        f"{'said':>9} {'off':>7} {'knowing':>8} {'kept on':>9} {'bound':>8}"
    )
    for shown, trace, deadline_s, at_work in cases(given.match):
        asked = question(trace, deadline_s)
        said = queued(Mode.ASYNC, asked.traffic, asked.supply)
        print(row(shown, asked, said, at_work), flush=True)


if __name__ == "__main__":
    main()
