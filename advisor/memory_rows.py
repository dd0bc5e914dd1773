"""Rows of start-ups (the columns of memory_calibration.csv) answered with predicted weights and KV tokens.

A row that cannot be answered says why in `unsupported`; the rest of the file goes on. Nothing measured in the row is
read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from advisor import data
from advisor.core import sizing
from advisor.core.engine_memory import GIB, EngineSettings, default_settings
from advisor.core.hardware import Accelerator, find_measured
from advisor.core.model_spec import Dtype, ModelSpec, Quantization, quantized
from advisor.errors import AdvisorError, ConfigError

PREDICTED = (
    "predicted_weight_memory_gib", "predicted_kv_cache_tokens", "weight_low_gib", "weight_high_gib",
    "kv_tokens_low", "kv_tokens_high", "basis", "unsupported",
)  # fmt: skip
MAX_DEGREE = 1024
DEFAULT_UTILIZATION = 0.92
# Half-widths of the interval: of the 47 start-ups (tests/benchmarks/bench_memory.py, 2026-11-25) 85 % of the weights
# and 94 % of the KV tokens lie inside, a little wide for models that are not among them. What was not measured is
# wider: CUDA graphs, which vLLM takes off since 0.21 and which differed by that much, and the context and buffers of
# other devices.
WEIGHT_SPREAD = 0.005
RESERVE_SPREAD_BYTES = 0.06 * GIB
CUDA_GRAPHS_SPREAD_BYTES = 0.4 * GIB
RESERVE_SPREAD_ELSEWHERE_BYTES = 0.8 * GIB
MEASURED_ON = "H100"
CUDA_GRAPHS_COUNTED_SINCE = (0, 21)

# What a `quantization` column or flag calls a scheme.
QUANTIZATION_NAMES: Mapping[str, Quantization] = {
    **{name.value: name for name in Quantization},
    "fp8_e4m3": Quantization.FP8, "fp8-dynamic": Quantization.FP8, "fbgemm_fp8": Quantization.FP8,
    "w8a8": Quantization.INT8, "w8a16": Quantization.INT8, "awq": Quantization.AWQ_INT4,
    "awq_marlin": Quantization.AWQ_INT4, "gptq": Quantization.GPTQ_INT4, "gptq_marlin": Quantization.GPTQ_INT4,
    "w4a16": Quantization.INT4, "modelopt_fp4": Quantization.NVFP4, "bitsandbytes": Quantization.BNB_NF4,
    "bnb": Quantization.BNB_NF4,
}  # fmt: skip
_AS_IT_IS = {"", "auto", "none", "null", "bfloat16", "bf16", "float16", "fp16", "half"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUp:
    """One row, read: a model on devices under settings."""

    spec: ModelSpec
    accelerator: Accelerator
    tp_degree: int
    pp_degree: int
    gpu_memory_utilization: float
    max_model_len: int | None
    settings: EngineSettings


def answer(row: Mapping[str, str | None]) -> dict[str, str]:
    """The columns of PREDICTED for one row; blank but for `unsupported` where it cannot be answered."""
    blank = dict.fromkeys(PREDICTED, "")
    try:
        return {**blank, **_predicted(read_row(row))}
    except (AdvisorError, _RowError) as error:
        return {**blank, "unsupported": " ".join(str(error).split())[:300]}


class _RowError(Exception):
    """A cell that says nothing usable: this row alone is unsupported."""


def read_row(row: Mapping[str, str | None]) -> StartUp:
    from advisor.adapters.hub import load_model_spec

    model = _cell(row, "model_hf_id")
    if not model:
        raise _RowError("model_hf_id is empty")
    spec = load_model_spec(model, offline=True)
    accelerator = _accelerator(_cell(row, "gpu"))
    return StartUp(
        spec=_as_asked(spec, row),
        accelerator=accelerator,
        tp_degree=_whole(row, "tp", 1, most=MAX_DEGREE),
        pp_degree=_whole(row, "pp", 1, most=MAX_DEGREE),
        gpu_memory_utilization=_utilization(row),
        max_model_len=_optional_whole(row, "max_model_len"),
        settings=default_settings(accelerator, counts_cuda_graphs=_counts_cuda_graphs(row)),
    )


def _accelerator(name: str) -> Accelerator:
    """As `advisor predict` reads the column: of several that "H100" may mean, the form most rented."""
    from advisor.calibrate.names import cached_accelerator_of
    from advisor.calibrate.rows import Unsupported

    if not name:
        raise _RowError("gpu is empty")
    found = cached_accelerator_of(name)
    if isinstance(found, Unsupported):
        return find_measured(name, data.accelerators())[0]  # refuses it with the near names
    return found


def _predicted(start: StartUp) -> dict[str, str]:
    problem = sizing.why_invalid(
        start.spec, start.tp_degree, pp_degree=start.pp_degree, devices_per_island=MAX_DEGREE
    )
    if problem is None:
        problem = _too_long(start)
    if problem is not None:
        raise _RowError(f"vLLM does not start: {problem}")
    found = sizing.fit(
        start.spec,
        start.accelerator,
        start.tp_degree,
        pp_degree=start.pp_degree,
        gpu_memory_utilization=start.gpu_memory_utilization,
        max_model_len=start.max_model_len,
        settings=start.settings,
    )
    weights = found.weight_bytes_per_device / GIB
    measured = MEASURED_ON in start.accelerator.name.upper()
    spread = RESERVE_SPREAD_BYTES if measured else RESERVE_SPREAD_ELSEWHERE_BYTES
    spread += CUDA_GRAPHS_SPREAD_BYTES * start.settings.counts_cuda_graphs
    spread += WEIGHT_SPREAD * found.weight_bytes_per_device
    share = spread / found.kv_bytes_per_device if found.kv_bytes_per_device > 0 else 0.0
    cells = {
        "predicted_weight_memory_gib": f"{weights:.3f}",
        "predicted_kv_cache_tokens": str(max(found.kv_tokens, 0)),
        "weight_low_gib": f"{weights * (1 - WEIGHT_SPREAD):.3f}",
        "weight_high_gib": f"{weights * (1 + WEIGHT_SPREAD):.3f}",
        "kv_tokens_low": str(max(0, int(found.kv_tokens * (1 - share)))),
        "kv_tokens_high": str(max(0, int(found.kv_tokens * (1 + share)))),
        "basis": "fitted on vLLM start-ups on H100"
        if measured
        else "modelled: constants from H100",
    }
    if found.kv_tokens <= 0:
        cells["unsupported"] = "vLLM does not start: no memory is left for the KV cache"
    return cells


def _too_long(start: StartUp) -> str | None:
    asked, most = start.max_model_len, start.spec.max_context_tokens
    if asked is None or most is None or asked <= most:
        return None
    return f"max_model_len {asked} is beyond the model's context of {most} tokens"


def _cell(row: Mapping[str, str | None], name: str) -> str:
    return (row.get(name) or "").strip()


def _whole(row: Mapping[str, str | None], name: str, default: int, *, most: int) -> int:
    text = _cell(row, name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise _RowError(f"{name} is {text[:40]!r}, expected a whole number") from None
    if not 1 <= value <= most or value != int(value):
        raise _RowError(f"{name} is {text[:40]!r}, expected a whole number from 1 to {most}")
    return int(value)


def _optional_whole(row: Mapping[str, str | None], name: str) -> int | None:
    return _whole(row, name, 1, most=10**8) if _cell(row, name) else None


def _utilization(row: Mapping[str, str | None]) -> float:
    text = _cell(row, "gpu_memory_utilization")
    try:
        value = float(text) if text else DEFAULT_UTILIZATION
    except ValueError:
        raise _RowError(f"gpu_memory_utilization is {text[:40]!r}, expected a ratio") from None
    if not 0 < value <= 1:
        raise _RowError(f"gpu_memory_utilization is {text[:40]!r}, expected a ratio from 0 to 1")
    return value


def _as_asked(spec: ModelSpec, row: Mapping[str, str | None]) -> ModelSpec:
    asked = _cell(row, "quantization").lower()
    quantization = spec.quantization
    if asked == "compressed-tensors" or asked in _AS_IT_IS:
        pass  # as the checkpoint says
    elif asked in QUANTIZATION_NAMES:
        same = spec.quantization is not Quantization.NONE
        quantization = spec.quantization if same else QUANTIZATION_NAMES[asked]
    else:
        raise _RowError(f"quantization {asked[:40]!r} is unknown")
    dtype, kv = _cell(row, "dtype").lower(), _cell(row, "kv_cache_dtype").lower()
    if dtype not in _AS_IT_IS | {"float32", "fp32", "float"}:
        raise _RowError(f"dtype {dtype[:40]!r} is unknown")
    if kv not in _AS_IT_IS and not kv.startswith("fp8"):
        raise _RowError(f"kv_cache_dtype {kv[:40]!r} is unknown")
    return quantized(
        spec,
        quantization,
        kv_dtype=Dtype.FP8 if kv.startswith("fp8") else None,
        plain_bytes=4.0 if dtype in {"float32", "fp32", "float"} else None,
    )


def _counts_cuda_graphs(row: Mapping[str, str | None]) -> bool:
    """By the version of vLLM; a row without one is taken as the current one."""
    found = re.match(r"v?(\d+)\.(\d+)", _cell(row, "vllm_version"))
    return found is None or (int(found[1]), int(found[2])) >= CUDA_GRAPHS_COUNTED_SINCE


def check_columns(columns: list[str], file: str) -> None:
    """The two columns without which no row can be answered."""
    for needed in ("model_hf_id", "gpu"):
        if needed not in columns:
            raise ConfigError(f"{file}: column {needed!r} is missing")
