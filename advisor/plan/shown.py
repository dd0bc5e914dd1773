"""How amounts are shown to a person: dollars, gigabytes, billions of parameters, a fleet of replicas."""

from __future__ import annotations

from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Slo
from advisor.core.quantization import Quantization
from advisor.core.recommendation import Candidate


def devices(candidate: Candidate) -> str:
    """`2 replicas of 4 x H100-SXM-80GB`."""
    return fleet(
        candidate.replicas,
        candidate.tp_degree,
        candidate.accelerator,
        expert_parallel=candidate.expert_parallel,
    )


def fleet(
    replicas: int, tp_degree: int, accelerator: str, *, expert_parallel: bool = False
) -> str:
    count = "1 replica" if replicas == 1 else f"{replicas} replicas"
    each = f"{tp_degree} x " if tp_degree > 1 else ""
    return f"{count} of {each}{accelerator}{' (expert-parallel)' if expert_parallel else ''}"


def weights(spec: ModelSpec) -> str:
    """How they are stored: `bfloat16`, or the kind of quantisation."""
    return spec.dtype.value if spec.quantization is Quantization.NONE else spec.quantization.value


def usd(amount: float) -> str:
    return f"${amount:,.2f}" if abs(amount) < 1000 else f"${amount:,.0f}"


def usd_per_mtok(usd_per_hour: float, tokens_per_s: float) -> str:
    return "no load" if tokens_per_s <= 0 else usd(usd_per_hour / (tokens_per_s * 3600) * 1e6)


def ms(seconds: float) -> str:
    if seconds >= 60:
        return span(seconds)
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.1f} ms"


def span(seconds: float) -> str:
    """A long time in the unit it is read in: `6h`, `20m`, `90s`."""
    for unit, unit_s in (("d", 86400.0), ("h", 3600.0), ("m", 60.0)):
        if seconds >= 2 * unit_s or seconds == unit_s:
            return f"{seconds / unit_s:.3g}{unit}"
    return f"{seconds:.3g}s"


def against(value_s: float, bound_s: float) -> str:
    """A latency beside its bound: `187 ms of 300 ms`, `47.8s of 6h`."""
    return f"{span(value_s) if bound_s >= 60 else ms(value_s)} of {ms(bound_s)}"


def objective(slo: Slo) -> str:
    """`TTFT p95 <= 300 ms`, `E2E p99 <= 6h`."""
    return (
        f"{slo.latency.upper()} p{slo.percentile:g} <= {span(slo.bound_s)}"
        if slo.bound_s >= 60
        else str(slo)
    )


def gb(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:,.1f} GB"


def billions(count: float) -> str:
    return f"{count / 1e9:.2f}B" if count >= 1e8 else f"{count / 1e6:.0f}M"
