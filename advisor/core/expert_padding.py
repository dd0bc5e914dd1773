"""How much larger a kernel makes MXFP4 experts in memory: it pads their widths to its tiles.

gpt-oss is 2880 wide, which no tile divides. vLLM 0.32 (fused_moe/oracle/mxfp4.py) takes the Triton kernels on Hopper,
whose layout pads one dimension of the values to 256, and Marlin on other NVIDIA devices before Blackwell, which pads
both: a start-up on H100 reported 64.38 GiB for gpt-oss-120b with Triton (vllm issue 33155, v0.14.1) and 65.97 with
Marlin (issue 23278, v0.10), of 60.77 unpadded; this gives 64.35 and 65.9.
"""

from __future__ import annotations

import math

from advisor.core.hardware import Accelerator
from advisor.core.model_spec import ModelSpec, Quantization

HOPPER = 9.0
VALUE_SHARE = 4.0 / 4.25  # of an MXFP4 weight's bits; the rest is its scale


def expert_padding(spec: ModelSpec, accelerator: Accelerator, tp_degree: int) -> float:
    """Factor on the bytes of the experts: 1 where nothing is padded or the kernel is not known."""
    capability = accelerator.compute_capability
    if spec.quantization is not Quantization.MXFP4 or capability is None or not spec.num_experts:
        return 1.0
    hidden, width = spec.hidden_size, spec.shards.expert_width / tp_degree
    if capability == HOPPER:
        tiled = _up(width, 64)
        # Gate and up are two thirds of an expert, padded along the hidden size; down is padded along its own width.
        up, down = _up(hidden, 256) / hidden * tiled / width, _up(tiled, 256) / width
        values = (2 * up + down) / 3
        return VALUE_SHARE * values + (1 - VALUE_SHARE) * tiled / width
    return _up(hidden, 256) / hidden * _up(width, 128) / width


def _up(size: float, multiple: int) -> float:
    return math.ceil(size / multiple) * multiple
