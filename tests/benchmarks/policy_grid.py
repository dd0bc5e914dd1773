"""The cells on which scaling policies are compared: traces, replicas, fleets, cold starts, draws and variants.

Replicas are three round models by the arithmetic of `advisor/core/perf.py`, each trace on one of them. A trace that would
give more than so many requests is cut, from hour 6 of its first day on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from advisor.backtest.conditions import Conditions
from advisor.backtest.contest import Problem, enough_replicas, peak_work, starting_replicas
from advisor.backtest.trace import Trace, load_trace, redraw, scale_rate
from advisor.core.capacity import ServiceObjective, scaled
from advisor.core.replica_model import ReplicaModel

ROOT = Path(__file__).resolve().parents[2]
TRACES = ROOT.parent / "shared" / "data" / "traces"
MAX_REQUESTS = 1_000_000
CUT_FROM_S = 6 * 3600.0
SHORTEST_S = 3600.0  # of a trace that is cut
QUICK_LONGEST_S = 30 * 3600.0

# 8 billion parameters in 16 bits on an H100: 16 GB over 0.7 x 3.35 TB/s; 131,072 bytes of KV a token; 0.5 x 989 TFLOP/s.
H100 = ReplicaModel(
    step_base_s=7.5e-3,
    step_per_seq_s=3.0e-5,
    step_per_kv_token_s=5.6e-8,
    step_per_prefill_token_s=3.3e-5,
    kv_capacity_tokens=430_000,
)
# 70 billion on four of them: 141 GB over 9.4 TB/s and 160 all-reduces; 327,680 bytes of KV a token over four.
H100_X4 = ReplicaModel(
    step_base_s=17.5e-3,
    step_per_seq_s=8.0e-5,
    step_per_kv_token_s=3.5e-8,
    step_per_prefill_token_s=7.9e-5,
    kv_capacity_tokens=400_000,
)
# 8 billion in 8 bits on an L4: 8 GB over 0.7 x 0.3 TB/s; 65,536 bytes of KV a token; 0.4 x 242 TFLOP/s.
L4 = ReplicaModel(
    step_base_s=40.0e-3,
    step_per_seq_s=1.0e-4,
    step_per_kv_token_s=3.1e-7,
    step_per_prefill_token_s=1.65e-4,
    kv_capacity_tokens=165_000,
    max_num_batched_tokens=2048,
    max_num_seqs=64,
)
MODELS = {"8B H100": H100, "70B 4xH100": H100_X4, "8B L4": L4}
USD_PER_HOUR = {"8B H100": 2.5, "70B 4xH100": 10.0, "8B L4": 0.8}
TPOT_S = {"8B H100": 0.05, "70B 4xH100": 0.1, "8B L4": 0.1}
ON = {
    "azure2023_conv": "70B 4xH100",
    "azure2023_code": "8B H100",
    "azure2024_conv_days0-2_recon": "8B L4",
    "azure2024_code_days2-4_recon": "70B 4xH100",
    "servegen_r1_day_recon": "70B 4xH100",
    "servegen_mlarge_days0-6_recon": "8B L4",
    "burstgpt_week1_recon": "8B L4",
}
TENANTS = "servegen_idle_tenants_14d_recon"
COLD_STARTS_S = (90.0, 30.0, 300.0)
FLEETS = (5.0, 1.0, 20.0, 100.0)
VARIANTS = ("belief slow", "belief fast", "launches fail")
# Where knobs are chosen, draws are repeated, and variants are tried.
CHOOSING_FLEET, USUAL_COLD_START_S = 5.0, 90.0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Case:
    """One cell of the grid, and the draw of its requests."""

    trace: str
    fleet: float  # 0: as it was, one fleet a tenant
    cold_start_s: float
    variant: str = ""
    seed: int = 0

    @property
    def key(self) -> str:
        return f"{self.trace}|{self.fleet:g}|{self.cold_start_s:g}|{self.variant}|{self.seed}"

    @property
    def chooses(self) -> bool:
        """Whether knobs are chosen here: every trace and cold start, at five replicas."""
        return self.fleet == CHOOSING_FLEET and not self.variant and self.seed == 0


def cases(quick: bool, seeds: int) -> list[Case]:
    """In an order in which what was measured so far is a balanced table: all traces, then the next condition."""
    if quick:
        few = ("azure2024_conv_days0-2_recon", "azure2024_code_days2-4_recon", "azure2023_code")
        return [
            Case(trace=name, fleet=5.0, cold_start_s=cold)
            for cold, name in product((90.0, 300.0), few)
        ] + [Case(trace="servegen_r1_day_recon", fleet=1.0, cold_start_s=90.0)]
    found = [
        Case(trace=name, fleet=fleet, cold_start_s=cold)
        for fleet, cold, name in product(FLEETS, COLD_STARTS_S, ON)
    ]
    usual = {"fleet": CHOOSING_FLEET, "cold_start_s": USUAL_COLD_START_S}
    found += [
        Case(trace=name, variant=variant, **usual) for variant, name in product(VARIANTS, ON)
    ]
    found += [
        Case(trace=f"{TENANTS}/{tenant}", fleet=0.0, cold_start_s=cold)
        for cold, tenant in product(COLD_STARTS_S, range(6))
    ]
    return found + [
        Case(trace=name, seed=seed, **usual) for seed, name in product(range(1, seeds), ON)
    ]


def problem_of(case: Case, longest_s: float, most_requests: int = MAX_REQUESTS) -> Problem:
    name, _, tenant = case.trace.partition("/")
    trace = load_trace(TRACES / f"{name}.parquet").between(0.0, longest_s)
    hardware = ON.get(name, "8B L4")
    model = MODELS[hardware]
    objective = ServiceObjective(ttft_base_s=2.0, tpot_s=TPOT_S[hardware])
    conditions = Conditions(cold_start_s=case.cold_start_s, usd_per_hour=USD_PER_HOUR[hardware])
    if tenant:
        trace = trace.of_tenant(int(tenant))
        conditions = replace(conditions, min_replicas=0)
    else:
        trace = _sized(trace, model, objective, case, most_requests)
        conditions = replace(conditions, min_replicas=1)
    if case.seed:
        trace = redraw(trace, seed=case.seed)
    if case.variant == "launches fail":
        conditions = replace(conditions, launch_failure_rate=0.2)
    belief = {"belief slow": 1.2, "belief fast": 0.8}.get(case.variant, 1.0)
    conditions = replace(
        conditions,
        max_replicas=enough_replicas(trace, model, objective),
        initial_replicas=starting_replicas(trace, model, objective),
    )
    return Problem(
        trace=trace,
        model=model,
        belief=scaled(model, belief),
        conditions=conditions,
        objective=objective,
    )


def _sized(
    trace: Trace, model: ReplicaModel, objective: ServiceObjective, case: Case, most_requests: int
) -> Trace:
    factor = case.fleet / peak_work(trace, model, objective)
    if factor * len(trace) > most_requests:
        start_s = CUT_FROM_S if trace.duration_s > 2 * CUT_FROM_S else 0.0
        lasts_s = trace.duration_s * most_requests / (factor * len(trace))
        end_s = start_s + max(SHORTEST_S, lasts_s)
        trace = trace.between(start_s, end_s)
    return scale_rate(trace, factor, seed=case.seed)
