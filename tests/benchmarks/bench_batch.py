"""A batch job on the simulated fleet: is the deadline met by as few replicas as `batch_run` says, and what does it cost?

    python tests/benchmarks/bench_batch.py        # seconds; needs shared/data/traces beside the project

The inputs are the requests of offline_arxiv_batch_part1, all there at the start, on 8 billion parameters in 8 bits on an L4
at $0.80/h that starts in 90 s; a replica has at most twice the requests that it runs together. Beside what is said: one
replica fewer, and the same ones kept until the deadline, as an endpoint would be.

Then on spot at $0.32/h, taken back without notice: what was in work is lost and handed in again, so the job has as many more
requests as a first run of it lost. Said are expected dollars and hours, simulated the mean of some seeds.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from policy_grid import MODELS, TRACES, USD_PER_HOUR

from advisor.backtest.conditions import Conditions
from advisor.backtest.fleet import Run
from advisor.backtest.simulator import simulate
from advisor.backtest.trace import Trace, load_trace
from advisor.core.capacity import ServiceObjective, batch_limit, mix_of, rate_at
from advisor.core.mode_costs import Supply
from advisor.core.queue_costs import batch_run
from advisor.core.step import StepDecision, StepObservation

HARDWARE, COLD_START_S = "8B L4", 90.0
SPOT_USD_PER_HOUR, SPOT_DEADLINE_S, SEEDS = 0.32, 2 * 3600.0, 5
TAKEN_PER_HOUR = (0.0, 0.1, 0.5, 2.0)
DEADLINES_S = (0.5 * 3600.0, 3600.0, 2 * 3600.0, 4 * 3600.0, 8 * 3600.0)


class Job:
    """So many replicas until everything is done, then none."""

    interval_s = 10.0

    def __init__(self, replicas: int) -> None:
        self._replicas = replicas

    def step(self, observation: StepObservation) -> StepDecision:
        if not (observation.requests_running or observation.requests_waiting):
            self._replicas = 0
        return StepDecision(target_replicas=self._replicas, reason="a job")


def with_time(trace: Trace, seconds: float) -> Trace:
    """The simulation ends an hour after the last arrival: so one more comes, long after the job, and finds nobody."""
    return replace(
        trace,
        arrival_s=np.append(trace.arrival_s, seconds),
        input_tokens=np.append(trace.input_tokens, 1),
        output_tokens=np.append(trace.output_tokens, 1),
        tenants=np.append(trace.tenants, 0),
    )


def on_spot(trace: Trace, served_per_s: float, answer_s: float, taken_per_hour: float) -> str:
    """One line: the job on machines that are taken back so often."""
    supply = Supply(
        usd_per_hour=USD_PER_HOUR[HARDWARE],
        replicas=1,
        saturated_requests_per_s=served_per_s,
        cold_start_s=COLD_START_S,
        spot_usd_per_hour=SPOT_USD_PER_HOUR,
        spot_interruptions_per_hour=taken_per_hour,
        lost_s=answer_s / 2,
    )
    said = batch_run(len(trace), within_s=SPOT_DEADLINE_S, supply=supply)
    assert said is not None
    assert said.on_spot
    conditions = Conditions(
        cold_start_s=COLD_START_S,
        usd_per_hour=SPOT_USD_PER_HOUR,
        max_replicas=500,
        initial_replicas=0,
        router_limit=MODELS[HARDWARE].max_num_seqs,
        interruptions_per_hour=taken_per_hour,
        interruption_notice_s=0.0,
    )
    runs = [_with_lost_again(trace, said.replicas, conditions, seed) for seed in range(SEEDS)]
    usd, done_s, lost = (float(np.mean(values)) for values in zip(*runs, strict=True))
    return (
        f"{taken_per_hour:10.1f} {said.replicas:8} {done_s / 3600:7.2f} {said.seconds / 3600:6.2f} {usd:6.2f} "
        f"{said.usd:6.2f} {said.usd / usd - 1:+7.1%} {lost:8.2%}"
    )


def _with_lost_again(
    trace: Trace, replicas: int, conditions: Conditions, seed: int
) -> tuple[float, float, float]:
    """Dollars, seconds, and the share of the requests that is lost once."""
    until_s, rng = 3 * SPOT_DEADLINE_S, np.random.default_rng(seed)

    def run(job: Trace) -> Run:
        until = with_time(job, until_s)
        return simulate(
            until, MODELS[HARDWARE], Job(replicas), conditions, ServiceObjective(), seed=seed
        )

    lost = int(np.isnan(run(trace).finish_s[:-1]).sum())
    more = rng.integers(0, len(trace), lost)
    whole = run(trace.select(np.concatenate((np.arange(len(trace)), more))))
    return whole.usd, float(np.nanmax(whole.finish_s[:-1])), lost / len(trace)


def main() -> None:
    file = Path(TRACES) / "offline_arxiv_batch_part1.parquet"
    if not file.is_file():
        sys.exit("the traces are not here: shared/data/traces beside the project is needed")
    trace, model, usd = load_trace(file), MODELS[HARDWARE], USD_PER_HOUR[HARDWARE]
    mix = mix_of(
        input_tokens=float(np.mean(trace.input_tokens)),
        output_tokens=float(np.mean(trace.output_tokens)),
    )
    true_per_s = float(rate_at(model, mix, batch_limit(model, mix)))
    print(
        f"{len(trace):,} requests of {mix.input_tokens:.0f} tokens in and {mix.output_tokens:.0f} out; "
        f"said: {true_per_s:.3f} requests/s a replica"
    )
    print(
        f"{'deadline h':>10} {'replicas':>8} {'done h':>7} {'said':>6} {'$':>6} {'said':>6} {'kept on $':>9}  met"
    )
    for deadline_s in DEADLINES_S:
        supply = Supply(
            usd_per_hour=usd,
            replicas=1,
            saturated_requests_per_s=true_per_s,
            cold_start_s=COLD_START_S,
        )
        said = batch_run(len(trace), within_s=deadline_s, supply=supply)
        assert said is not None
        until = with_time(trace, 2 * deadline_s)
        for replicas in dict.fromkeys((said.replicas, max(1, said.replicas - 1))):
            conditions = Conditions(
                cold_start_s=COLD_START_S,
                usd_per_hour=usd,
                max_replicas=500,
                initial_replicas=0,
                router_limit=2 * model.max_num_seqs,
            )
            run = simulate(until, model, Job(replicas), conditions, ServiceObjective())
            done_s = float(np.max(run.finish_s[:-1]))
            kept_usd = replicas * deadline_s / 3600 * usd
            told = replicas == said.replicas
            hours, dollars = (
                (f"{said.seconds / 3600:.2f}", f"{said.usd:.2f}") if told else ("", "")
            )
            met = "yes" if done_s <= deadline_s else f"no, {done_s / deadline_s - 1:.1%} late"
            print(
                f"{deadline_s / 3600:10.1f} {replicas:8} {done_s / 3600:7.2f} {hours:>6} {run.usd:6.2f} {dollars:>6} "
                f"{kept_usd:9.2f}  {met}"
            )
    print(f"\non spot at ${SPOT_USD_PER_HOUR:.2f}/h, within {SPOT_DEADLINE_S / 3600:g} h")
    print(
        f"{'taken / h':>10} {'replicas':>8} {'done h':>7} {'said':>6} {'$':>6} {'said':>6} {'off':>7} {'lost':>8}"
    )
    for taken_per_hour in TAKEN_PER_HOUR:
        answer_s = batch_limit(model, mix) / true_per_s
        print(on_spot(trace, true_per_s, answer_s, taken_per_hour), flush=True)


if __name__ == "__main__":
    main()
