"""`advisor backtest`: scaling policies on a trace, or on the user's own history, judged by cost and attainment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from advisor.backtest.trace import Trace


def backtest(
    trace: Annotated[
        Path | None,
        typer.Argument(
            help="Parquet or CSV: arrival_s, input_tokens, output_tokens, and perhaps model."
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="all, a policy's name, or package.module:Class; may be given again."),
    ] = None,
    replica_model: Annotated[
        Path | None, typer.Option(help="The replica's step times and limits (YAML).")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A hub id; with --gpu.")] = None,
    gpu: Annotated[str | None, typer.Option(help="The accelerator that serves --model.")] = None,
    tp: Annotated[
        int | None, typer.Option(help="GPUs a replica; the fewest that hold it.")
    ] = None,
    belief: Annotated[
        Path | None, typer.Option(help="What policies believe of the replica, if not the truth.")
    ] = None,
    slo: Annotated[
        list[str] | None, typer.Option(help='"ttft p99 2s", "tpot p99 100ms": the default.')
    ] = None,
    ttft_per_prefill: Annotated[
        float | None,
        typer.Option(help="Times its own unloaded prefill that a TTFT may take longer (3)."),
    ] = None,
    cold_start: Annotated[str, typer.Option(help="From launch to ready, billed.")] = "90s",
    price: Annotated[float | None, typer.Option(help="$ per hour of one replica.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Draws of the traffic.")] = 1,
    fleet: Annotated[
        float | None,
        typer.Option(min=0.01, help="Scale the traffic to this many replicas at peak."),
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's requests.")] = None,
    min_replicas: Annotated[int, typer.Option(min=0, help="0 allows scale to zero.")] = 1,
    max_replicas: Annotated[int | None, typer.Option(min=1, max=10_000)] = None,
    initial_replicas: Annotated[int | None, typer.Option(min=0)] = None,
    launch_failures: Annotated[float, typer.Option(min=0, max=1, help="Share of launches.")] = 0.0,
    spot_interruptions: Annotated[
        float, typer.Option(min=0, help="Of each replica, per hour.")
    ] = 0.0,
    metrics_delay: Annotated[
        float, typer.Option(min=0, help="Seconds by which metrics come late.")
    ] = 0.0,
    missing_metrics: Annotated[
        float, typer.Option(min=0, max=1, help="Share of looks without metrics.")
    ] = 0.0,
    garbage_metrics: Annotated[
        float, typer.Option(min=0, max=1, help="Share of looks with absurd metrics.")
    ] = 0.0,
    tune: Annotated[
        bool, typer.Option("--tune", help="Turn each baseline's knob in hindsight.")
    ] = False,
    prometheus: Annotated[
        str | None, typer.Option(help="Read history from this server instead of a trace.")
    ] = None,
    since: Annotated[str, typer.Option(help="How far back --prometheus reads.")] = "14d",
    served_model: Annotated[
        str | None, typer.Option(help="The model's name in the metrics, where there are several.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", help="Write JSON here; - prints it instead of tables.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the plots here.")] = None,
) -> None:
    """Judge scaling policies on recorded traffic: what each would have cost, and how many requests it served in time."""
    from rich.console import Console

    from advisor.backtest import question
    from advisor.backtest.conditions import Conditions, MetricFaults
    from advisor.backtest.contest import hold_contest
    from advisor.backtest.report import show
    from advisor.errors import ConfigError

    if (trace is None) == (prometheus is None):
        raise ConfigError("TRACE or --prometheus: exactly one of them is needed")
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
    with _progress(f"{len(problem.trace):,} requests") as tick:
        contest = hold_contest(problem, policies, seeds=seeds, tuned=tune, tick=tick)
        if history is not None:
            contest = history.with_what_ran(contest)
    _write(contest, believed.source, json_file, html)
    if json_file != "-":
        show(contest, believed.source, Console(width=None))


def _read(path: Path, tenant: str | None) -> Trace:
    from advisor.backtest.trace import load_trace
    from advisor.errors import ConfigError

    with _progress(f"reading {path.name}") as tick:
        trace = load_trace(path, lambda rows, total: tick(f"{rows:,} of {total or '?':,} rows"))
    if tenant is None:
        return trace
    if tenant not in trace.tenant_names:
        known = ", ".join(trace.tenant_names) or "none"
        raise ConfigError(f"--tenant: {tenant}: not in {path}; there are {known}")
    return trace.of_tenant(trace.tenant_names.index(tenant))


def _write(contest: object, source: str, json_file: str | None, html: Path | None) -> None:
    import json

    from advisor.backtest.contest import Contest
    from advisor.backtest.report import as_json
    from advisor.errors import ConfigError

    assert isinstance(contest, Contest)
    try:
        if json_file == "-":
            typer.echo(json.dumps(as_json(contest, source), indent=1))
        elif json_file is not None:
            Path(json_file).write_text(json.dumps(as_json(contest, source), indent=1) + "\n")
        if html is not None:
            from advisor.backtest.plots import write_html

            write_html(contest, html)
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str], None]]:
    """A line on stderr that says what was last done, once the work has taken two seconds."""
    import time

    from rich.console import Console

    console = Console(stderr=True)
    began_s = time.monotonic()
    status = console.status(what)
    shown = count = 0

    def tick(done: str) -> None:
        nonlocal shown, count
        count += 1
        if time.monotonic() - began_s < 2:
            return
        if not shown and console.is_terminal:
            status.start()
        if console.is_terminal:
            status.update(f"{what}: {count} done, last {done}")
        elif not shown:
            console.print(f"{what} ...")
        shown = 1

    try:
        yield tick
    finally:
        status.stop()
