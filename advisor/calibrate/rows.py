"""A row of measurements as a case of the performance model, or the reason why it is none.

Columns are those of `calibration.csv.gz`; any may be missing or empty. What a row leaves out is taken at the engine's
default, and what the notes say in passing (limits of the scheduler, KV cache, speculative decoding) is read from them.
`value` is read by `measured` alone, which only the fit calls.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from advisor.core import sizing
from advisor.core.efficiency import engine_keys, keys_of
from advisor.core.hardware import Accelerator
from advisor.core.lengths import CONVERSATION_CV, CONVERSATION_ISL, CONVERSATION_OSL
from advisor.core.load import Case, Load, LoadKind
from advisor.core.model_spec import Dtype, ModelSpec, Quantization, quantized
from advisor.core.replica_costs import Sharding, kv_tokens, step_costs, tokens_in
from advisor.core.scheduler import Engine, Shape

Row = Mapping[str, str]
COLUMNS = (
    "model_hf_id", "gpu", "gpu_count", "tp", "pp", "engine", "engine_version", "weight_dtype", "kv_dtype", "isl", "osl",
    "concurrency_or_batch", "request_rate", "metric", "scenario", "date", "notes", "source_id",
)  # fmt: skip
AMOUNTS = ("isl", "osl", "concurrency_or_batch", "request_rate", "gpu_count", "tp", "pp")
GIB = 2.0**30
LEAST_NUMBER, MOST_NUMBER = 1e-4, 1e9
IN_ENGINE = (LoadKind.STATIC, LoadKind.SATURATED)
DEFAULT_ENGINE = "vLLM"  # where a row names none: it is the one that we serve with


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRow:
    """A case, and what of the row had to be assumed."""

    case: Case
    devices: float
    spec: ModelSpec  # as stored: with the row's own weights and cache
    accelerator: Accelerator
    sharding: Sharding
    assumed: tuple[str, ...] = ()


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a csv or csv.gz file; missing cells are empty strings."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
        text = io.TextIOWrapper(
            cast(IO[bytes], stream), encoding="utf-8-sig", errors="replace", newline=""
        )
        return [_clean(row) for row in csv.DictReader(text)]


def _clean(row: Mapping[object, object]) -> dict[str, str]:
    """A short line leaves cells None, a long one has cells without a name."""
    return {k: v if isinstance(v, str) else "" for k, v in row.items() if isinstance(k, str)}


def number(row: Row, column: str) -> float | None:
    """A number of a size that lengths, rates and times have, else None."""
    try:
        value = float((row.get(column) or "").strip().replace(",", ""))
    except ValueError:
        return None
    return value if LEAST_NUMBER < value < MOST_NUMBER else None  # NaN is neither


def _unread(row: Row) -> list[str]:
    """The cells that hold something, and no number that it could be."""
    cells = ((column, (row.get(column) or "").strip()) for column in AMOUNTS)
    return [
        f"{column} {cell[:20]!r} is no such number, left out"
        for column, cell in cells
        if cell and number(row, column) is None
    ]


def measured(row: Row) -> float | None:
    """The measured value, where the row is fit to be learned from."""
    return None if row.get("quality_flag") else number(row, "value")


def read_case(
    row: Row,
    *,
    spec_of: Callable[[str], ModelSpec | Unsupported],
    accelerator_of: Callable[[str], Accelerator | Unsupported],
) -> ReadRow | Unsupported:
    """The case that a row describes."""
    spec = spec_of((row.get("model_hf_id") or "").strip())
    if isinstance(spec, Unsupported):
        return spec
    accelerator = accelerator_of((row.get("gpu") or "").strip())
    if isinstance(accelerator, Unsupported):
        return accelerator
    if not (accelerator.bf16_flops_per_s or accelerator.fp16_flops_per_s):
        return Unsupported(reason=f"{accelerator.name} has no 16-bit matrix unit")
    notes = row.get("notes") or ""
    assumed = _unread(row)
    sharding, devices = _sharding(row, notes)
    spec = _as_stored(row, spec, assumed)
    speculative = "SPECULATIVE" in notes
    shape = replace(_shape(row, assumed), in_step=0.0 if speculative else 1.0)
    engine_name, era = engine_keys(
        row.get("engine") or DEFAULT_ENGINE, row.get("engine_version") or "", row.get("date") or ""
    )
    if not engine_name:
        assumed.append("unknown engine")
    load = _load(row, notes, assumed)
    context = float(shape.isl + shape.osl)
    held = _stated_kv_tokens(notes, spec, sharding, context) or _kv_tokens(
        spec, accelerator, sharding, context, engine_name
    )
    if held < 1:
        assumed.append("weights would not fit")
        held = context
    keys = keys_of(
        spec,
        accelerator,
        (engine_name, era),
        speculative=speculative,
        over_network=sharding.over_network,
        live=_is_live(row, load),
        source=(row.get("source_id") or "").strip(),
    )
    return ReadRow(
        case=Case(
            costs=step_costs(spec, accelerator, sharding),
            keys=keys,
            engine=_engine(era, accelerator, held, load, notes),
            shape=shape,
            load=load,
        ),
        devices=devices,
        spec=spec,
        accelerator=accelerator,
        sharding=sharding,
        assumed=tuple(assumed),
    )


def _sharding(row: Row, notes: str) -> tuple[Sharding, float]:
    devices = number(row, "gpu_count")
    tp, pp = number(row, "tp"), number(row, "pp") or 1.0
    count = devices or (tp or 1.0) * pp
    network = "different nodes" in notes
    whole = bool(re.search(r"enable-expert-parallel|--ep-size [2-9]|expert parallel", notes))
    if "data parallel" in notes and tp is None:
        return Sharding(dp=max(1, round(count))), count
    if tp is None:
        tp = max(1.0, count / pp)
    degrees = {"tp": max(1, round(tp)), "pp": max(1, round(pp))}
    return Sharding(**degrees, over_network=network, expert_parallel=whole), count


_STORED = {
    "fp16": Quantization.NONE, "float16": Quantization.NONE, "bf16": Quantization.NONE, "bfloat16": Quantization.NONE,
    "float32": Quantization.NONE, "fp32": Quantization.NONE, "full_prec": Quantization.NONE, "auto": Quantization.NONE,
    "fp16-sparse": Quantization.NONE, "fp8": Quantization.FP8, "int8_sq": Quantization.INT8, "int8": Quantization.INT8,
    "w8a8": Quantization.INT8, "gptq-int8": Quantization.BNB_INT8, "awq-int4": Quantization.AWQ_INT4,
    "awq": Quantization.AWQ_INT4, "gptq-int4": Quantization.GPTQ_INT4, "gptq": Quantization.GPTQ_INT4,
    "int4": Quantization.INT4, "w4a16": Quantization.INT4, "bitsandbytes": Quantization.BNB_NF4,
    "mxfp4": Quantization.MXFP4, "nvfp4": Quantization.NVFP4, "fp4": Quantization.NVFP4,
}  # fmt: skip
# TensorRT-LLM's quantised checkpoints (ModelOpt, `kv_cache_quant_algo`) keep the KV cache in FP8 too.
_SMALL_CACHE = (Quantization.FP8, Quantization.NVFP4)
_IN_NAMES = (
    ("nvfp4", "nvfp4"),
    ("fp8", "fp8"),
    ("awq", "awq"),
    ("gptq", "gptq"),
    ("marlin", "gptq"),
    ("w4a16", "int4"),
)


def _as_stored(row: Row, spec: ModelSpec, assumed: list[str]) -> ModelSpec:
    """The model with the weights and the KV cache that the row states; else with its checkpoint's own."""
    stated = (row.get("weight_dtype") or "").strip().lower()
    name = spec.name.lower()
    named = next((kind for part, kind in _IN_NAMES if part in name), None)
    stored = spec.quantization
    if stated in _STORED and _STORED[stated] is not Quantization.NONE:
        stored = _STORED[stated]
    elif spec.quantization is Quantization.NONE and named:
        stored = _STORED[named]
    elif stated and stated not in _STORED:
        assumed.append(f"weight dtype {stated[:20]!r} unknown, the checkpoint's own taken")
    cache = (row.get("kv_dtype") or "").lower()
    small_cache = any(kind in cache for kind in ("fp8", "int8"))
    if not cache and stored in _SMALL_CACHE and "tensorrt" in (row.get("engine") or "").lower():
        small_cache = True
        assumed.append("KV cache in FP8")
    return quantized(spec, stored, kv_dtype=Dtype.FP8 if small_cache else None)


