"""Which of the four inference options fits: real-time, serverless, asynchronous or batch, and what each would cost.

The four are SageMaker's, and so are their limits (docs.aws.amazon.com/sagemaker, read 2026-11-24): a serverless request may
be 4 MB and take 60 s, with 200 of them at once, a real-time one 6 MB and 60 s, an asynchronous one 1 GB and an hour; a batch
job takes any size and days, and has no endpoint. Here they are always-on, scale-to-zero, a task queue with consumers, and a
`ray.data.llm` job; the limits are ours to change, the trade is the same:

    always-on       pays every hour                             answers at once
    scale-to-zero   pays while there is traffic, and cold starts   the first request after a gap waits for one
    async           pays for the work, and a start per drain    every request waits for its turn
    batch           pays for the work, and a start per job      no endpoint, all inputs at the start

First whatever a limit or an objective excludes goes, each with the limit that did it; of the rest the cheapest wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.core.objective import HOURS_PER_MONTH, Mode

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked of the endpoint. Sizes and times are those of the largest request that must be served."""

    payload_bytes: float
    processing_s: float
    requests_per_s: float  # mean over the month, gaps included
    max_answer_s: float | None = None  # the longest an answer may take; None: nobody waits
    idle_share: float | None = None  # of the time without any request, 0-1; None: not known yet
    gaps_per_hour: float = 0.0  # how often traffic comes back after a gap
    inputs_known: bool = False  # all requests are there at the start, as in a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Hardware:
    """The fleet that would serve it: its price while it runs, what it sustains, and how long it takes to be ready."""

    usd_per_hour: float
    max_requests_per_s: float
    cold_start_s: float
    idle_timeout_s: float = 300.0  # how long scale-to-zero waits before it lets go
    drain_every_s: float = 3600.0  # how often consumers start to empty the queue
    job_every_s: float = 86_400.0  # how often a batch job starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the four: what it costs on average, why it costs that, and what excludes it, if anything does."""

    mode: Mode
    usd_per_hour: float
    formula: str
    excluded: str | None

    @property
    def name(self) -> str:
        return SAGEMAKER_NAME[self.mode]

    @property
    def usd_per_month(self) -> float:
        return self.usd_per_hour * HOURS_PER_MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The option chosen and why; None when the limits leave nothing. `options` has all four, in the order above."""

    mode: Mode | None
    reason: str
    options: tuple[Option, ...]

    def option(self, mode: Mode) -> Option:
        return next(option for option in self.options if option.mode is mode)


def choose_option(
    job: Job, hardware: Hardware, *, limits: Mapping[Mode, Limits] = SAGEMAKER_LIMITS
) -> Choice:
    """The cheapest option that nothing excludes, with all four side by side; ValueError for absurd input."""
    _check(job, hardware)
    costs = _costs(job, hardware)
    options = tuple(
        Option(
            mode=mode,
            usd_per_hour=costs[mode][0],
            formula=costs[mode][1],
            excluded=_why_not(mode, job, hardware, limits.get(mode, Limits())),
        )
        for mode in Mode
    )
    able = [option for option in options if option.excluded is None]
    if not able:
        return Choice(mode=None, reason="every option is excluded by a limit", options=options)
    best = min(able, key=lambda option: (option.usd_per_hour, list(Mode).index(option.mode)))
    return Choice(mode=best.mode, reason=_reason(best, able), options=options)


def _check(job: Job, hardware: Hardware) -> None:
    if not (job.payload_bytes >= 0 and job.processing_s >= 0 and job.requests_per_s >= 0):
        raise ValueError("sizes, times and rates are not negative")
    if job.idle_share is not None and not 0 <= job.idle_share <= 1:
        raise ValueError(f"an idle share is between 0 and 1, got {job.idle_share}")
    if not (hardware.usd_per_hour > 0 and hardware.max_requests_per_s > 0):
        raise ValueError("hardware has a price and a rate above zero")
    if not (
        hardware.cold_start_s >= 0 and hardware.drain_every_s > 0 and hardware.job_every_s > 0
    ):
        raise ValueError("times are above zero")


def _why_not(mode: Mode, job: Job, hardware: Hardware, limits: Limits) -> str | None:
    """The first limit or objective that excludes it: what cannot be changed before what can."""
    over = over_limit(
        limits,
        payload_bytes=job.payload_bytes,
        processing_s=job.processing_s,
        concurrency=job.requests_per_s * job.processing_s,
    )
    if over is not None:
        return over
    if job.requests_per_s > hardware.max_requests_per_s:
        return f"{job.requests_per_s:.4g} requests/s are over the {hardware.max_requests_per_s:.4g} that the fleet sustains"
    wait_s, what = _longest_wait(mode, hardware)
    answer_s = wait_s + job.processing_s
    if mode is Mode.BATCH and not job.inputs_known:
        return "a job needs all inputs at its start, these arrive one by one"
    if job.max_answer_s is not None and answer_s > job.max_answer_s:
        return f"{what}: an answer may take {_seconds(answer_s)}, {_seconds(job.max_answer_s)} are allowed"
    if mode is Mode.SCALE_TO_ZERO and job.idle_share is None:
        return "the idle share is not known yet"
    return None


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


def _longest_wait(mode: Mode, hardware: Hardware) -> tuple[float, str]:
    """What a request may wait before it is worked on; how long it then takes comes on top."""
    if mode is Mode.ALWAYS_ON:
        return 0.0, "it answers at once"
    if mode is Mode.SCALE_TO_ZERO:
        return (
            hardware.cold_start_s,
            f"the first request after a gap waits {hardware.cold_start_s:g} s",
        )
    if mode is Mode.ASYNC:
        waits = hardware.drain_every_s + hardware.cold_start_s
        return waits, f"the queue is emptied every {hardware.drain_every_s:g} s"
    waits = hardware.job_every_s + hardware.cold_start_s
    return waits, f"a job starts every {hardware.job_every_s:g} s"


def _costs(job: Job, hardware: Hardware) -> dict[Mode, tuple[float, str]]:
    """Mean dollars per hour of each, and how they come about. None pays for more than all the time."""
    usd = hardware.usd_per_hour
    busy = 1.0 - (job.idle_share or 0.0)
    held = busy + job.gaps_per_hour * (hardware.cold_start_s + hardware.idle_timeout_s) / 3600.0
    # A queue is worked off at full batches, so it takes the time that the work needs, not the time that requests come in.
    work = job.requests_per_s / hardware.max_requests_per_s
    drained = work + hardware.cold_start_s / hardware.drain_every_s
    batched = work + hardware.cold_start_s / hardware.job_every_s
    return {
        Mode.ALWAYS_ON: (usd, f"${usd:.2f}/h all the time"),
        Mode.SCALE_TO_ZERO: (
            usd * min(1.0, held),
            f"${usd:.2f}/h x ({busy:.0%} busy + {job.gaps_per_hour:g} gaps/h x ({hardware.cold_start_s:g} s start + "
            f"{hardware.idle_timeout_s:g} s kept)), all the time at most",
        ),
        Mode.ASYNC: (
            usd * min(1.0, drained),
            f"${usd:.2f}/h x ({work:.1%} work + {hardware.cold_start_s:g} s start every {hardware.drain_every_s:g} s)",
        ),
        Mode.BATCH: (
            usd * min(1.0, batched),
            f"${usd:.2f}/h x ({work:.1%} work + {hardware.cold_start_s:g} s start every {hardware.job_every_s:g} s)",
        ),
    }


def break_even_idle_share(job: Job, hardware: Hardware) -> float:
    """The idle share above which scale-to-zero costs less than always-on at this many gaps; 1: it never does."""
    paid = job.gaps_per_hour * (hardware.cold_start_s + hardware.idle_timeout_s) / 3600.0
    return min(1.0, paid)


def _reason(best: Option, able: list[Option]) -> str:
    others = [option for option in able if option is not best]
    if not others:
        return f"{best.name}: nothing else is allowed, ${best.usd_per_hour:.2f}/h"
    next_best = min(others, key=lambda option: option.usd_per_hour)
    return (
        f"{best.name}: ${best.usd_per_hour:.2f}/h, ${next_best.usd_per_hour - best.usd_per_hour:.2f}/h less than "
        f"{next_best.name}"
        if next_best.usd_per_hour > best.usd_per_hour
        else f"{best.name}: ${best.usd_per_hour:.2f}/h, as {next_best.name}, and the simpler of the two"
    )


def _seconds(time_s: float) -> str:
    """To the hundredth: nobody predicts a tenth digit."""
    return f"{time_s:.2f}".rstrip("0").rstrip(".") + " s"


def _size(size_bytes: float) -> str:
    """Bytes where the unit would round a difference away."""
    for unit, name in ((GB, "GB"), (MB, "MB")):
        if size_bytes >= unit and size_bytes % unit == 0:
            return f"{size_bytes / unit:g} {name}"
    return f"{size_bytes:,.0f} bytes"
