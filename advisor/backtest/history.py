"""The user's own history, out of Prometheus: what came in minute by minute, what ran, and how fast it was.

Counters tell rates and mean lengths of a minute, the engine's histograms, where they are kept, how lengths are spread.
Single requests are not recorded, so they are drawn again with a seed: as many a minute as were counted, at random moments
in it, with lengths from the histogram (or, without one, exponential) around the minute's mean. Every report calls that
reconstructed, and bursts shorter than a minute are understated. A request is counted when it finishes; the minute of its
arrival is earlier by the median duration.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from numpy.typing import NDArray

from advisor.backtest.contest import Contest, Outcome, Problem
from advisor.backtest.score import score
from advisor.backtest.simulator import Change, follow
from advisor.backtest.trace import Trace
from advisor.core import series
from advisor.core.capacity import ServiceObjective
from advisor.errors import ObservationError

STEP_S = 60.0
RANGE_S = 150.0  # of a rate: two scrapes at Prometheus' default interval of a minute, and some
MAX_POINTS = 10_000  # Prometheus answers at most 11,000 a series
TIMEOUT_S = 60.0
WHAT_RAN = "what ran"
PROMPT_TOKENS = "vllm_request_prompt_tokens_bucket"
GENERATED_TOKENS = "vllm_request_generation_tokens_bucket"
ACTUAL_REPLICAS = "advisor_actual_replicas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How tokens are spread: upper bounds and the share in each bucket; empty where no histogram is kept."""

    bounds: NDArray[np.float64]
    shares: NDArray[np.float64]

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Lengths around a mean of one."""
        if not len(self.bounds):
            return rng.exponential(1.0, count)
        low = np.concatenate(([0.0], self.bounds[:-1]))
        mean = float((self.shares * (low + self.bounds) / 2).sum())
        bucket = rng.choice(len(self.bounds), count, p=self.shares)
        return rng.uniform(low[bucket], self.bounds[bucket]) / mean


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One entry a minute: requests that arrived, their mean lengths, replicas that ran (NaN: not recorded)."""

    model: str
    requests: NDArray[np.float64]
    isl: NDArray[np.float64]
    osl: NDArray[np.float64]
    replicas: NDArray[np.float64]
    input_lengths: Lengths
    output_lengths: Lengths
    ttft_kept: float | None  # measured share of the TTFTs within the objective's base
    tpot_kept: float | None

    def trace(self, *, seed: int) -> Trace:
        rng = np.random.default_rng(seed)
        counts = np.floor(self.requests + rng.random(len(self.requests))).astype(np.int64)
        minute = np.repeat(np.arange(len(counts)), counts)
        arrival_s = (minute + rng.random(len(minute))) * STEP_S
        isl = self.isl[minute] * self.input_lengths.draw(rng, len(minute))
        osl = self.osl[minute] * self.output_lengths.draw(rng, len(minute))
        order = np.argsort(arrival_s, kind="stable")
        return Trace(
            name=f"history of {self.model}",
            arrival_s=arrival_s[order],
            input_tokens=np.maximum(1, np.rint(isl)).astype(np.int64)[order],
            output_tokens=np.maximum(1, np.rint(osl)).astype(np.int64)[order],
            tenants=np.zeros(len(minute), np.int64),
            reconstructed=True,
        )

    def summary(self, url: str) -> str:
        hours = len(self.requests) * STEP_S / 3600
        spread = (
            "kept histograms"
            if len(self.input_lengths.bounds)
            else "exponential lengths, no histogram kept"
        )
        return (
            f"{self.model} at {url}: {self.requests.sum():,.0f} requests in {hours:.1f} h, reconstructed minute by minute"
            f" ({spread}); measured: TTFT base kept by {_share(self.ttft_kept)}, TPOT by {_share(self.tpot_kept)}"
        )

    def with_what_ran(self, contest: Contest) -> Contest:
        """The fleet as it was, on the same reconstructed requests, put beside what the policies would have done."""
        if np.isnan(self.replicas).all():
            return contest
        problem = contest.problem
        schedule, first = self._schedule(problem)
        conditions = replace(problem.conditions, initial_replicas=first, min_replicas=0)
        most = max(conditions.max_replicas, int(np.nanmax(self.replicas)))
        conditions = replace(conditions, max_replicas=most)
        best = contest.outcomes[0]
        runs = [
            follow(
                problem.drawn(seed).trace, problem.model, schedule, conditions, problem.objective
            )
            for seed in range(len(best.runs))
        ]
        outcome = Outcome(
            policy=WHAT_RAN,
            knob=None,
            runs=tuple(runs),
            scores=tuple(score(run) for run in runs),
            cost_ratios=tuple(
                run.usd / each.usd if contest.clairvoyant_keeps and each.usd else None
                for run, each in zip(runs, best.runs, strict=True)
            ),
        )
        return replace(contest, outcomes=(*contest.outcomes, outcome))

    def _schedule(self, problem: Problem) -> tuple[list[Change], int]:
        """Targets that have running what ran: a rise is launched one cold start before it was seen."""
        known = _filled(self.replicas)
        changes: dict[float, int] = {}
        for minute in np.flatnonzero(np.diff(known)) + 1:
            rise = known[minute] > known[minute - 1]
            early_s = problem.conditions.cold_start_s if rise else 0.0
            changes[max(0.0, minute * STEP_S - early_s)] = int(known[minute])
        return [Change(at_s=at_s, target=changes[at_s]) for at_s in sorted(changes)], int(known[0])


