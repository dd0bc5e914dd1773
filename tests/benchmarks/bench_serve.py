"""What the serving path costs: bare vLLM, stock ray.serve.llm, ours on the stock path, ours with direct streaming.

    make bench-serve                      or: python tests/benchmarks/bench_serve.py [--model tiny|smollm2] [--repetitions 3]

Same engine settings and load for all four: random prompts of 64 tokens, 64 tokens out, streamed, closed loop at 1, 16
and 64 requests together. The servers take turns (each repetition starts every one afresh), so that a slow minute of the
machine hits all of them; the table has the median over repetitions, and ratios to bare vLLM of the same repetition.

The client shares the machine's cores with the server: the ratios carry over to other machines, the figures do not.
A second table says where the distance goes: processor time by process, in microseconds for every token that came out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import aiohttp
import processor_time
import yaml
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import tiny_model  # noqa: E402  the tests' folder is not a package

from serve_apps import demo_model, processes  # noqa: E402
from serve_apps.paths import direct_streaming_flags  # noqa: E402

PORT = 8000
ISL = OSL = 64
LOADS = {1: 48, 16: 384, 64: 768}  # concurrency: requests
START_TIMEOUT_S = 300.0
ENGINE = {
    "dtype": "float32",
    "enforce_eager": True,
    "max_model_len": 2048,
    "max_num_seqs": 128,
    "kv_cache_memory_bytes": 536870912,
}
ENGINE_ENV = {
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    # Left out, Ray sets 1 for its workers and bare vLLM takes every core: not the same engine any more.
    "OMP_NUM_THREADS": "1",  # two layers of a tiny model have nothing to share
}
SERVERS = ("bare vLLM", "stock ray.serve.llm", "ours, stock path", "ours, direct streaming")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One server under one load in one repetition; latencies in seconds."""

    server: str
    repetition: int
    concurrency: int
    num_failed: int
    output_tokens_per_s: float
    ttft_p50_s: float
    ttft_p99_s: float
    tpot_p50_s: float
    processor_s: dict[str, float]  # by role, of processor_time.ALL_ROLES


