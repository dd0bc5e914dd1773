"""How long a whole plan takes: every GPU, degree, kind of weights and provider; cold, warm, and as the price book grows.

    python tests/benchmarks/bench_plan.py [--model FOLDER]

Cold is a new process of `advisor plan`, from the shell and back. Warm is another load for the same model in one process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.core.objective import Budget, CapacityType
from advisor.plan.make import Plan, make_plan
from advisor.plan.request import Load, PlanRequest, read_slos
from advisor.plan.weights import variants_of
from advisor.price_book import PriceBook

LLAMA_70B = {
    "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 8192, "num_hidden_layers": 80,
    "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 28672, "max_position_embeddings": 131072,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}  # fmt: skip
BOOK_SIZES = (1, 4, 16)


def cold_s(model: str) -> float:
    began_s = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "advisor", "plan", model, "--budget", "50000/month", "--rate", "20",
         "--quantization", "any", "--json"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - began_s


def warm(model: str, rate: float, times: int) -> Plan:
    spec = load_model_spec(model)
    allowed, others = variants_of(spec, ("any",))
    request = PlanRequest(
        model=model,
        budget=Budget(usd_per_hour=50000 / 720),
        load=Load(requests_per_s=rate, isl=500 + rate, osl=250 + rate),
        slos=read_slos([], [], []),
        accelerators=None,
        providers=None,
        regions=None,
        capacity_types=(CapacityType.ON_DEMAND,),
        quantizations=("any",),
        mode=None,
        max_replicas=None,
        cold_start_s=90.0,
        assumed=(),
    )
    book = [replace(o, provider=f"{o.provider}{n}") for n in range(times) for o in data.offers()]
    return make_plan(
        request, spec=spec, allowed_variants=allowed, other_variants=others,
        accelerators=data.accelerators(), book=PriceBook(offers=tuple(book)), today=date(2026, 11, 24),
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a folder or hub id; Llama-3.1-70B's config by default")
    args = parser.parse_args()
    model = args.model
    if model is None:
        folder = Path(tempfile.mkdtemp())
        (folder / "config.json").write_text(json.dumps(LLAMA_70B))
        model = str(folder)
    table = Table(title="one whole plan")
    for column in ("", "offers", "seconds, median", "worst"):
        table.add_column(column, justify="right")
    cold = [cold_s(model) for _ in range(5)]
    table.add_row("cold, from the shell", str(len(data.offers())), *_shown(cold))
    warm(model, 1.0, 1)
    for times in BOOK_SIZES:
        took = []
        for attempt in range(5):
            began_s = time.perf_counter()
            warm(model, 10.0 + attempt, times)
            took.append(time.perf_counter() - began_s)
        table.add_row("warm, another load", str(times * len(data.offers())), *_shown(took))
    Console(width=100).print(table)


def _shown(seconds: list[float]) -> tuple[str, str]:
    return f"{statistics.median(seconds):.3f}", f"{max(seconds):.3f}"


if __name__ == "__main__":
    main()
