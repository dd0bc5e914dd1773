"""The backtest's simulator against the engine it stands for: real vLLM on CPU, a fit of its steps, a trace replayed.

    .venv/bin/python tests/benchmarks/simulator_against_vllm.py            # the tiny model and SmolLM2, about 6 minutes

1. The engine runs in this process and is stepped by hand. Batches of many sizes, contexts and prompts tell how long a step
   takes by what it touches; the four numbers of a ReplicaModel are fitted to them (non-negative least squares).
2. An open-loop trace, Poisson arrivals with other lengths, is served by the same engine at the wall clock and by the
   simulator with the fitted model. The client's TTFT and TPOT and the throughput of both are put side by side.
3. The same with a model fitted to the replay's own steps: what is off then is not the step times but the simulator.

There is no HTTP and no router here: those are measured by bench_serve.py, and the simulator leaves them out as well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import nnls

os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # two threads that wait for each other double every disturbance
os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from advisor.core.capacity import ServiceObjective  # noqa: E402 - the paths above come first
from advisor.core.replica_model import ReplicaModel  # noqa: E402

if TYPE_CHECKING:
    from advisor.backtest.fleet import Run
    from advisor.backtest.trace import Trace

MAX_SEQS = 32
MAX_BATCHED_TOKENS = 512
MAX_MODEL_LEN = 2048
UTILIZATIONS = (0.4, 0.7, 0.9)  # of what the simulator says a replica carries
REPLAY_S = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the engine: what it touched, and how long it took."""

    batch: int
    kv_tokens: int
    prefill_tokens: int
    seconds: float


class Engine:
    """vLLM in this process, stepped by hand."""

    def __init__(self, model: Path) -> None:
        from vllm import EngineArgs
        from vllm.v1.engine.llm_engine import LLMEngine

        self._engine = LLMEngine.from_engine_args(
            EngineArgs(
                model=str(model),
                skip_tokenizer_init=True,
                dtype="bfloat16",
                max_model_len=MAX_MODEL_LEN,
                max_num_seqs=MAX_SEQS,
                max_num_batched_tokens=MAX_BATCHED_TOKENS,
                kv_cache_memory_bytes=1 << 29,
                enable_prefix_caching=False,
                enforce_eager=True,
                async_scheduling=False,
            ),
            enable_multiprocessing=False,
        )
        core: Any = self._engine.engine_core
        self.scheduler = core.engine_core.scheduler
        config = self._engine.vllm_config.cache_config
        self.kv_tokens = int(config.num_gpu_blocks * config.block_size)
        self._count = 0

    def add(self, input_tokens: int, output_tokens: int) -> str:
        from vllm import SamplingParams

        self._count += 1
        name = f"r{self._count}"
        tokens = np.random.default_rng(self._count).integers(3, 200, input_tokens).tolist()
        params = SamplingParams(
            max_tokens=output_tokens, ignore_eos=True, temperature=0.0, detokenize=False
        )
        self._engine.add_request(name, {"prompt_token_ids": tokens}, params)
        return name

    @property
    def busy(self) -> bool:
        return bool(self._engine.has_unfinished_requests())

    def step(self) -> tuple[Step, list[Any]]:
        before = {
            name: (each.num_computed_tokens, each.num_prompt_tokens)
            for name, each in self.scheduler.requests.items()
        }
        began_s = time.perf_counter()
        outputs = self._engine.step()
        seconds = time.perf_counter() - began_s
        batch = kv_tokens = prefill = 0
        after = self.scheduler.requests
        for name, (computed, prompt) in before.items():
            # One that has ended is gone from the scheduler: it was in its last step, a decode or the end of its prompt.
            now = after[name].num_computed_tokens if name in after else max(computed + 1, prompt)
            if now > computed:
                batch += 1
                kv_tokens += computed
                prefill += max(0, min(now, prompt) - computed)
        return Step(
            batch=batch, kv_tokens=kv_tokens, prefill_tokens=prefill, seconds=seconds
        ), outputs


