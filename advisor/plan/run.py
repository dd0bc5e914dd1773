"""Carrying a plan out: load the model and the price book, make the plan, print or write it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.text import Text

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.core.hardware import find
from advisor.core.idle_gaps import IdleGaps
from advisor.errors import ConfigError
from advisor.files import write_text
from advisor.plan.make import Plan, make_plan
from advisor.plan.nearest import misses
from advisor.plan.report import Report
from advisor.plan.request import PlanRequest
from advisor.plan.steps import report_of
from advisor.plan.weights import variants_of
from advisor.price_book import PriceBook, load_price_book
from advisor.progress import progress
from advisor.web.render import plain


def run(
    request: PlanRequest,
    assumed: Sequence[str],
    book: PriceBook,
    *,
    explain: bool,
    as_json: bool,
    html: Path | None,
    write: Path | None,
) -> None:
    """Make the plan and show it; AdvisorError for what cannot be sized or written."""
    with progress(f"planning {request.model}"):
        plan = _make(request, assumed, book)
    report = report_of(plan)
    # The files first: who gets an answer with status 0 has all of it.
    unwritten = None if write is None else why_unwritten(plan)
    files = _write_files(plan, report, html, write if unwritten is None else None)
    if as_json:
        print(json.dumps(plan_json(plan, report), allow_nan=False))
    else:
        from advisor.plan.text import console, print_report

        screen = console()
        print_report(report, screen, explain=explain)
        if files:
            screen.print(Text("\nwritten: " + ", ".join(map(str, files))))
    if unwritten is not None:
        raise ConfigError(f"--write: {unwritten}")


def why_unwritten(plan: Plan) -> str | None:
    """Why the plan, which is an answer all the same, is no file for `serve run`."""
    from advisor.plan.serve_config import why_not_written

    best = plan.recommendation.best
    if best is None:
        return f"nothing to write: {plan.recommendation.shortfall}"
    return why_not_written(plan, best)


def _make(request: PlanRequest, assumed: Sequence[str], book: PriceBook) -> Plan:
    spec = load_model_spec(request.model)
    allowed, others = variants_of(spec, request.quantizations)
    return make_plan(
        replace(
            request,
            assumed=tuple(assumed),
            quantizations=tuple(variant.quantization.value for variant in allowed),
        ),
        spec=spec,
        allowed_variants=allowed,
        other_variants=others,
        accelerators=data.accelerators(),
        book=book,
        today=datetime.now(UTC).date(),
    )


def _write_files(plan: Plan, report: Report, html: Path | None, config: Path | None) -> list[Path]:
    """Those that were written. Both texts are made before either file is touched."""
    texts: list[tuple[Path, str]] = []
    if html is not None:
        from advisor.plan.html import html_of

        texts.append((html, html_of(plan, report)))
    if config is not None:
        texts.append((config, _config(plan)))
    if html is not None and config is not None and html.resolve() == config.resolve():
        raise ConfigError(f"--html and --write: {html}: one file cannot be both")
    for file, text in texts:
        write_text(file, text)
    return [file for file, _ in texts]


def _config(plan: Plan) -> str:
    from advisor.plan.serve_config import serve_config

    best = plan.recommendation.best
    assert best is not None, "a plan without one is not written"
    return serve_config(plan, best, find(best.accelerator, data.accelerators()))


def plan_json(plan: Plan, report: Report) -> dict[str, object]:
    """The recommendation whole, and the report's steps as they are shown."""
    recommendation = plain(plan.recommendation)
    best = plan.recommendation.best
    if best is not None:
        recommendation["best"]["usd_per_month"] = best.usd_per_month
    return {
        "model": plan.spec.name,
        "feasible": plan.recommendation.feasible,
        "shortfall": plan.recommendation.shortfall,
        "assumed": list(plan.request.assumed),
        "misses": list(misses(plan)),
        "deadline_s": plan.request.deadline_s,
        "gaps": _gaps_json(plan.workload.idle_gaps),
        "mode": plain(plan.mode),
        "recommendation": recommendation,
        "report": plain(report),
    }


def _gaps_json(gaps: IdleGaps | None) -> dict[str, object] | None:
    """What is read off the gaps, without each of them."""
    if gaps is None:
        return None
    return {
        "observed": gaps.observed,
        "idle_share": gaps.idle_share,
        "mean_gap_s": gaps.mean_s,
        "per_hour": gaps.per_hour,
        "mean_requests_per_s": gaps.requests_per_s,
    }


def price_book(own: Path | None) -> PriceBook:
    """What a plan may choose from, and what should be known about it; ConfigError for wrong prices of one's own."""
    return load_price_book(today=datetime.now(UTC).date(), own=own)
