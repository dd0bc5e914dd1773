"""Measurements of ordinary, recent set-ups that the file lacks: each with who measured it.

The file has no dense model on vLLM's V1 engine on Hopper, which is what most people run. Without a row of it the fit would
fall back on the engine's slowest laboratories. One published figure is enough to say where it stands.
"""

from __future__ import annotations

from advisor.calibrate.rows import Row

# One H100, 512 in, 256 out: about 40 requests/s inside TTFT 300 ms and ITL 30 ms, as a comparison with llm-d-planner has it
# (November 2026; its raw log is not ours). Taken for vLLM with the checkpoint's bf16, and for the saturated rate, which is
# no lower.
_LLAMA_8B_REQUESTS_PER_S = 40.0

ANCHORS: tuple[Row, ...] = (
    {
        "source_id": "llm-d-planner-catalogue", "model_hf_id": "meta-llama/Llama-3.1-8B-Instruct", "gpu": "H100-SXM-80GB",
        "gpu_count": "1", "tp": "1", "engine": "vLLM", "weight_dtype": "bf16", "isl": "512", "osl": "256",
        "metric": "req_s", "value": str(_LLAMA_8B_REQUESTS_PER_S), "scenario": "serving, saturated", "date": "2026",
        "family": "Llama-3.1|H100-SXM-80GB",
    },
)  # fmt: skip