def measure_steps(engine: Engine) -> list[Step]:
    """Batches from 1 to 32, contexts from 16 to 1500, prompts from 16 to 512 tokens; with and without each other."""
    found: list[Step] = []
    for batch, context in (
        (1, 16),
        (1, 1500),
        (4, 200),
        (8, 16),
        (8, 800),
        (16, 400),
        (32, 16),
        (32, 500),
    ):
        for _ in range(batch):
            engine.add(context, 24)
        found += _drain(engine)
    for prompt in (16, 64, 128, 256, 480, 1000):
        for _ in range(3):
            engine.add(prompt, 1)
            found += _drain(engine)
    for prompt in (64, 256, 480):  # prompts among sequences that decode
        for _ in range(8):
            engine.add(100, 20)
        for _ in range(4):
            found += [engine.step()[0] for _ in range(3)]
            engine.add(prompt, 2)
        found += _drain(engine)
    return found


def _drain(engine: Engine) -> list[Step]:
    steps = []
    while engine.busy:
        steps.append(engine.step()[0])
    return steps


def fit(steps: list[Step], kv_tokens: int) -> tuple[ReplicaModel, float]:
    """The model, and the median of its relative errors on the steps it was fitted to."""
    rows = np.array([[1.0, one.batch, one.kv_tokens, one.prefill_tokens] for one in steps])
    seconds = np.array([one.seconds for one in steps])
    guess = np.full(len(steps), float(np.median(seconds)))
    for _ in range(
        4
    ):  # errors grow with the step: weighed by what is predicted, not by what was measured, which leans low
        found, _ = nnls(rows / guess[:, None], seconds / guess)
        guess = np.maximum(rows @ found, 1e-6)
    error = float(np.median(np.abs(guess / seconds - 1)))
    base, per_seq, per_kv, per_prefill = (float(value) for value in found)
    return (
        ReplicaModel(
            step_base_s=max(base, 1e-6),
            step_per_seq_s=per_seq,
            step_per_kv_token_s=per_kv,
            step_per_prefill_token_s=per_prefill,
            kv_capacity_tokens=kv_tokens,
            max_num_batched_tokens=MAX_BATCHED_TOKENS,
            max_num_seqs=MAX_SEQS,
        ),
        error,
    )


def simulate(trace: Trace, model: ReplicaModel) -> Run:
    """One replica, always there. Imported late: vLLM looks through all modules as it starts and trips over numba's."""
    from advisor.backtest.conditions import Conditions
    from advisor.backtest.simulator import follow

    return follow(trace, model, [], Conditions(), ServiceObjective())


