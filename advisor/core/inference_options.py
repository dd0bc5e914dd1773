"""The limits within which a managed service offers each mode: the size of a request, its time, how many at once.

The four options and their limits are SageMaker's (docs.aws.amazon.com/sagemaker, read 2026-11-24): a serverless request may
be 4 MB and take 60 s, with 200 of them at once, a real-time one 6 MB and 60 s, an asynchronous one 1 GB and an hour; a batch
job takes any size and days, and has no endpoint. Here they are scale-to-zero, always-on, a task queue with consumers, and a
`ray.data.llm` job, which have no such limits: `choose_mode` is told them only where a platform sets them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.objective import Mode

MB, GB = 2**20, 2**30  # as InvokeEndpoint counts: its body may have 6,291,456 bytes
SAGEMAKER_NAME = {
    Mode.ALWAYS_ON: "real-time",
    Mode.SCALE_TO_ZERO: "serverless",
    Mode.ASYNC: "asynchronous",
    Mode.BATCH: "batch transform",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest request of one option, the longest it may take, how many together; None: no limit."""

    payload_bytes: float | None = None
    processing_s: float | None = None
    concurrency: float | None = None


SAGEMAKER_LIMITS: Mapping[Mode, Limits] = {
    Mode.ALWAYS_ON: Limits(payload_bytes=6 * MB, processing_s=60.0),
    Mode.SCALE_TO_ZERO: Limits(payload_bytes=4 * MB, processing_s=60.0, concurrency=200.0),
    Mode.ASYNC: Limits(payload_bytes=1 * GB, processing_s=3600.0),
    Mode.BATCH: Limits(),
}


def over_limit(
    limits: Limits, *, payload_bytes: float, processing_s: float, concurrency: float
) -> str | None:
    """The first limit that is broken, and by what."""
    if limits.payload_bytes is not None and payload_bytes > limits.payload_bytes:
        return f"a request of {_size(payload_bytes)} is over its {_size(limits.payload_bytes)}"
    if limits.processing_s is not None and processing_s > limits.processing_s:
        return (
            f"{_seconds(processing_s)} of processing are over its {_seconds(limits.processing_s)}"
        )
    if limits.concurrency is not None and concurrency > limits.concurrency:
        return f"{concurrency:.4g} requests at once are over its {limits.concurrency:g}"
    return None


def _seconds(time_s: float) -> str:
    """To the hundredth: nobody predicts a tenth digit."""
    return f"{time_s:.2f}".rstrip("0").rstrip(".") + " s"


def _size(size_bytes: float) -> str:
    """Bytes where the unit would round a difference away."""
    for unit, name in ((GB, "GB"), (MB, "MB")):
        if size_bytes >= unit and size_bytes % unit == 0:
            return f"{size_bytes / unit:g} {name}"
    return f"{size_bytes:,.0f} bytes"
