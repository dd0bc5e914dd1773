"""Rows that cannot be what they say, found by looking at them: scored with the rest, but nothing is learned from them."""

from __future__ import annotations

from advisor.calibrate.rows import Row


def doubt_of(row: Row) -> str:
    """Why the row is not learned from; empty for most."""
    source, metric = row.get("source_id") or "", row.get("metric") or ""
    if source == "dennislee22-a100" and metric.startswith("ttft"):
        # 30 prompts of 1,023 tokens are answered within 275 ms on one A100: 1.5 PFLOP/s of its 0.31. The runs repeat the
        # same prompts, so the prefix cache answers.
        return "first tokens from a warm prefix cache, faster than the hardware"
    if source == "gpustack-perf-lab" and (row.get("gpu") or "").startswith("Ascend"):
        # The same numbers to the digit stand under Qwen3-8B on one card and Qwen3-30B-A3B on two, and runs of MindIE
        # under vLLM.
        return "one run's numbers under two models, and two engines under one name"
    if source == "inferencex-experimental" and "Qwen3.5" in (row.get("model_hf_id") or ""):
        # 4.3 s to the first token at 4 clients, whether of 1,024 tokens or 4,096.
        return "seconds to the first token that do not grow with the prompt"
    if "sparse" in (row.get("weight_dtype") or ""):
        return "pruned weights, whose kernels are not modelled"
    return ""
