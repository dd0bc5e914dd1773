"""What is taken for likely before any measurement is read: stated here, and where every fit begins.

A base is what engines of today reach on hardware that suits them; a width is how far a factor's logarithm may plausibly lie
from it. Sources have factors too, so that one laboratory's habits (its harness, its host, its tuning) do not pass for a
card's or an engine's: they apply to rows of that source alone, and a stranger's are met without.
"""

from __future__ import annotations

from collections.abc import Mapping

# Each quantity's base: a starting point, and the width of the logarithm's prior around it.
BASES: Mapping[str, tuple[float, float]] = {
    "weight_mbu": (0.8, 0.08),
    "expert_mbu": (0.8, 0.3),
    "kv_mbu": (0.8, 0.15),
    "mfu": (0.6, 0.1),
    "expert_mfu": (0.4, 0.4),
    "half_tokens": (40.0, 0.7),
    "link": (0.8, 0.6),
    "hop_s": (8e-6, 0.25),
    "layer_s": (10e-6, 0.2),
    "step_s": (0.8e-3, 0.2),
    "seq_s": (6e-6, 0.4),
    "request_s": (10e-3, 0.7),
    "wait": (1.0, 0.5),
    "pace": (1.0, 0.01),
}
# How far a factor's logarithm may lie from 0, by quantity and level. A laboratory's hosts may lack what a card's datasheet
# has, devices that reach each other directly: then NCCL goes through the host's memory, at a tenth of NVLink's bandwidth and
# several times its latency. So a source's factor of the link may lie far out, that of a collective's start too.
WIDTHS: Mapping[str, Mapping[str, float]] = {
    "weight_mbu": {
        "era": 0.036, "vendor": 0.06, "generation": 0.06, "accelerator": 0.03, "precision": 0.15, "source": 0.06,
    },
    "expert_mbu": {"era": 0.12, "precision": 0.22, "unit": 0.1, "source": 0.24},
    "kv_mbu": {"era": 0.12, "vendor": 0.06, "generation": 0.1, "pair": 0.09, "source": 0.18},
    "mfu": {
        "port": 0.4, "era": 0.1, "vendor": 0.1, "generation": 0.1, "accelerator": 0.04, "precision": 0.25, "unit": 0.12,
        "pair": 0.14, "source": 0.25,
    },
    "expert_mfu": {
        "era": 0.15, "vendor": 0.12, "generation": 0.12, "precision": 0.3, "unit": 0.12, "pair": 0.4, "source": 0.3,
    },
    "half_tokens": {"vendor": 0.18, "precision": 0.3},
    "link": {"wire": 0.2, "pair": 0.18, "source": 2.0},
    "hop_s": {"era": 0.15, "wire": 0.2, "source": 1.0},
    "layer_s": {"port": 0.3, "era": 0.3, "vendor": 0.12, "kind": 0.2, "pair": 0.18, "source": 0.36},
    "step_s": {"served": 0.4, "era": 0.25, "vendor": 0.12, "source": 0.6},
    "seq_s": {"served": 0.5, "era": 0.5, "source": 0.6},
    "request_s": {"era": 0.24, "source": 0.8},
    "wait": {"era": 0.18, "source": 0.6},
    "pace": {"served": 0.12, "port": 0.3, "era": 0.08, "pair": 0.07, "kind": 0.05, "family": 0.08, "source": 0.1},
}  # fmt: skip
# Where a factor is likely to lie if not at 1. vLLM before its V1 engine scheduled, sampled and detokenised in the process
# that launched the kernels: for Llama-3-8B on an H100 29 % of the time went into scheduling and preparing inputs, 33 % into
# the HTTP server, which leaves 38 % for the device ("vLLM v0.6.0: 2.7x Throughput Improvement", blog.vllm.ai, 2024-09-05):
# with 256 sequences and 16 ms of device time a step some 12 ms, 40 us a sequence.
STARTS: Mapping[tuple[str, str, str], float] = {
    ("seq_s", "era", "vllm-old"): 5.0,
    ("step_s", "era", "vllm-old"): 2.0,
}
NOISE = 0.12  # of one measurement's logarithm, about what the best of models leaves
TAIL_NOISE = 0.5  # percentiles from 90 on depend on lengths that nobody states
QUEUE_NOISE = 0.3  # first tokens of a burst or a full queue
DEGREES_OF_FREEDOM = 3.0  # of Student's t: a few rows are wrong by factors
# An engine's port to another vendor's hardware is a program of its own: factors of an era and a generation together may
# lie so many times farther from 1 there.
PORT_WIDENED = 5.0
# Runs that were not set up to be fast count less: a starved KV cache on shared pods, a folder of experiments, ports in their
# first months (the measurements' README calls the MI300X untuned). A source, or a source and an accelerator.
LITTLE_TRUST: Mapping[str, float] = {
    "dennislee22-a100": 0.3,
    "inferencex-experimental": 0.3,
    "argonne-llm-inference-bench|MI300X-192GB": 0.5,
    "argonne-llm-inference-bench|MAX1550-128GB": 0.5,
}
# one row must hold against the pull of laboratories that were not set up to be fast
ANCHOR_TRUST = 8.0
