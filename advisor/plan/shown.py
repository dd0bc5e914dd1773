"""How amounts are shown to a person: dollars, gigabytes, billions of parameters, a fleet of replicas."""

from __future__ import annotations

from advisor.core.model_spec import ModelSpec
from advisor.core.quantization import Quantization
from advisor.core.recommendation import Candidate


def devices(candidate: Candidate) -> str:
    """`2 replicas of 4 x H100-SXM-80GB`."""
    return fleet(candidate.replicas, candidate.tp_degree, candidate.accelerator)


def fleet(replicas: int, tp_degree: int, accelerator: str) -> str:
    count = "1 replica" if replicas == 1 else f"{replicas} replicas"
    each = f"{tp_degree} x " if tp_degree > 1 else ""
    return f"{count} of {each}{accelerator}"


def weights(spec: ModelSpec) -> str:
    """How they are stored: `bfloat16`, or the kind of quantisation."""
    return spec.dtype.value if spec.quantization is Quantization.NONE else spec.quantization.value


def usd(amount: float) -> str:
    return f"${amount:,.2f}" if abs(amount) < 1000 else f"${amount:,.0f}"


def usd_per_mtok(usd_per_hour: float, tokens_per_s: float) -> str:
    return "no load" if tokens_per_s <= 0 else usd(usd_per_hour / (tokens_per_s * 3600) * 1e6)


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.1f} ms"


def gb(num_bytes: float) -> str:
    return f"{num_bytes / 1e9:,.1f} GB"


def billions(count: float) -> str:
    return f"{count / 1e9:.2f}B" if count >= 1e8 else f"{count / 1e6:.0f}M"