_ROUND = (
    1,
    16,
    32,
    64,
    100,
    128,
    200,
    250,
    256,
    300,
    400,
    500,
    512,
    600,
    700,
    750,
    800,
    1000,
    1024,
)


def _is_round(tokens: float) -> bool:
    """A length that somebody typed; averages over conversations are not round."""
    near = [*_ROUND, *(round(tokens / 500) * 500, round(tokens / 512) * 512)]
    return any(abs(tokens - n) <= 0.013 * n for n in near if n)


def _shape(row: Row, assumed: list[str]) -> Shape:
    isl, osl = number(row, "isl"), number(row, "osl")
    conversation = "sharegpt" in f"{row.get('scenario')} {row.get('notes')}".lower()
    if isl is None and osl is None:
        assumed.append("lengths unknown, taken for those of conversations")
        conversation = True
    elif isl is None or osl is None:
        assumed.append("one length unknown")
    isl, osl = isl or CONVERSATION_ISL, osl or CONVERSATION_OSL
    if not conversation:
        typed = osl.is_integer() and _is_round(osl)
        conversation = not _is_round(isl) and not typed and isl < 2000
    cv = CONVERSATION_CV if conversation else 0.0
    return Shape(isl=isl, osl=osl, isl_cv=cv, osl_cv=cv if osl > 1 else 0.0)


