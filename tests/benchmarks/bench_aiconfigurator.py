"""Our model beside NVIDIA's AIConfigurator on the measurements that both can answer: error, coverage, time per query.

    python -m venv DIR && DIR/bin/pip install aiconfigurator==0.12.0
    python tests/benchmarks/bench_aiconfigurator.py DIR/bin/python --sample 60

Both get the same config.json, card, tensor-parallel degree, lengths and batch. Only rows that say all of them can be asked:
static batches and closed loops of models and cards that its tables name. Ours was fitted on these very rows: the fair column
is `held out`, where the row's family of models was left out of the fit; AIConfigurator rests on NVIDIA's own kernel timings.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from advisor.calibrate import data, metrics
from advisor.calibrate.columns import predict_log
from advisor.calibrate.fit import fit
from advisor.calibrate.observation import Observation
from advisor.calibrate.rows import read_rows
from advisor.calibrate.sample import thin
from advisor.core.load import LoadKind
from advisor.data.models import find_model

SYSTEMS = {
    "H100-SXM-80GB": "h100_sxm", "H200-SXM-141GB": "h200_sxm", "A100-SXM-80GB": "a100_sxm", "A100-PCIE-80GB": "a100_pcie",
    "B200-SXM-180GB": "b200_sxm", "GB200-186GB": "gb200", "L40S-48GB": "l40s",
    "RTXPRO6000-SERVER-96GB": "rtx_pro_6000_server",
}  # fmt: skip
BACKENDS = {"vllm": "vllm", "trtllm": "trtllm", "sglang": "sglang"}
ASKED = (LoadKind.STATIC, LoadKind.CLOSED)

# Runs inside the other environment: a query a line in, an answer a line out.
DRIVER = """
import json, sys, time, contextlib, io
start = time.process_time()
from aiconfigurator.cli.api import cli_estimate
imported = time.process_time() - start
for line in sys.stdin:
    query = json.loads(line)
    start = time.process_time()
    answer = {}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            found = cli_estimate(**query)
        answer = {"ttft_ms": found.ttft, "tpot_ms": found.tpot}
    except BaseException as error:
        answer = {"error": f"{type(error).__name__}: {error}"[:200]}
    answer["cpu_s"], answer["import_s"] = time.process_time() - start, imported
    print(json.dumps(answer), flush=True)
"""


def query_of(observation: Observation, model: str, tp: int) -> dict[str, object] | None:
    """The row as AIConfigurator is asked; None where it has no word for it."""
    case = observation.case
    system, backend = SYSTEMS.get(case.keys.accelerator), BACKENDS.get(case.keys.engine)
    if system is None or backend is None or case.load.kind not in ASKED or case.load.amount < 1:
        return None
    query: dict[str, object] = {
        "model_path": model, "system_name": system, "backend_name": backend,
        "mode": "static" if case.load.kind is LoadKind.STATIC else "agg",
        "isl": int(case.shape.isl), "osl": max(2, int(case.shape.osl)), "batch_size": int(case.load.amount), "tp_size": tp,
    }  # fmt: skip
    if case.keys.kind.startswith("moe"):
        whole = (
            float(np.squeeze(case.costs.expert_ranks)) > 1
        )  # the row ran with expert parallelism
        query |= {"moe_tp_size": 1 if whole else tp, "moe_ep_size": tp if whole else 1}
    return query


def _local(query: dict[str, object], folder: Path) -> dict[str, object]:
    """The query with our shipped config in a folder in place of the model's name: it needs no hub then."""
    model = str(query["model_path"])
    found = find_model(model)
    if found is None:
        return query
    own = folder / model.replace("/", "--")
    own.mkdir(exist_ok=True)
    (own / "config.json").write_text(json.dumps(dict(found.model.config)), encoding="utf-8")
    return query | {"model_path": str(own)}


