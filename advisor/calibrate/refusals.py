"""Rows of what cannot have run: degrees that the model does not divide by, requests longer than its context, weights larger
than the memory, more devices than there are.

A prediction for such a row would be a number for nothing. Each rule was held against every measured row of the shared
table: where an engine ran it, it is no rule. So requests beyond the model's context are refused for vLLM, which does not
take them, and with other engines only where the prompt alone is longer: TensorRT-LLM's and DeepSpeed's own benchmarks
decode past the context of GPT-J and of Falcon. Four cards of 40 GB held a model of 138 GB in DeepSpeed, where vLLM has no
room for its cache.
"""

from __future__ import annotations

import math
import re

from advisor.calibrate.rows import AMOUNTS, ReadRow, Row, number
from advisor.core import sizing
from advisor.core.model_spec import ModelSpec

ANY_ISLAND = 1024  # a row may stand for machines that are linked
# 8xH100, 8 x H100, H100x8, H100 x 8; RTX, MI300X and MAX1550 are names
IN_GPU = re.compile(r"^\s*(\d{1,4})\s*[xX×]\s*(?=[^\W\d])|(?:(?<=\d)|\s)[xX×]\s*(\d{1,3})\s*$")


def counted(row: Row) -> tuple[Row, str]:
    """The row with the number of devices that its `gpu` says (8xH100) where `gpu_count` says none; and which was taken."""
    found = IN_GPU.search(row.get("gpu") or "")
    if found is None:
        return row, ""
    said, stated = int(found[1] or found[2]), number(row, "gpu_count")
    if stated is None and said:
        return {**row, "gpu_count": str(said)}, f"gpu_count {said}, as gpu says"
    if stated == said:
        return row, ""
    return row, f"gpu says {said} devices, gpu_count {stated:g}: gpu_count taken"


def refusal(row: Row, read: ReadRow) -> str:
    """Why nothing can have run as the row says, naming the field; empty where it can."""
    return (
        _no_amount(row)
        or _not_whole(row)
        or _too_few_devices(row)
        or _does_not_split(row, read)
        or _too_long(row, read)
        or _too_large(read)
    )


def _no_amount(row: Row) -> str:
    """A number that no run has: left out, a row without a load would be one of a full engine.

    An infinite rate is none of them: benchmarks write it for all requests at once.
    """
    for field in AMOUNTS:
        try:
            value = float((row.get(field) or "").strip().replace(",", ""))
        except ValueError:
            continue  # empty, or no number at all: left out, and said
        if field == "request_rate":
            if math.isnan(value) or (value < math.inf and number(row, field) is None):
                return f"request_rate {value:g}: requests a second, above 0, are needed"
        elif not value >= 1 or number(row, field) is None:
            kind = "a length" if field in ("isl", "osl") else "a count"
            return f"{field} {value:g}: {kind} is at least 1"
    return ""


def _not_whole(row: Row) -> str:
    for field in ("tp", "pp", "gpu_count"):
        count = number(row, field)
        if count is not None and count % 1:
            return f"{field} {count:g}: a whole number is needed"
    return ""


def _too_few_devices(row: Row) -> str:
    tp, pp, devices = number(row, "tp") or 1.0, number(row, "pp") or 1.0, number(row, "gpu_count")
    if devices is None or tp * pp <= devices:
        return ""
    degrees = f"tp {tp:g}" + (f" x pp {pp:g}" if pp > 1 else "")
    return f"{degrees}: needs {tp * pp:g} devices, gpu_count is {devices:g}"


def _does_not_split(row: Row, read: ReadRow) -> str:
    """Attention heads divide in every engine; how else a model may be cut is known of vLLM. A row without a degree ran
    with one that does."""
    spec, cut = read.spec, read.sharding
    if number(row, "tp") is None:
        return ""
    if not _on_vllm(read):
        heads = spec.num_attention_heads
        divides = heads % cut.tp == 0
        return "" if divides else f"tp {cut.tp}: {heads} attention heads do not divide by {cut.tp}"
    why = sizing.why_invalid(
        spec, cut.tp, pp_degree=cut.pp, expert_parallel=cut.expert_parallel, devices_per_island=ANY_ISLAND
    )  # fmt: skip
    if why is None:
        return ""
    field = f"pp {cut.pp}" if cut.pp > spec.num_layers else f"tp {cut.tp}"
    if cut.expert_parallel and not spec.num_experts:
        field = "notes"
    return f"{field}: vLLM does not start: {why}"


def _too_long(row: Row, read: ReadRow) -> str:
    most, isl, osl = read.spec.max_context_tokens, number(row, "isl"), number(row, "osl")
    if most is None:
        return ""
    if isl is not None and isl > most:
        return f"isl {isl:g}: the model's context is {most} tokens"
    total = (isl or 0.0) + (osl or 0.0)
    if total > most and _on_vllm(read):
        return f"isl + osl {total:g}: the model's context is {most} tokens, and vLLM takes no longer request"
    return ""


def _too_large(read: ReadRow) -> str:
    """Weights on one device against all of its memory, of which no engine takes more."""
    spec, memory = read.spec, read.accelerator.memory_bytes
    held = _weight_bytes_per_device(spec, read)
    if held > memory:
        return (
            f"gpu_count {read.sharding.devices}: {held / 1e9:.1f} GB of weights on each device, which has "
            f"{memory / 1e9:.1f} GB"
        )
    if _on_vllm(read) and read.sharding.dp == 1 and _fits_nothing(read):
        return f"gpu_count {read.sharding.devices}: vLLM does not start: {held / 1e9:.1f} GB of weights leave no KV cache"
    return ""


def _weight_bytes_per_device(spec: ModelSpec, read: ReadRow) -> float:
    cut = read.sharding
    if cut.dp == 1:
        return spec.weight_bytes / cut.devices
    return (spec.weight_bytes - spec.expert_bytes) / (
        cut.tp * cut.pp
    ) + spec.expert_bytes / cut.devices


def _fits_nothing(read: ReadRow) -> bool:
    """Not a block of cache, not even in the whole of the memory."""
    cut = read.sharding
    found = sizing.fit(
        read.spec, read.accelerator, cut.tp, pp_degree=cut.pp, gpu_memory_utilization=1.0
    )
    return found.kv_tokens <= 0


def _on_vllm(read: ReadRow) -> bool:
    return read.case.keys.engine == "vllm"