def _load(row: Row, notes: str, assumed: list[str]) -> Load:
    scenario = (row.get("scenario") or "").lower()
    amount, rate = number(row, "concurrency_or_batch"), number(row, "request_rate")
    workers = re.search(r"([1-9])p([1-9])d", scenario)
    if workers:
        return Load(
            kind=LoadKind.SPLIT,
            amount=amount or 64.0,
            prefillers=float(workers[1]),
            decoders=float(workers[2]),
        )
    prompts = re.search(r"n_prompts=(\d+)", notes)
    if rate is not None:
        return Load(
            kind=LoadKind.OPEN, amount=rate, requests=float(prompts[1]) if prompts else 1000.0
        )
    if "burst" in scenario:
        return Load(kind=LoadKind.BURST, amount=amount or 1000.0)
    if amount is None:
        return Load(kind=LoadKind.SATURATED)
    if (
        "static" in scenario
        or "first-token" in scenario
        or (row.get("metric") or "") == "batch_e2e_s"
    ):
        return Load(kind=LoadKind.STATIC, amount=amount)
    return Load(kind=LoadKind.CLOSED, amount=amount)


def _is_live(row: Row, load: Load) -> bool:
    """Whether clients reach the engine through its HTTP server; engines' own throughput scripts call it directly."""
    scenario = (row.get("scenario") or "").lower()
    if "serving" in scenario:
        return True
    inside = any(word in scenario for word in ("offline", "throughput"))
    return load.kind not in IN_ENGINE and not inside


def _flag(notes: str, name: str) -> float | None:
    found = re.search(rf"{name}[= ](\d+)", notes.replace("-", "_"))
    return float(found[1]) if found else None


def _engine(era: str, accelerator: Accelerator, held: float, load: Load, notes: str) -> Engine:
    """The engine's default limits, and those that the notes state.

    vLLM (`EngineArgs.get_batch_defaults`): 1024 sequences and 8192 tokens from 70 GiB on except on A100, else 256 and 2048;
    offline 16384 and 8192 tokens. TensorRT-LLM: 2048 and 8192. SGLang: 8192 tokens a chunk, sequences by memory.
    """
    large = accelerator.memory_bytes >= 70 * GIB and "A100" not in accelerator.name
    offline = load.kind in (LoadKind.SATURATED, LoadKind.STATIC)
    if era == "vllm-new":
        seqs, tokens, mixed = (1024.0, 8192.0, 1.0) if large else (256.0, 2048.0, 1.0)
        tokens = tokens * (2.0 if large else 4.0) if offline else tokens
    elif era in ("vllm-old", "mii", "deepspeed", "lmdeploy"):
        seqs, tokens, mixed = 256.0, 4096.0, 0.0
    elif era in ("trtllm-old", "trtllm-new"):
        seqs, tokens, mixed = 2048.0, 8192.0, 1.0
    elif era == "sglang":
        seqs, tokens, mixed = 2048.0, 8192.0, 0.0
    else:
        seqs, tokens, mixed = 512.0, 8192.0, 1.0
    tokens = _flag(notes, "max_num_batched_tokens") or _flag(notes, "max_num_tokens") or tokens
    seqs = _flag(notes, "max_num_seqs") or seqs
    return Engine(
        max_seqs=seqs, max_batched_tokens=max(tokens, 1.25 * seqs), kv_tokens=held, mixed=mixed,
        reserve=1.0 if era.startswith("trtllm") else 0.5,
    )  # fmt: skip


def _kv_tokens(
    spec: ModelSpec, accelerator: Accelerator, sharding: Sharding, context: float, engine: str
) -> float:
    """What `advisor size` says for vLLM, which accounts for every buffer; a share of the device for other engines.

    In requests of that length: windows save nothing while a request fits into them.
    """
    if engine == "vllm" and sharding.dp == 1:
        found = sizing.fit(
            spec, accelerator, sharding.tp, pp_degree=sharding.pp, max_model_len=math.ceil(context)
        ).kv_tokens
        if 0 < found < math.inf:
            return float(found)
    return kv_tokens(spec, accelerator, sharding, context, of_free=engine == "trtllm")


def _stated_kv_tokens(
    notes: str, spec: ModelSpec, sharding: Sharding, context: float
) -> float | None:
    found = re.search(r"KV cache memory[^:]*: (\d+(?:\.\d+)?) GiB", notes)
    return tokens_in(float(found[1]) * GIB, spec, sharding, context) if found else None