def draw_trace(model: ReplicaModel, utilization: float) -> Trace:
    """Lengths log-normal around 200 in and 60 out, Poisson arrivals at that share of the simulated saturated rate."""
    from advisor.backtest.trace import make_trace

    rng = np.random.default_rng(5)
    isl = np.clip(rng.lognormal(np.log(200), 0.8, 20_000), 4, 1500).astype(np.int64)
    osl = np.clip(rng.lognormal(np.log(60), 0.6, 20_000), 2, 400).astype(np.int64)
    full = make_trace("all at once", np.zeros(2000), isl[:2000], osl[:2000])
    run = simulate(full, model)
    rate = utilization * 2000 / float(run.finish_s.max())
    arrival_s = np.cumsum(rng.exponential(1 / rate, 20_000))
    count = int(np.searchsorted(arrival_s, REPLAY_S))
    return make_trace("open loop", arrival_s[:count], isl[:count], osl[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the client saw of a replay."""

    ttft_p50_s: float
    ttft_p95_s: float
    tpot_p50_s: float
    tpot_p95_s: float
    e2e_p50_s: float
    output_tokens_per_s: float


def served(trace: Trace, first_s: Any, finish_s: Any) -> Served:
    ttft = np.asarray(first_s) - trace.arrival_s
    more = trace.output_tokens > 1
    tpot = (np.asarray(finish_s) - np.asarray(first_s))[more] / (trace.output_tokens[more] - 1)
    return Served(
        ttft_p50_s=float(np.median(ttft)),
        ttft_p95_s=float(np.percentile(ttft, 95)),
        tpot_p50_s=float(np.median(tpot)),
        tpot_p95_s=float(np.percentile(tpot, 95)),
        e2e_p50_s=float(np.median(np.asarray(finish_s) - trace.arrival_s)),
        output_tokens_per_s=float(trace.output_tokens.sum() / np.max(finish_s)),
    )


def replay(engine: Engine, trace: Trace) -> tuple[Served, list[Step]]:
    """The trace at the wall clock."""
    steps: list[Step] = []
    first, finish = np.full(len(trace), np.nan), np.full(len(trace), np.nan)
    index: dict[str, int] = {}
    upcoming = 0
    began_s = time.perf_counter()
    while upcoming < len(trace) or engine.busy:
        now_s = time.perf_counter() - began_s
        while upcoming < len(trace) and trace.arrival_s[upcoming] <= now_s:
            name = engine.add(
                int(trace.input_tokens[upcoming]), int(trace.output_tokens[upcoming])
            )
            index[name] = upcoming
            upcoming += 1
        if not engine.busy:
            time.sleep(max(0.0, trace.arrival_s[upcoming] - (time.perf_counter() - began_s)))
            continue
        step, outputs = engine.step()
        steps.append(step)
        done_s = time.perf_counter() - began_s
        for output in outputs:
            which = index[output.request_id]
            if np.isnan(first[which]) and output.outputs[0].token_ids:
                first[which] = done_s
            if output.finished:
                finish[which] = done_s
    return served(trace, first, finish), steps


def compare(name: str, model_path: Path) -> list[dict[str, Any]]:
    engine = Engine(model_path)
    measure_steps(engine)  # warm
    steps = measure_steps(engine)
    model, error = fit(steps, engine.kv_tokens)
    print(f"\n{name}: {len(steps)} steps, KV cache of {engine.kv_tokens:,} tokens")
    print(
        f"{model.step_base_s * 1e3:.3g} ms + {model.step_per_seq_s * 1e3:.3g} ms a sequence + "
        f"{model.step_per_kv_token_s * 1e6:.3g} us a KV token + {model.step_per_prefill_token_s * 1e6:.3g} us "
        f"a prompt token; median error on a step {error:.1%}"
    )
    rows = []
    for utilization in UTILIZATIONS:
        trace = draw_trace(model, utilization)
        real, replayed = replay(engine, trace)
        again, _ = fit(replayed, engine.kv_tokens)
        before, after = (
            served(trace, run.ttft_s + trace.arrival_s, run.finish_s)
            for run in (simulate(trace, model), simulate(trace, again))
        )
        rows.append(_row(name, utilization, trace, before, after, real))
    return rows


def _row(
    name: str, utilization: float, trace: Trace, before: Served, after: Served, real: Served
) -> dict[str, Any]:
    print(
        f"at {utilization:.0%} of the saturated rate: {len(trace)} requests in {trace.duration_s:.0f} s"
    )
    print(f"{'':20}{'vLLM':>12}{'simulated':>12}{'off by':>9}{'own steps':>12}{'off by':>9}")
    for field, value in asdict(real).items():
        unit, scale = ("", 1.0) if field == "output_tokens_per_s" else (" ms", 1e3)
        line = f"{field:20}{value * scale:9.1f}{unit:3}"
        for guess in (getattr(before, field), getattr(after, field)):
            line += f"{guess * scale:9.1f}{unit:3}{guess / value - 1:+9.1%}"
        print(line)
    return {
        "model": name, "utilization": utilization, "requests": len(trace), "simulated": asdict(before),
        "simulated_with_its_own_steps": asdict(after), "vllm": asdict(real),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=["tiny", "smollm2"], help="this one only")
    parser.add_argument("--json", type=Path, help="write the comparison here; needs --model")
    args = parser.parse_args()
    if args.model is None:  # one process each, for one engine each
        for model in ("tiny", "smollm2"):
            subprocess.run([sys.executable, __file__, "--model", model], check=True)
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores")
    if args.model == "tiny":
        from tiny_model import make

        rows = compare("tiny model", make(Path(tempfile.mkdtemp()) / "tiny"))
    else:
        from serve_apps.demo_model import prepare

        rows = compare("SmolLM2-135M", prepare())
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
