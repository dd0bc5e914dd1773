"""The `advisor` command. Heavy imports stay inside the commands that need them."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from advisor.commands import backtest as backtest_command
from advisor.commands import compare as compare_command
from advisor.commands import gpus as gpus_command
from advisor.commands import history as history_command
from advisor.commands import memory as memory_command
from advisor.commands import plan as plan_command
from advisor.commands import predict as predict_command
from advisor.commands import prices as prices_command
from advisor.commands import size as size_command
from advisor.errors import AdvisorError, ConfigError
from advisor.usage import UsageError, in_one_line, is_plea_for_help

if TYPE_CHECKING:
    from advisor.config import Config

cli = typer.Typer(
    help="Which GPU, how many replicas, and whether to keep them on, for a self-hosted LLM.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ConfigFile = Annotated[
    Path, typer.Argument(help="A `serve run` file, or a file with the advisor's fields alone.")
]


@cli.command()
def run(
    file: ConfigFile,
    once: Annotated[bool, typer.Option(help="One round, then end.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print every round as one line of JSON.")
    ] = False,
    host: Annotated[str, typer.Option(help="Address of the page and of /metrics.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port of the page and of /metrics.", min=1, max=65535)
    ] = 8001,
) -> None:
    """Run the advisor outside Ray Serve: the loop, its page at /advisor, its metrics at /metrics."""
    from advisor.standalone import run_once, serve_forever

    config = _load(file)
    if once:
        run_once(config, as_json=json)
    else:
        serve_forever(config, as_json=json, host=host, port=port)


@cli.command()
def check(file: ConfigFile) -> None:
    """Say whether the advisor's configuration is right, its environment variables included, and every mistake in it.

    Of a `serve run` file the rest is checked by `python -m serve_apps.check`.
    """
    from advisor.adapters.hub import load_model_spec

    config = _load(file)
    sized = []
    for one in config.each():
        try:
            spec = load_model_spec(one.model_source or one.model)
        except AdvisorError as error:
            where = config.field_of(one.model, "model_source" if one.model_source else "model")
            raise ConfigError(f"{file}: {where}: {error}") from None
        if (problem := one.too_long_for(spec)) is not None:
            raise ConfigError(f"{file}: {config.field_of(one.model, problem)}")
        sized.append(f"{one.model}, {spec.total_params:,} parameters")
    journal = "" if config.journal is None else f", journal {config.journal}"
    typer.echo(
        f"{file}: ok: {'; '.join(sized)}, budget ${config.budget.usd_per_hour:.2f}/h{journal}"
    )
    if _serves(file):
        typer.echo(
            "not checked: engine arguments and all else that applications serve, which "
            f"`python -m serve_apps.check {file}` does where Ray and vLLM are installed"
        )


def _serves(file: Path) -> bool:
    """Whether it is a `serve run` file, of which the advisor's part is one application."""
    from advisor import yaml_file

    content = yaml_file.read(file)
    return isinstance(content, dict) and bool(content.get("applications"))


def _load(file: Path) -> Config:
    """The configuration, on a machine that has what it names: variables with secrets, the journal's folder."""
    from advisor.config import load_config

    config = load_config(file)
    try:
        config.check_environment()
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    return config


@cli.command("metrics-doc")
def metrics_doc() -> None:
    """Print docs/metrics.md: every metric with type, unit, labels and meaning."""
    from advisor.docs import metrics_markdown

    typer.echo(metrics_markdown(), nl=False)


@cli.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed

    typer.echo(installed("llm-advisor"))


cli.command("backtest", epilog=backtest_command.EXAMPLE)(backtest_command.backtest)
cli.command("plan", epilog=plan_command.EXAMPLE)(plan_command.plan)
cli.command("compare", epilog=compare_command.EXAMPLE)(compare_command.compare)
cli.command("gpus", epilog=gpus_command.EXAMPLE)(gpus_command.gpus)
cli.command("history")(history_command.history)
cli.command("memory", epilog=memory_command.EXAMPLE)(memory_command.memory)
cli.command("size", epilog=size_command.EXAMPLE)(size_command.size)
cli.command("predict")(predict_command.predict)
cli.add_typer(prices_command.app, name="prices")


def main() -> None:
    """Run the command; a mistake of the user's is one line on stderr and status 2."""
    try:
        raise SystemExit(cli(standalone_mode=False))
    except AdvisorError as error:
        _refuse(str(error))
    except UsageError as error:
        if is_plea_for_help(error):
            cli()
        _refuse(in_one_line(error, sys.argv[1:]))
    except typer.Abort:  # Ctrl-C
        typer.echo("aborted", err=True)
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename is not None:
            raise
        typer.echo(f"error: stdout: cannot be written: {error.strerror}", err=True)
        os._exit(2)  # what could not be written would be tried, and complained about, once more


def _refuse(problem: str) -> NoReturn:
    for line in problem.splitlines():
        typer.echo(f"error: {_printable(line)}", err=True)
    raise SystemExit(2) from None


def _printable(line: str) -> str:
    """What a file or an argument brought along never reaches the terminal as a command to it."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)


if __name__ == "__main__":
    main()
