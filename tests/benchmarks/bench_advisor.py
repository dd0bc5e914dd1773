"""What the advisor itself costs: processor time of its replica, and memory above a replica with nothing in it.

    python tests/benchmarks/bench_advisor.py [--seconds 120] [--interval 15s]

It runs as in the quickstart, with the tiny model and a trickle of requests, beside a bare replica.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "serve")]

import harness  # noqa: E402  the tests' folders are no packages
import tiny_model  # noqa: E402


def replica(application: str) -> psutil.Process:
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [""])[0].startswith(f"ray::ServeReplica:{application}"):
            return process
    raise SystemExit(f"no replica of application {application}")


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--interval", default="15s")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    config = harness.tiny_config(
        tiny_model.make(folder / "tiny"), interval=args.interval, window="60s"
    )
    config["applications"].append(
        {"name": "bare", "route_prefix": "/bare", "import_path": "bare_replica:app"}
    )
    benchmarks = str(Path(__file__).parent)
    with harness.up(config, folder, PYTHONPATH=f"{ROOT}:{benchmarks}"):
        harness.eventually(_bare_answers, 60, "the bare replica answers")
        advisor, bare = replica("advisor"), replica("bare")
        harness.eventually(_has_ticked, 90, "the advisor's second round")
        before_s, began_s = (cpu_s(advisor), cpu_s(bare)), time.monotonic()
        while time.monotonic() - began_s < args.seconds:
            body = {"model": harness.MODEL, "prompt": "hello", "max_tokens": 8}
            httpx.post(f"{harness.BASE}/v1/completions", json=body, timeout=30)
            time.sleep(1.0)
        elapsed_s = time.monotonic() - began_s
        shares = [
            (cpu_s(p) - b) / elapsed_s for p, b in zip((advisor, bare), before_s, strict=True)
        ]
        uss = [p.memory_full_info().uss / 1e6 for p in (advisor, bare)]
        ticks = harness.httpx.get(f"{harness.BASE}/advisor/api/v1/history").json()
    table = Table(title=f"the advisor at an interval of {args.interval}, {elapsed_s:.0f} s")
    for column in ("", "advisor", "bare replica", "difference"):
        table.add_column(column, justify="right")
    table.add_row("% of a core", *[f"{100 * x:.2f}" for x in (*shares, shares[0] - shares[1])])
    table.add_row("memory of its own, MB", *[f"{x:.0f}" for x in (*uss, uss[0] - uss[1])])
    Console(width=100).print(table)
    rounds = [tick["duration_s"] for tick in ticks]
    print(f"{len(rounds)} rounds, {1e3 * sum(rounds) / len(rounds):.0f} ms each on average")


def _bare_answers() -> bool:
    return httpx.get(f"{harness.BASE}/bare", timeout=5).status_code == 200


def _has_ticked() -> bool:
    response = httpx.get(f"{harness.BASE}/advisor/api/v1/health", timeout=5)
    return response.status_code == 200 and response.json()["ticks"] >= 2


if __name__ == "__main__":
    main()
