"""The minimum equals brute force, and the cap holds, on thousands of small random catalogues."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor import data
from advisor.core import perf, sizing
from advisor.core.hardware import Accelerator
from advisor.core.idle_gaps import observed_gaps
from advisor.core.model_spec import ModelSpec, model_spec_from_config
from advisor.core.objective import Budget, CapacityType, Latency, Slo
from advisor.core.pricing import OfferFilter
from advisor.core.recommend import Constraints, recommend
from advisor.core.recommendation import Offer
from advisor.core.workload import Workload, WorkloadSource
from advisor.data import models

SPEC = model_spec_from_config(
    {
        "architectures": ["MistralForCausalLM"], "num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 32000, "torch_dtype": "bfloat16",
    },
    name="mistral",
)  # fmt: skip
MIXTURE: ModelSpec = (
    models.spec_of("Qwen/Qwen3-30B-A3B-FP8") or SPEC
)  # its experts only stay whole over 4 and 8
CARDS = {
    a.name: a
    for a in data.accelerators()
    if a.name in {"T4-16GB", "L4-24GB", "A10G-24GB", "A100-SXM-40GB", "H100-SXM-80GB", "P40-24GB"}
}
ISL, OSL = 300.0, 150.0
ONE_LONG_GAP = observed_gaps([9e6], over_s=1e7)  # a start in it costs nothing against its length

offers = st.builds(
    Offer,
    provider=st.sampled_from(["aws", "gcp"]),
    region=st.just("r"),
    instance_type=st.just("i"),
    accelerator=st.sampled_from(sorted(CARDS)),
    accelerator_count=st.sampled_from([1, 2, 4, 6, 8, 16]),
    capacity_type=st.sampled_from([CapacityType.ON_DEMAND, CapacityType.SPOT]),
    usd_per_hour=st.floats(0.1, 60),
    observed_on=st.just("2026-08-01"),
    source=st.just("test"),
)
slos = st.sampled_from(
    [
        (Slo(latency=Latency.TTFT, bound_s=0.5, percentile=95),),
        (Slo(latency=Latency.TPOT, bound_s=0.06, percentile=95),),
        (Slo(latency=Latency.E2E, bound_s=12.0, percentile=90),),
        (Slo(latency=Latency.TPOT, bound_s=1e-5, percentile=50),),
    ]
)


def valid(spec: ModelSpec, tp_degree: int, whole: bool) -> bool:
    if not whole:
        return sizing.valid_tp_degree(spec, tp_degree)
    if spec.num_experts == 0 or tp_degree == 1 or spec.num_experts % tp_degree:
        return False
    return sizing.why_invalid(spec, tp_degree, expert_parallel=True) is None


def sustains(
    spec: ModelSpec, card: Accelerator, tp_degree: int, whole: bool, slo: tuple[Slo, ...]
) -> float:
    replica = perf.Replica(
        spec=spec, accelerator=card, tp_degree=tp_degree, settings=perf.Settings(expert_parallel=whole)
    )  # fmt: skip
    return perf.max_requests_per_s(replica, isl=ISL, osl=OSL, slos=slo)


def brute_force(
    spec: ModelSpec,
    known: list[Offer],
    allowed: OfferFilter,
    rate: float,
    slo: tuple[Slo, ...],
    most: int | None,
) -> list[float]:
    """$/h of every way to serve the load inside the objectives with at most that many replicas."""
    costs = []
    for offer in known:
        card = CARDS[offer.accelerator]
        if not allowed.allows(offer) or not card.runs_vllm:
            continue
        for tp_degree, whole in product((1, 2, 4, 8), (False, True)):
            if not valid(spec, tp_degree, whole) or offer.accelerator_count < tp_degree:
                continue
            each = sustains(spec, card, tp_degree, whole, slo)
            if (
                whole
                and valid(spec, tp_degree, False)
                and each <= 1.05 * sustains(spec, card, tp_degree, False, slo)
            ):
                continue  # no evidence for it
            replicas = 1
            while each > 0 and replicas * each < rate:
                replicas += 1
            if each <= 0 or (most is not None and replicas > most):
                continue
            instances = 1
            while instances * (offer.accelerator_count // tp_degree) < replicas:
                instances += 1
            costs.append(instances * offer.usd_per_hour)
    return costs


CASES = {
    "spec": st.sampled_from([SPEC, MIXTURE]),
    "known": st.lists(offers, max_size=5),
    "rate": st.floats(0, 60),
    "budget": st.floats(0.05, 100),
    "slo": slos,
    "providers": st.sampled_from([None, ["aws"]]),
    "types": st.sampled_from(
        [[CapacityType.ON_DEMAND], [CapacityType.ON_DEMAND, CapacityType.SPOT]]
    ),
    "max_replicas": st.sampled_from([None, 1, 3]),
    "idle": st.booleans(),
}


@settings(
    max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(case=st.fixed_dictionaries(CASES))
def test_the_cap_holds_and_the_minimum_is_the_minimum(case: dict[str, Any]) -> None:
    check_choice(**case)


def check_choice(
    spec: ModelSpec,
    known: list[Offer],
    rate: float,
    budget: float,
    slo: tuple[Slo, ...],
    providers: list[str] | None,
    types: list[CapacityType],
    max_replicas: int | None,
    idle: bool,
) -> None:
    allowed = OfferFilter(providers=providers, capacity_types=types)
    found = recommend(
        spec=spec,
        workload=Workload(
            requests_per_s=rate,
            isl=ISL,
            osl=OSL,
            source=WorkloadSource.OBSERVED,
            idle_gaps=ONE_LONG_GAP if idle else None,
        ),
        slos=slo,
        budget=Budget(usd_per_hour=budget),
        offers=known,
        accelerators=list(CARDS.values()),
        # A cold start that no objective here forbids, so that the idle time counts.
        constraints=Constraints(offers=allowed, max_replicas=max_replicas, cold_start_s=0.1),
        today=date(2026, 11, 24),
    )
    within = [c for c in brute_force(spec, known, allowed, rate, slo, max_replicas) if c <= budget]
    assert found.feasible == bool(within)
    assert (found.shortfall is None) == found.feasible
    if found.feasible:
        assert found.best is not None
        assert valid(spec, found.best.tp_degree, found.best.expert_parallel)
        share = 0.1 if idle else 1.0
        assert abs(found.best.usd_per_hour - min(within) * share) <= 1e-6 * min(within)
        for candidate in (found.best, *found.runners_up):
            assert candidate.usd_per_hour <= budget * share * (1 + 1e-6)
            assert max_replicas is None or candidate.replicas <= max_replicas
            assert allowed.allows(candidate.offer)
    named = [c.accelerator for c in (found.best, *found.runners_up) if c is not None]
    named += [entry.accelerator for entry in found.rejected if entry.accelerator]
    assert sorted(named) == sorted(CARDS), "each accelerator once: best, runner-up or rejected"