def read_history(
    url: str, *, since_s: float, model: str | None, objective: ServiceObjective, now_s: float | None = None,
    max_points: int = MAX_POINTS,
) -> History:  # fmt: skip
    """The last `since_s` seconds; ObservationError where the server cannot tell, naming what it lacks."""
    import time

    with httpx.Client(timeout=TIMEOUT_S) as client:
        server = _Server(client, url)
        end_s = math.floor((time.time() if now_s is None else now_s) / STEP_S) * STEP_S
        asked = _Asked(
            server, model or _only_model(server, end_s, since_s), end_s, since_s, max_points
        )
        return _history(asked, objective)


class _Server:
    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client, self._url = client, url.rstrip("/")
        self.shown = without_credentials(url)

    def ask(self, path: str, **data: str) -> list[Any]:
        try:
            answer = self._client.post(f"{self._url}/api/v1/{path}", data=data)
            body = answer.json()
            if body["status"] != "success":
                raise ObservationError(
                    f"--prometheus: {self.shown} answers {answer.status_code}: {str(body['error'])[:200]}"
                )
            return list(body["data"]["result"])
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ObservationError(
                f"--prometheus: {self.shown} cannot be reached: {type(error).__name__}"
            ) from None
        except (ValueError, KeyError, TypeError):
            raise ObservationError(
                f"--prometheus: {self.shown} does not answer like Prometheus"
            ) from None


@dataclass(frozen=True, slots=True)
class _Asked:
    """One model's series over one span."""

    server: _Server
    model: str
    end_s: float
    since_s: float
    max_points: int

    @property
    def minutes(self) -> int:
        return max(1, round(self.since_s / STEP_S))

    def selector(self, name: str, **labels: str) -> str:
        return selector(name, **self._labels(name), **labels)

    def _labels(self, name: str) -> dict[str, str]:
        return {"model_name" if name.startswith("vllm") else "model": self.model}

    def over_time(self, query: str) -> NDArray[np.float64]:
        """One value for each minute of the span, NaN where there was none."""
        found = np.full(self.minutes, np.nan)
        start_s = self.end_s - self.minutes * STEP_S
        for first in range(0, self.minutes, self.max_points):
            last = min(self.minutes, first + self.max_points)
            result = self.server.ask(
                "query_range",
                query=query,
                start=f"{start_s + (first + 1) * STEP_S:.0f}",
                end=f"{start_s + last * STEP_S:.0f}",
                step=f"{STEP_S:g}",
            )
            for entry in result:
                for at_s, value in entry["values"]:
                    found[round((float(at_s) - start_s) / STEP_S) - 1] = float(value)
        return found

    def grown(self, name: str, **labels: str) -> NDArray[np.float64]:
        """By how much counters of that name grew in each minute, all workers together."""
        rate = f"sum(rate({self.selector(name, **labels)}[{RANGE_S:g}s]))"
        return self.over_time(rate) * STEP_S

    def buckets(self, name: str) -> dict[float, float]:
        """How much each cumulative bucket grew over the whole span."""
        query = f"sum by (le) (increase({self.selector(name)}[{self.minutes * STEP_S:.0f}s]))"
        result = self.server.ask("query", query=query, time=f"{self.end_s:.0f}")
        return {float(entry["metric"]["le"]): float(entry["value"][1]) for entry in result}