def command(server: str, model_dir: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    """What starts the server, and the environment it needs beside this one's."""
    if server == "bare vLLM":
        flags = [
            f"--{key.replace('_', '-')}={value}"
            for key, value in ENGINE.items()
            if value is not True
        ]
        module = "vllm.entrypoints.openai.api_server"
        return (
            [sys.executable, "-m", module, f"--model={model_dir}", "--served-model-name=model", "--enforce-eager",
             "--host=127.0.0.1", f"--port={PORT}", "--disable-uvicorn-access-log", *flags],
            ENGINE_ENV,
        )  # fmt: skip
    ours = server.startswith("ours")
    small = {"ray_actor_options": {"num_cpus": 0.1}}
    config = {
        "proxy_location": "HeadOnly",
        "http_options": {"host": "127.0.0.1", "port": PORT},
        "applications": [
            {
                "name": "llm",
                "route_prefix": "/",
                "import_path": "serve_apps.llm:build_app"
                if ours
                else "ray.serve.llm:build_openai_app",
                "args": {
                    "llm_configs": [
                        {
                            "model_loading_config": {
                                "model_id": "model",
                                "model_source": str(model_dir),
                            },
                            "accelerator_config": {"kind": "cpu"},
                            "engine_kwargs": ENGINE,
                            "runtime_env": {"env_vars": ENGINE_ENV},
                            "placement_group_config": {"bundles": [{"CPU": 0.5}]},
                            "deployment_config": small,
                        }
                    ],
                    "ingress_deployment_config": small,
                },
            }
        ],
    }
    file = folder / "serve.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    flags = direct_streaming_flags() if server == "ours, direct streaming" else {}
    return [str(Path(sys.executable).with_name("serve")), "run", str(file)], flags


@contextmanager
def running(server: str, model_dir: Path) -> Iterator[None]:
    """The server, from its first answer to the end of its last process."""
    with tempfile.TemporaryDirectory() as folder:
        arguments, extra = command(server, model_dir, Path(folder))
        marker = processes.new_marker()
        log = Path(folder) / "log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                arguments, env={**os.environ, **extra, processes.MARKER: marker}, cwd=ROOT,
                stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            asyncio.run(_until_up(process, log))
            yield
        finally:
            processes.remove_run(marker)


async def _until_up(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + START_TIMEOUT_S
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline_s and process.poll() is None:
            try:
                async with session.get(f"http://127.0.0.1:{PORT}/v1/models") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.5)
    raise SystemExit(f"the server did not come up:\n{log.read_text()[-3000:]}")


async def load(server: str, repetition: int, concurrency: int, vocabulary: int) -> Result:
    """A closed loop of `concurrency` clients until the load's requests are done."""
    random_source = random.Random(repetition * 1000 + concurrency)
    prompts = [
        [random_source.randrange(3, vocabulary) for _ in range(ISL)]
        for _ in range(LOADS[concurrency])
    ]
    pending = iter(prompts)
    ttfts, tpots, failed = [], [], 0
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def client() -> None:
            nonlocal failed
            for prompt in pending:
                timing = await request(session, prompt)
                if timing is None:
                    failed += 1
                else:
                    ttfts.append(timing[0])
                    tpots.append(timing[1])

        before = processor_time.snapshot()
        began_s = time.perf_counter()
        await asyncio.gather(*[client() for _ in range(concurrency)])
        elapsed_s = time.perf_counter() - began_s
        processor_s = processor_time.between(before, processor_time.snapshot())
    if not ttfts:
        raise SystemExit(f"{server}: every request failed")
    return Result(
        server=server,
        repetition=repetition,
        concurrency=concurrency,
        num_failed=failed,
        output_tokens_per_s=len(ttfts) * OSL / elapsed_s,
        ttft_p50_s=statistics.median(ttfts),
        ttft_p99_s=sorted(ttfts)[int(0.99 * (len(ttfts) - 1))],
        tpot_p50_s=statistics.median(tpots),
        processor_s=processor_s,
    )


async def request(session: aiohttp.ClientSession, prompt: list[int]) -> tuple[float, float] | None:
    """(TTFT, TPOT) of one streamed request as this client sees it; None when it failed."""
    body = {
        "model": "model",
        "prompt": prompt,
        "max_tokens": OSL,
        "ignore_eos": True,
        "stream": True,
        "temperature": 1,
    }
    sent_s = time.perf_counter()
    first_s = last_s = None
    async with session.post(f"http://127.0.0.1:{PORT}/v1/completions", json=body) as response:
        if response.status != 200:
            return None
        async for chunk in response.content.iter_any():
            if chunk.startswith(b"data: [DONE]"):
                continue
            last_s = time.perf_counter()
            first_s = first_s or last_s
    if first_s is None or last_s is None:
        return None
    return first_s - sent_s, (last_s - first_s) / (OSL - 1)


def table(results: list[Result], servers: list[str], title: str) -> Table:
    shown = Table(title=title)
    for column in (
        "concurrency",
        "server",
        "tokens/s",
        "ratio",
        "TTFT p50 ms",
        "ratio",
        "TTFT p99 ms",
        "TPOT p50 ms",
        "ratio",
        "failed",
    ):
        shown.add_column(column, justify="left" if column == "server" else "right")
    for concurrency in LOADS:
        for server in servers:
            rows = [r for r in results if (r.server, r.concurrency) == (server, concurrency)]
            bare = [r for r in results if (r.server, r.concurrency) == (SERVERS[0], concurrency)]

            def ratio(field: str, rows: list[Result] = rows, bare: list[Result] = bare) -> str:
                pairs = zip(rows, bare, strict=True)
                return f"{statistics.median(getattr(r, field) / getattr(b, field) for r, b in pairs):.2f}"

            def median(field: str, scale: float, rows: list[Result] = rows) -> str:
                return f"{statistics.median(getattr(r, field) for r in rows) * scale:.1f}"

            shown.add_row(
                str(concurrency), server,
                median("output_tokens_per_s", 1), ratio("output_tokens_per_s"),
                median("ttft_p50_s", 1e3), ratio("ttft_p50_s"), median("ttft_p99_s", 1e3),
                median("tpot_p50_s", 1e3), ratio("tpot_p50_s"),
                str(sum(r.num_failed for r in rows)),
            )  # fmt: skip
        shown.add_section()
    return shown


def distance(results: list[Result], servers: list[str]) -> Table:
    """Processor time by role, median over repetitions."""
    shown = Table(title="processor time, us a token, by process")
    shown.add_column("concurrency", justify="right")
    shown.add_column("server")
    for role in (*processor_time.ALL_ROLES, "all"):
        shown.add_column(role, justify="right")
    for concurrency in LOADS:
        for server in servers:
            rows = [r for r in results if (r.server, r.concurrency) == (server, concurrency)]
            tokens = LOADS[concurrency] * OSL
            us = {
                role: statistics.median(row.processor_s[role] for row in rows) / tokens * 1e6
                for role in processor_time.ALL_ROLES
            }
            cells = [f"{spent:.0f}" for spent in (*us.values(), sum(us.values()))]
            shown.add_row(str(concurrency), server, *cells)
        shown.add_section()
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=["tiny", "smollm2"], default="tiny")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument(
        "--server", action="append", choices=SERVERS, help="only these (bare vLLM always)"
    )
    parser.add_argument("--json", type=Path, help="write every result here too")
    args = parser.parse_args()
    servers = [
        server for server in SERVERS if not args.server or server in {*args.server, SERVERS[0]}
    ]
    model_dir = (
        demo_model.prepare()
        if args.model == "smollm2"
        else tiny_model.make(Path(tempfile.mkdtemp()) / "tiny")
    )
    if args.model == "smollm2":
        LOADS.update({1: 8, 16: 64, 64: 128})
        ENGINE_ENV["OMP_NUM_THREADS"] = str(len(os.sched_getaffinity(0)))
    vocabulary = json.loads((model_dir / "config.json").read_text())["vocab_size"]
    results = []
    for repetition in range(args.repetitions):
        for server in servers:
            print(
                f"repetition {repetition + 1} of {args.repetitions}: {server} ...",
                file=sys.stderr,
                flush=True,
            )
            with running(server, model_dir):
                for concurrency in LOADS:
                    asyncio.run(warm_up(2 * concurrency, vocabulary))
                    results.append(asyncio.run(load(server, repetition, concurrency, vocabulary)))
    if args.json:
        args.json.write_text(json.dumps([asdict(result) for result in results], indent=1))
    title = f"{args.model}, {ISL} in / {OSL} out, median of {args.repetitions}"
    console = Console(width=130)
    console.print(table(results, servers, title))
    console.print(distance(results, servers))


async def warm_up(num_requests: int, vocabulary: int) -> None:
    async with aiohttp.ClientSession() as session:
        prompts = [
            [3 + (index * 7 + place) % (vocabulary - 3) for place in range(ISL)]
            for index in range(num_requests)
        ]
        await asyncio.gather(*[request(session, prompt) for prompt in prompts])


if __name__ == "__main__":
    main()
