"""What the units of one architecture do per clock, and how the rates of its dtypes stand to each other.

NVIDIA (compute capability 6.0 to 12.0), AMD (CDNA 2 to 4) and AWS publish them with each architecture. Times unit count
and clock they bound every peak of our own table, which a test says: a vendor quotes it at the boost clock or somewhat
below (H100 NVL at 87 %), never above.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What one architecture does per clock and unit, and which rate each dtype has to bf16 (fp16 before Ampere)."""

    matrix_ops: int | None  # fp16, dense, FP32 accumulate; None where the vendor tells only totals
    vector_ops: int | None  # fp32
    to_bf16: Mapping[str, tuple[float, ...]]  # column -> ratios that occur; absent: no such unit


FP8, INT8, FP4 = "fp8_dense_flops_per_s", "int8_dense_ops_per_s", "fp4_dense_flops_per_s"
TF32 = "tf32_flops_per_s"
# By compute capability, or by architecture where the vendor has none. GeForce-like parts halve the float rate, not int8's.
GENERATIONS: Mapping[str, Generation] = {
    "6.0": Generation(matrix_ops=256, vector_ops=128, to_bf16={}),
    "6.1": Generation(matrix_ops=4, vector_ops=256, to_bf16={INT8: ()}),  # DP4A
    "7.0": Generation(matrix_ops=1024, vector_ops=128, to_bf16={}),
    "7.5": Generation(matrix_ops=1024, vector_ops=128, to_bf16={INT8: (2,)}),
    "8.0": Generation(matrix_ops=2048, vector_ops=128, to_bf16={INT8: (2,), TF32: (0.5,)}),
    "8.6": Generation(matrix_ops=1024, vector_ops=256, to_bf16={INT8: (2, 4), TF32: (0.5,)}),
    "8.9": Generation(
        matrix_ops=1024, vector_ops=256, to_bf16={FP8: (2,), INT8: (2, 4), TF32: (0.5,)}
    ),
    "9.0": Generation(
        matrix_ops=4096, vector_ops=256, to_bf16={FP8: (2,), INT8: (2,), TF32: (0.5,)}
    ),
    "10.0": Generation(
        matrix_ops=8192, vector_ops=256, to_bf16={FP8: (2,), INT8: (2,), FP4: (4,), TF32: (0.5,)}
    ),
    # Blackwell Ultra gave int8 up for fp4, whose rate sources put between 5.6 and 6.7 times bf16.
    "10.3": Generation(
        matrix_ops=8192,
        vector_ops=256,
        to_bf16={FP8: (2,), INT8: (0.067,), FP4: (5.6, 5.8, 6, 6.2, 6.4, 6.6), TF32: (0.5,)},
    ),
    "12.0": Generation(
        matrix_ops=1024,
        vector_ops=256,
        to_bf16={FP8: (2,), INT8: (2, 4), FP4: (4, 8), TF32: (0.5,)},
    ),
    "CDNA2": Generation(matrix_ops=1024, vector_ops=128, to_bf16={INT8: (1,)}),
    "CDNA3": Generation(
        matrix_ops=2048, vector_ops=256, to_bf16={FP8: (2,), INT8: (2,), TF32: (0.5,)}
    ),
    "CDNA4": Generation(matrix_ops=4096, vector_ops=256, to_bf16={FP8: (2,), INT8: (2,), FP4: (4,)}),
    "NeuronCore-v2": Generation(
        matrix_ops=None, vector_ops=None, to_bf16={FP8: (1,), INT8: (2,), TF32: (1,)}
    ),
}  # fmt: skip
CAPPED = ("H20",)  # export versions: the units are there, the rate is not
