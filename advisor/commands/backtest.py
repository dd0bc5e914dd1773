"""`advisor backtest`: scaling policies on a trace, or on the user's own history, judged by cost and attainment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.progress import progress, rows_read

if TYPE_CHECKING:
    from advisor.backtest.contest import Contest
    from advisor.backtest.trace import Trace


EXAMPLE = (
    "Example: advisor backtest requests.parquet --model Qwen/Qwen3-8B --gpu L40S --policy advisor --policy ray "
    "--slo 'ttft p99 2s' --html contest.html"
)
REPLICA, OBJECTIVE, CONDITIONS = "The replica", "The objective", "Conditions"
HISTORY, OUTPUT = "The user's own history", "Output"


def backtest(
    trace: Annotated[
        Path | None,
        typer.Argument(
            help="Parquet or CSV: arrival_s, input_tokens, output_tokens, and perhaps model."
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="A policy's name, package.module:Class, or all, which is what a trace gets if none is named; may be "
            "given again.",
            metavar="NAME",
        ),
    ] = None,
    replica_model: Annotated[
        Path | None,
        typer.Option(
            help="The replica's step times and limits (YAML: docs/backtest.md), instead of --model and --gpu.",
            rich_help_panel=REPLICA,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="A hub id or a folder with a config.json; with --gpu.", rich_help_panel=REPLICA
        ),
    ] = None,
    gpu: Annotated[
        str | None,
        typer.Option(
            "--gpu",
            "--accelerator",
            help="The GPU that serves --model, as L40S.",
            metavar="NAME",
            rich_help_panel=REPLICA,
        ),
    ] = None,
    tp: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="GPUs a replica; the fewest that hold the model if not given.",
            metavar="COUNT",
            rich_help_panel=REPLICA,
        ),
    ] = None,
    belief: Annotated[
        Path | None,
        typer.Option(
            help="What policies believe of the replica (YAML), if not the truth.",
            rich_help_panel=REPLICA,
        ),
    ] = None,
    price: Annotated[
        float | None,
        typer.Option(
            help="$ per hour of one replica; the cheapest on-demand offer, or 1 with --replica-model, if not given.",
            metavar="USD",
            rich_help_panel=REPLICA,
        ),
    ] = None,
    slo: Annotated[
        list[str] | None,
        typer.Option(
            help='An objective, as "ttft p99 2s" (a bare 2 is taken as 2ms); may be given again. With none: '
            "ttft p99 2s and tpot p99 100ms.",
            metavar="OBJECTIVE",
            rich_help_panel=OBJECTIVE,
        ),
    ] = None,
    ttft_per_prefill: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1000,
            help="Times its own unloaded prefill that a TTFT may take longer; if not given 3, and 0 with a ttft --slo.",
            metavar="FACTOR",
            rich_help_panel=OBJECTIVE,
        ),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option(
            min=1,
            max=100,
            help="Draws of the traffic.",
            metavar="COUNT",
            rich_help_panel=CONDITIONS,
        ),
    ] = 1,
    fleet: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=10_000,
            help="Scale the traffic to this many replicas at peak.",
            metavar="REPLICAS",
            rich_help_panel=CONDITIONS,
        ),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(
            help="Only this tenant's requests (the trace's column model).",
            metavar="NAME",
            rich_help_panel=CONDITIONS,
        ),
    ] = None,
    cold_start: Annotated[
        str,
        typer.Option(
            help="From launch to ready, billed. A bare 90 is taken as 90s.",
            metavar="TIME",
            rich_help_panel=CONDITIONS,
        ),
    ] = "90s",
    min_replicas: Annotated[
        int,
        typer.Option(
            min=0, help="0 allows scale to zero.", metavar="COUNT", rich_help_panel=CONDITIONS
        ),
    ] = 1,
    max_replicas: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            help="At most so many; three times the peak's need if not given.",
            metavar="COUNT",
            rich_help_panel=CONDITIONS,
        ),
    ] = None,
    initial_replicas: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Running at the start; what the first ten minutes need if not given.",
            metavar="COUNT",
            rich_help_panel=CONDITIONS,
        ),
    ] = None,
    launch_failures: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of launches that fail, 0 to 1.",
            metavar="SHARE",
            rich_help_panel=CONDITIONS,
        ),
    ] = 0.0,
    spot_interruptions: Annotated[
        float,
        typer.Option(
            min=0,
            help="Interruptions of each replica per hour.",
            metavar="RATE",
            rich_help_panel=CONDITIONS,
        ),
    ] = 0.0,
    metrics_delay: Annotated[
        float,
        typer.Option(
            min=0,
            help="Seconds by which metrics come late.",
            metavar="SECONDS",
            rich_help_panel=CONDITIONS,
        ),
    ] = 0.0,
    missing_metrics: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of looks without metrics, 0 to 1.",
            metavar="SHARE",
            rich_help_panel=CONDITIONS,
        ),
    ] = 0.0,
    garbage_metrics: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Share of looks with absurd metrics, 0 to 1.",
            metavar="SHARE",
            rich_help_panel=CONDITIONS,
        ),
    ] = 0.0,
    tune: Annotated[
        bool,
        typer.Option(
            "--tune", help="Turn each baseline's knob in hindsight.", rich_help_panel=CONDITIONS
        ),
    ] = False,
    prometheus: Annotated[
        str | None,
        typer.Option(
            help="Read history from this server instead of a trace, as http://127.0.0.1:9090.",
            metavar="URL",
            rich_help_panel=HISTORY,
        ),
    ] = None,
    since: Annotated[
        str,
        typer.Option(
            help="How far back --prometheus reads. A bare 3600 is taken as 3600s.",
            metavar="TIME",
            rich_help_panel=HISTORY,
        ),
    ] = "14d",
    served_model: Annotated[
        str | None,
        typer.Option(
            help="The model's name in the metrics, where there are several.",
            metavar="NAME",
            rich_help_panel=HISTORY,
        ),
    ] = None,
    json_file: Annotated[
        str | None,
        typer.Option(
            "--json",
            help="Write JSON into this file; - prints it instead of tables.",
            metavar="FILE",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write the plots into this file, as contest.html.", rich_help_panel=OUTPUT
        ),
    ] = None,
) -> None:
    """Judge scaling policies on recorded traffic: what each would have cost, and how many requests it served in time."""
    from rich.console import Console

    from advisor.backtest import question
    from advisor.backtest.conditions import Conditions, MetricFaults
    from advisor.backtest.contest import hold_contest
    from advisor.backtest.report import show
    from advisor.errors import ConfigError
    from advisor.files import check_writable

    if (trace is None) == (prometheus is None):
        raise ConfigError("TRACE or --prometheus: exactly one of them is needed")
    for file in (html, None if json_file in (None, "-") else Path(str(json_file))):
        if file is not None:
            check_writable(file)
    if max_replicas is not None and min_replicas > max_replicas:
        raise ConfigError(f"--min-replicas: {min_replicas} is above --max-replicas {max_replicas}")
    policies = question.read_policies(policy or ["all" if prometheus is None else "advisor"])
    believed = question.believe(replica_model, model, gpu, tp, price)
    objective = question.read_objective(slo or [], ttft_per_prefill)
    conditions = Conditions(
        cold_start_s=question.read_seconds("--cold-start", cold_start),
        min_replicas=min_replicas,
        launch_failure_rate=launch_failures,
        interruptions_per_hour=spot_interruptions,
        metrics_delay_s=metrics_delay,
        metric_faults=MetricFaults(missing=missing_metrics, garbage=garbage_metrics),
    )
    history = None
    if trace is not None:
        requests = _read(trace, tenant)
    else:
        from advisor.backtest.history import read_history, without_credentials

        history = read_history(
            str(prometheus),
            since_s=question.read_seconds("--since", since),
            model=served_model,
            objective=objective,
        )
        requests = history.trace(seed=0)
        typer.echo(history.summary(without_credentials(str(prometheus))), err=True)
    requests, left_out = question.without_too_long(requests, believed.model)
    if left_out is not None:
        typer.echo(left_out, err=True)
    problem = question.make_problem(
        requests,
        believed,
        objective,
        conditions,
        belief=None if belief is None else question.read_model_file(belief),
        fleet=fleet,
        max_replicas=max_replicas,
        initial_replicas=initial_replicas,
    )
    with progress(f"{len(problem.trace):,} requests") as tick:
        contest = hold_contest(problem, policies, seeds=seeds, tuned=tune, tick=tick)
        if history is not None:
            contest = history.with_what_ran(contest)
    _write(contest, believed.source, json_file, html)
    if json_file != "-":
        show(contest, believed.source, Console(width=None))


def _read(path: Path, tenant: str | None) -> Trace:
    from advisor.backtest.trace import load_trace
    from advisor.errors import ConfigError

    with progress(f"reading {path.name}") as tick:
        trace = load_trace(path, lambda rows, total: tick(rows_read(rows, total)))
    if tenant is None:
        return trace
    if tenant not in trace.tenant_names:
        known = ", ".join(trace.tenant_names) or "none"
        raise ConfigError(f"--tenant: {tenant}: not in {path}; there are {known}")
    return trace.of_tenant(trace.tenant_names.index(tenant))


def _write(contest: Contest, source: str, json_file: str | None, html: Path | None) -> None:
    import json

    from advisor.backtest.report import as_json
    from advisor.files import write_text

    if json_file == "-":
        typer.echo(json.dumps(as_json(contest, source), indent=1))
    elif json_file is not None:
        write_text(Path(json_file), json.dumps(as_json(contest, source), indent=1) + "\n")
    if html is not None:
        from advisor.backtest.plots import write_html

        write_html(contest, source, html)