def ask(
    python: Path, queries: Sequence[dict[str, object]], folder: Path
) -> list[dict[str, object]]:
    lines = "\n".join(json.dumps(_local(query, folder)) for query in queries) + "\n"
    done = subprocess.run(
        [str(python), "-c", DRIVER], input=lines, capture_output=True, text=True, check=False
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return answers + [{"error": done.stderr[-200:]}] * (len(queries) - len(answers))


def their_value(observation: Observation, answer: dict[str, object]) -> float | None:
    """Their TTFT and TPOT as the row's metric."""
    ttft, tpot = answer.get("ttft_ms"), answer.get("tpot_ms")
    if not isinstance(ttft, float) or not isinstance(tpot, float) or ttft + tpot <= 0:
        return None
    shape, batch = observation.case.shape, observation.case.load.amount
    e2e_s = (ttft + tpot * max(0.0, float(shape.osl) - 1)) / 1e3
    req_s = batch / e2e_s
    isl, osl = float(shape.isl), float(shape.osl)
    return {
        "total_tok_s": req_s * (isl + osl), "output_tok_s_total": req_s * osl,
        "output_tok_s_per_gpu": req_s * osl / observation.devices, "batch_e2e_s": e2e_s,
        "ttft_ms_mean": ttft, "ttft_ms_p50": ttft, "tpot_ms_mean": tpot, "tpot_ms_p50": tpot,
    }.get(observation.metric)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", type=Path, help="of an environment with aiconfigurator 0.12.0")
    parser.add_argument("--sample", type=int, default=60, help="configurations asked")
    options = parser.parse_args()
    if not data.MEASUREMENTS.is_file():
        raise SystemExit(f"{data.MEASUREMENTS} is absent: nothing to compare on")
    rows = read_rows(data.MEASUREMENTS)
    observations = data.load(data.MEASUREMENTS).observations
    by_query: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        if observation.row >= len(rows):  # an anchor, which the file lacks
            continue
        row = rows[observation.row]
        tp = int(row["tp"] or observation.devices)
        found = query_of(observation, row["model_hf_id"], tp)
        if found is not None:
            by_query[json.dumps(found)].append(observation)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for query, members in by_query.items():
        groups[members[0].group].append(query)
    chosen: list[
        str
    ] = []  # round robin over source, card, engine and model, so that no laboratory fills it
    draw = random.Random(7)
    pools = [draw.sample(queries, len(queries)) for _, queries in sorted(groups.items())]
    while len(chosen) < options.sample and any(pools):
        chosen += [pool.pop() for pool in pools if pool]
    chosen = chosen[: options.sample]
    with TemporaryDirectory() as folder:
        answers = ask(options.python, [json.loads(query) for query in chosen], Path(folder))
    print_table(observations, by_query, chosen, answers)


def print_table(
    observations: Sequence[Observation],
    by_query: dict[str, list[Observation]],
    chosen: Sequence[str],
    answers: Sequence[dict[str, object]],
) -> None:
    answered = [
        (o, theirs)
        for query, answer in zip(chosen, answers, strict=True)
        for o in by_query[query]
        if (theirs := their_value(o, answer)) is not None
    ]
    refused = [
        str(answer["error"]).splitlines()[0][:110] for answer in answers if "error" in answer
    ]
    print(
        f"{len(by_query)} configurations of both's kind, {len(chosen)} asked, {len(chosen) - len(refused)} answered"
    )
    for reason in sorted(set(refused)):
        print(f"  {refused.count(reason):3d} refused: {reason}")
    learned = thin(observations)
    full = fit(learned).table()
    mine = [o for o, _ in answered]
    seen = predict_log(full, mine)
    held = np.zeros(len(mine))
    for model in sorted({o.model for o in mine}):
        table = fit([o for o in learned if o.model != model]).table()
        which = [i for i, o in enumerate(mine) if o.model == model]
        held[which] = predict_log(table, [mine[i] for i in which])
    begun = time.perf_counter()
    for _ in range(5):
        predict_log(full, mine)
    ours_s = (time.perf_counter() - begun) / 5 / max(1, len(mine))
    print(
        f"\nmedian absolute error in %, {len(mine)} rows: {'rows':>6s}{'AIConfigurator':>16s}{'ours':>8s}{'held out':>10s}"
    )
    truth = np.log([o.value for o in mine])
    theirs_log = np.log([theirs for _, theirs in answered])
    for group in ("throughput", "tpot", "ttft"):
        which = [i for i, o in enumerate(mine) if metrics.group_of(o.metric) == group]
        if which:
            cells = [
                100 * float(np.median(np.abs(np.expm1(v[which] - truth[which]))))
                for v in (theirs_log, seen, held)
            ]
            print(f"{group:44s}{len(which):6d}{cells[0]:16.1f}{cells[1]:8.1f}{cells[2]:10.1f}")
    cpu = [float(str(a["cpu_s"])) for a in answers if "cpu_s" in a and "error" not in a]
    first = next((a for a in answers if "import_s" in a), {"import_s": 0.0})
    print(f"\nCPU seconds a query: AIConfigurator {np.median(cpu):.2f}, ours {ours_s:.5f}")
    print(f"CPU seconds to import AIConfigurator: {first['import_s']:.1f}")


if __name__ == "__main__":
    main()