def selector(name: str, **labels: str) -> str:
    """A metric as Ray exports it, with `ray_` before its name, or as we do."""
    parts = [f'__name__=~"(ray_)?{name}"']
    parts += [f"{label}={_quoted(value)}" for label, value in labels.items()]
    return "{" + ",".join(parts) + "}"


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _only_model(server: _Server, end_s: float, since_s: float) -> str:
    query = f"count by (model) (last_over_time({selector(series.REQUESTS)}[{since_s:.0f}s]))"
    result = server.ask("query", query=query, time=f"{end_s:.0f}")
    models = sorted({str(entry["metric"].get("model", "")) for entry in result} - {""})
    if not models:
        raise ObservationError(
            f"--prometheus: {server.shown}: no {series.REQUESTS} in the last {since_s / 3600:g} h"
        )
    if len(models) > 1:
        raise ObservationError(
            f"--served-model: {server.shown} has several: {', '.join(models)}; name one"
        )
    return models[0]


def _history(asked: _Asked, objective: ServiceObjective) -> History:
    finished = np.nan_to_num(asked.grown(series.REQUESTS))
    if finished.sum() < 1:
        raise ObservationError(
            f"--prometheus: {asked.server.shown}: {asked.model}: no request was counted in that time"
        )
    tokens = [
        np.nan_to_num(asked.grown(name)) for name in (series.INPUT_TOKENS, series.OUTPUT_TOKENS)
    ]
    duration_s = _median(asked.buckets(series.E2E))
    late = round(duration_s / STEP_S)
    isl, osl = (_means(each, finished) for each in tokens)
    return History(
        model=asked.model,
        requests=_earlier(finished, late),
        isl=_earlier(isl, late),
        osl=_earlier(osl, late),
        replicas=_replicas(asked),
        input_lengths=lengths_of(asked.buckets(PROMPT_TOKENS)),
        output_lengths=lengths_of(asked.buckets(GENERATED_TOKENS)),
        ttft_kept=_below(asked.buckets(series.TTFT), objective.ttft_base_s),
        tpot_kept=_below(asked.buckets(series.TPOT), objective.tpot_s),
    )


def _replicas(asked: _Asked) -> NDArray[np.float64]:
    """As Serve reported them; else as many as told of requests in flight."""
    reported = asked.over_time(f"max({asked.selector(ACTUAL_REPLICAS)})")
    if not np.isnan(reported).all():
        return reported
    return asked.over_time(f"count({asked.selector(series.IN_FLIGHT)})")


def _earlier(values: NDArray[np.float64], minutes: int) -> NDArray[np.float64]:
    """Shifted back in time; the last minutes keep their own."""
    if minutes <= 0 or minutes >= len(values):
        return values
    return np.concatenate((values[minutes:], values[-minutes:]))


def _means(tokens: NDArray[np.float64], requests: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean length by minute; the overall mean where nothing finished."""
    overall = max(1.0, tokens.sum() / requests.sum())
    known = (requests > 0) & (tokens > 0)
    return np.where(known, tokens / np.where(known, requests, 1.0), overall)


def _median(buckets: Mapping[float, float]) -> float:
    """Of a cumulative histogram, its bucket's upper bound; 0 where it is empty or lies beyond the last bound."""
    half = buckets.get(math.inf, 0.0) / 2
    above = [bound for bound in buckets if bound < math.inf and buckets[bound] >= half > 0]
    return min(above, default=0.0)


def lengths_of(buckets: Mapping[float, float]) -> Lengths:
    bounds = sorted(bound for bound in buckets if bound < math.inf)
    counts = np.diff([0.0, *(buckets[bound] for bound in bounds)]).clip(0)
    if counts.sum() <= 0:
        return Lengths(bounds=np.zeros(0), shares=np.zeros(0))
    return Lengths(bounds=np.asarray(bounds), shares=counts / counts.sum())


def _below(buckets: Mapping[float, float], bound_s: float) -> float | None:
    """Share of the observations at or under the largest bucket bound that is not above `bound_s`."""
    total = buckets.get(math.inf, 0.0)
    under = [bound for bound in buckets if bound <= bound_s * (1 + 1e-9)]
    return buckets[max(under)] / total if total > 0 and under else None


def _filled(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Gaps carry on what was before them, a gap at the start what comes after it."""
    known = np.flatnonzero(~np.isnan(values))
    index = np.maximum(np.searchsorted(known, np.arange(len(values)), side="right") - 1, 0)
    return values[known[index]].astype(np.int64)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
