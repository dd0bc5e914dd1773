"""Carrying a plan out: load the model and the price book, make the plan, print or write it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.core.hardware import find
from advisor.errors import ConfigError, PreflightError
from advisor.plan.make import Plan, make_plan
from advisor.plan.report import Report, report_of
from advisor.plan.request import PlanRequest
from advisor.plan.weights import variants_of
from advisor.price_book import PriceBook, load_price_book
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
    spec = load_model_spec(request.model)
    allowed, others = variants_of(spec, request.quantizations)
    plan = make_plan(
        replace(request, assumed=tuple(assumed)),
        spec=spec,
        allowed_variants=allowed,
        other_variants=others,
        accelerators=data.accelerators(),
        book=book,
        today=datetime.now(UTC).date(),
    )
    report = report_of(plan)
    if as_json:
        print(json.dumps(plan_json(plan, report)))
    else:
        from advisor.plan.text import print_report

        print_report(report, Console(), explain=explain)
    _write_files(plan, report, html, write, quiet=as_json)


def _write_files(
    plan: Plan, report: Report, html: Path | None, config: Path | None, *, quiet: bool
) -> None:
    written = []
    try:
        if html is not None:
            from advisor.plan.html import write_html

            write_html(plan, report, html)
            written.append(html)
        if config is not None:
            from advisor.plan.serve_config import serve_config

            best = plan.recommendation.best
            if best is None:
                raise ConfigError(f"--write: nothing to write: {plan.recommendation.shortfall}")
            text = serve_config(plan, best, find(best.accelerator, data.accelerators()))
            config.write_text(text, encoding="utf-8")
            written.append(config)
    except OSError as error:
        raise PreflightError(f"{error.filename}: {error.strerror}") from None
    if written and not quiet:
        Console().print("\nwritten: " + ", ".join(map(str, written)))


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
        "recommendation": recommendation,
        "report": plain(report),
    }


def price_book(own: Path | None) -> PriceBook:
    """What a plan may choose from, and what should be known about it; ConfigError for wrong prices of one's own."""
    return load_price_book(today=datetime.now(UTC).date(), own=own)
