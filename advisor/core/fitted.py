"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.298,
    "expert_mfu": -0.7657,
    "half_tokens": 3.4039,
    "hop_s": -11.429,
    "kv_mbu": -0.2503,
    "layer_s": -11.2671,
    "link": -0.6475,
    "mfu": -0.4912,
    "pace": 0.0012,
    "request_s": -4.3983,
    "seq_s": -11.8238,
    "step_s": -6.8349,
    "wait": -0.0565,
    "weight_mbu": -0.2097
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0677,
            "sambaflow": 0.0,
            "sglang": 0.0049,
            "trtllm-new": -0.0832,
            "trtllm-old": 0.0947,
            "vllm-new": -0.0551,
            "vllm-old": -0.0042
        },
        "precision": {
            "fp8": -0.3791,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.2554,
            "nvfp4": -0.037,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.2416,
            "dennislee22-a100": -0.005,
            "dstack-pd-ratio": 0.0278,
            "gpustack-perf-lab": -0.1564,
            "inferencex-experimental": -0.0489,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.1276,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.2175,
            "trtllm-docs-v1.0": -0.2701,
            "trtllm-docs-v1.2": -0.0503
        },
        "unit": {
            "fp8|ampere": -0.0108,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0723,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.032,
            "mxfp4|blackwell": 0.0305,
            "mxfp4|hopper": -0.0085,
            "nvfp4|blackwell": 0.0001,
            "nvfp4|blackwell-gddr": -0.0109,
            "w8|ampere": 0.0
        }
    },
    "expert_mfu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0561,
            "sambaflow": 0.0,
            "sglang": -0.0884,
            "trtllm-new": -0.0278,
            "trtllm-old": 0.0903,
            "vllm-new": -0.0191,
            "vllm-old": -0.0038
        },
        "generation": {
            "ada": 0.0,
            "ampere": 0.0342,
            "ampere-gddr": 0.0,
            "blackwell": 0.0103,
            "blackwell-gddr": 0.0202,
            "cdna2": -0.0038,
            "cdna3": 0.0048,
            "gaudi": 0.0,
            "hopper": -0.0477,
            "ponte-vecchio": 0.0,
            "sn40": 0.0
        },
        "pair": {
            "deepspeed|gaudi": 0.0,
            "lmdeploy|ampere": 0.0,
            "mii|ampere": 0.3709,
            "sambaflow|sn40": 0.0,
            "sglang|ampere": -0.6309,
            "sglang|hopper": 0.0975,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.1273,
            "trtllm-new|blackwell-gddr": 0.1727,
            "trtllm-new|hopper": -0.4881,
            "trtllm-old|ampere": 0.3688,
            "trtllm-old|hopper": 0.2899,
            "vllm-new|ampere": 0.2164,
            "vllm-new|cdna3": 0.0,
            "vllm-new|hopper": -0.4829,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": -0.0389,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": -0.227,
            "vllm-old|cdna3": 0.3397,
            "vllm-old|hopper": 0.0,
            "vllm-old|ponte-vecchio": 0.0
        },
        "precision": {
            "fp8": 0.1936,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.1188,
            "nvfp4": -0.5234,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.3115,
            "dennislee22-a100": -0.0199,
            "dstack-pd-ratio": 0.0559,
            "gpustack-perf-lab": -0.1739,
            "inferencex-experimental": -0.2772,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.1258,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.1293,
            "trtllm-docs-v1.0": 0.1111,
            "trtllm-docs-v1.2": -0.1829
        },
        "unit": {
            "fp8|ampere": 0.0202,
            "fp8|cdna3": 0.0,
            "fp8|hopper": 0.0131,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": -0.0226,
            "mxfp4|blackwell": 0.1125,
            "mxfp4|hopper": -0.0717,
            "nvfp4|blackwell": -0.101,
            "nvfp4|blackwell-gddr": 0.0202,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": 0.0008,
            "Intel": 0.0,
            "NVIDIA": 0.0131,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.0957,
            "int4": -0.0769,
            "int8": 0.0448,
            "mxfp4": -0.001,
            "nvfp4": 0.0672,
            "w8": 0.0048
        },
        "vendor": {
            "AMD": -0.0998,
            "Intel": -0.0112,
            "NVIDIA": 0.0705,
            "SambaNova": -0.0037
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": 0.101,
            "lmdeploy": 0.0037,
            "mii": 0.154,
            "sambaflow": -0.0704,
            "sglang": 0.0152,
            "trtllm-new": 0.0,
            "trtllm-old": -0.0258,
            "vllm-new": 0.0606,
            "vllm-old": 0.0565
        },
        "source": {
            "argonne-llm-inference-bench": 0.7303,
            "dennislee22-a100": 0.1779,
            "dstack-pd-ratio": 0.0817,
            "gpustack-perf-lab": 0.0551,
            "inferencex-experimental": 0.1058,
            "lmdeploy-a100": 0.0212,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0233,
            "trtllm-docs-v0.14": 0.144,
            "trtllm-docs-v0.6": 0.1774,
            "trtllm-docs-v0.9": 0.2396,
            "trtllm-docs-v1.0": -0.168,
            "trtllm-docs-v1.2": 0.1682
        },
        "wire": {
            "AMD links": 0.3027,
            "Intel links": 0.2297,
            "NVIDIA links": 0.0874,
            "network": 0.002,
            "pcie": -0.0978
        }
    },
    "kv_mbu": {
        "era": {
            "deepspeed": -0.0076,
            "lmdeploy": 0.0244,
            "mii": -0.0144,
            "sambaflow": -0.0095,
            "sglang": 0.0021,
            "trtllm-new": -0.0159,
            "trtllm-old": 0.0605,
            "vllm-new": 0.0045,
            "vllm-old": -0.0638
        },
        "generation": {
            "ada": -0.0056,
            "ampere": 0.0201,
            "ampere-gddr": -0.0377,
            "blackwell": -0.052,
            "blackwell-gddr": -0.0052,
            "cdna2": 0.0229,
            "cdna3": 0.0201,
            "gaudi": -0.0053,
            "hopper": 0.0773,
            "ponte-vecchio": -0.0242,
            "sn40": -0.0066
        },
        "pair": {
            "deepspeed|gaudi": -0.0879,
            "lmdeploy|ampere": 0.0137,
            "mii|ampere": -0.0083,
            "sambaflow|sn40": -0.1352,
            "sglang|ampere": 0.0071,
            "sglang|hopper": -0.006,
            "trtllm-new|ampere": 0.0053,
            "trtllm-new|blackwell": -0.0423,
            "trtllm-new|blackwell-gddr": -0.0033,
            "trtllm-new|hopper": 0.0354,
            "trtllm-old|ampere": 0.0361,
            "trtllm-old|hopper": -0.0024,
            "vllm-new|ampere": -0.0412,
            "vllm-new|cdna3": 0.0018,
            "vllm-new|hopper": 0.0436,
            "vllm-old|ada": -0.0045,
            "vllm-old|ampere": -0.0006,
            "vllm-old|ampere-gddr": -0.0305,
            "vllm-old|cdna2": 0.3015,
            "vllm-old|cdna3": 0.3006,
            "vllm-old|hopper": -0.0122,
            "vllm-old|ponte-vecchio": -0.5233
        },
        "source": {
            "argonne-llm-inference-bench": -0.0973,
            "dennislee22-a100": -0.0699,
            "dstack-pd-ratio": -0.0241,
            "gpustack-perf-lab": -0.0443,
            "inferencex-experimental": 0.0003,
            "lmdeploy-a100": 0.0548,
            "nm-vllm-nightly": -0.1424,
            "rocm-vllm-devdocker": 0.0003,
            "trtllm-docs-v0.14": 0.0211,
            "trtllm-docs-v0.6": 0.0351,
            "trtllm-docs-v0.9": 0.0448,
            "trtllm-docs-v1.0": -0.1271,
            "trtllm-docs-v1.2": 0.0699
        },
        "vendor": {
            "AMD": 0.0158,
            "Intel": -0.0106,
            "NVIDIA": -0.0037,
            "SambaNova": -0.0024
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": 0.0512,
            "lmdeploy": -0.0006,
            "mii": 0.1767,
            "sambaflow": -0.0674,
            "sglang": 0.0472,
            "trtllm-new": 0.0292,
            "trtllm-old": 0.0856,
            "vllm-new": 0.0727,
            "vllm-old": 0.1484
        },
        "kind": {
            "dense": 0.0047,
            "moe": 0.2629,
            "moe speculative": -0.0029
        },
        "pair": {
            "deepspeed|gaudi": 0.5214,
            "lmdeploy|ampere": -0.0002,
            "mii|ampere": 0.0635,
            "sambaflow|sn40": -0.5659,
            "sglang|ampere": 0.0023,
            "sglang|hopper": 0.0146,
            "trtllm-new|ampere": -0.0012,
            "trtllm-new|blackwell": 0.0209,
            "trtllm-new|blackwell-gddr": 0.0046,
            "trtllm-new|hopper": -0.0141,
            "trtllm-old|ampere": 0.0465,
            "trtllm-old|hopper": -0.0136,
            "vllm-new|ampere": 0.0088,
            "vllm-new|cdna3": 0.0731,
            "vllm-new|hopper": 0.0156,
            "vllm-old|ada": -0.0164,
            "vllm-old|ampere": 0.0212,
            "vllm-old|ampere-gddr": -0.0012,
            "vllm-old|cdna2": 1.265,
            "vllm-old|cdna3": 0.2023,
            "vllm-old|hopper": -0.0201,
            "vllm-old|ponte-vecchio": 0.3461
        },
        "source": {
            "argonne-llm-inference-bench": 0.2067,
            "dennislee22-a100": 0.0331,
            "dstack-pd-ratio": 0.0589,
            "gpustack-perf-lab": 0.0066,
            "inferencex-experimental": 0.0794,
            "lmdeploy-a100": -0.0008,
            "nm-vllm-nightly": 0.0448,
            "rocm-vllm-devdocker": 0.0111,
            "trtllm-docs-v0.14": 0.0354,
            "trtllm-docs-v0.6": 0.1245,
            "trtllm-docs-v0.9": 0.1558,
            "trtllm-docs-v1.0": -0.0674,
            "trtllm-docs-v1.2": 0.1132
        },
        "vendor": {
            "AMD": 0.0282,
            "Intel": 0.0139,
            "NVIDIA": 0.0575,
            "SambaNova": -0.0109
        }
    },
    "link": {
        "pair": {
            "deepspeed|gaudi": -0.4752,
            "lmdeploy|ampere": -0.0218,
            "mii|ampere": -0.0081,
            "sambaflow|sn40": 0.0494,
            "sglang|ampere": -0.0102,
            "sglang|hopper": -0.0001,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.0773,
            "trtllm-new|blackwell-gddr": 0.1347,
            "trtllm-new|hopper": 0.0769,
            "trtllm-old|ampere": -0.1553,
            "trtllm-old|hopper": 0.1138,
            "vllm-new|ampere": -0.2278,
            "vllm-new|cdna3": -0.4434,
            "vllm-new|hopper": -0.0987,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": -0.0083,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": 0.3661,
            "vllm-old|cdna3": -1.2826,
            "vllm-old|hopper": 0.0392,
            "vllm-old|ponte-vecchio": -0.0086
        },
        "source": {
            "argonne-llm-inference-bench": -0.0538,
            "dennislee22-a100": -0.2865,
            "dstack-pd-ratio": -0.0003,
            "gpustack-perf-lab": -0.1316,
            "inferencex-experimental": -0.1751,
            "lmdeploy-a100": -0.0387,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": -0.0323,
            "trtllm-docs-v0.14": -0.0048,
            "trtllm-docs-v0.6": -0.0701,
            "trtllm-docs-v0.9": -0.0012,
            "trtllm-docs-v1.0": 0.4843,
            "trtllm-docs-v1.2": -0.102
        },
        "wire": {
            "AMD links": -0.0763,
            "Intel links": -0.0235,
            "NVIDIA links": 0.0618,
            "network": -0.1853,
            "pcie": 0.017
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0193,
            "A100-SXM-40GB": -0.0034,
            "A100-SXM-80GB": 0.0235,
            "A10G-24GB": 0.0029,
            "B200-SXM-180GB": -0.0011,
            "GAUDI2-96GB": 0.0012,
            "GB200-186GB": -0.0015,
            "H100-SXM-80GB": -0.0205,
            "H200-SXM-141GB": 0.0234,
            "L4-24GB": -0.0013,
            "MAX1550-128GB": -0.0048,
            "MI250-128GB": 0.0027,
            "MI300X-192GB": -0.0055,
            "RTXPRO6000-SERVER-96GB": 0.0037,
            "SN40L-64GB": 0.0002
        },
        "era": {
            "deepspeed": 0.0075,
            "lmdeploy": -0.0054,
            "mii": -0.0293,
            "sambaflow": 0.0011,
            "sglang": 0.0071,
            "trtllm-new": 0.0105,
            "trtllm-old": 0.0003,
            "vllm-new": 0.0306,
            "vllm-old": -0.0123
        },
        "generation": {
            "ada": -0.0082,
            "ampere": 0.0137,
            "ampere-gddr": 0.0145,
            "blackwell": -0.0138,
            "blackwell-gddr": 0.0239,
            "cdna2": 0.0115,
            "cdna3": -0.0324,
            "gaudi": 0.0075,
            "hopper": 0.021,
            "ponte-vecchio": -0.0293,
            "sn40": 0.0011
        },
        "pair": {
            "deepspeed|gaudi": 0.4178,
            "lmdeploy|ampere": -0.0107,
            "mii|ampere": -0.0569,
            "sambaflow|sn40": 0.0495,
            "sglang|ampere": 0.0421,
            "sglang|hopper": -0.0262,
            "trtllm-new|ampere": 0.001,
            "trtllm-new|blackwell": -0.0264,
            "trtllm-new|blackwell-gddr": 0.0483,
            "trtllm-new|hopper": -0.0065,
            "trtllm-old|ampere": 0.0129,
            "trtllm-old|hopper": -0.0121,
            "vllm-new|ampere": -0.0673,
            "vllm-new|cdna3": 0.0392,
            "vllm-new|hopper": 0.1279,
            "vllm-old|ada": -0.0161,
            "vllm-old|ampere": 0.0938,
            "vllm-old|ampere-gddr": 0.0269,
            "vllm-old|cdna2": 0.1194,
            "vllm-old|cdna3": -1.241,
            "vllm-old|hopper": -0.0332,
            "vllm-old|ponte-vecchio": -1.1295
        },
        "precision": {
            "fp8": -0.2495,
            "int4": 0.044,
            "int8": -0.0736,
            "mxfp4": 0.0273,
            "nvfp4": -0.511,
            "w8": -0.0388
        },
        "source": {
            "argonne-llm-inference-bench": -0.5141,
            "dennislee22-a100": -0.1389,
            "dstack-pd-ratio": -0.0887,
            "gpustack-perf-lab": 0.0965,
            "inferencex-experimental": -0.2455,
            "lmdeploy-a100": -0.034,
            "nm-vllm-nightly": 0.006,
            "rocm-vllm-devdocker": 0.0068,
            "trtllm-docs-v0.14": 0.0947,
            "trtllm-docs-v0.6": 0.0732,
            "trtllm-docs-v0.9": 0.1481,
            "trtllm-docs-v1.0": 0.0076,
            "trtllm-docs-v1.2": 0.0673
        },
        "unit": {
            "fp8|ampere": -0.0267,
            "fp8|cdna3": 0.0016,
            "fp8|hopper": -0.0364,
            "int4|ampere": -0.1274,
            "int4|ampere-gddr": 0.1371,
            "int8|ampere": -0.0169,
            "mxfp4|ampere": -0.053,
            "mxfp4|blackwell": 0.1451,
            "mxfp4|hopper": -0.0823,
            "nvfp4|blackwell": -0.161,
            "nvfp4|blackwell-gddr": 0.035,
            "w8|ampere": -0.0085
        },
        "vendor": {
            "AMD": -0.0219,
            "Intel": -0.021,
            "NVIDIA": 0.0553,
            "SambaNova": 0.0011
        }
    },
    "pace": {
        "era": {
            "deepspeed": -0.0039,
            "lmdeploy": -0.006,
            "mii": 0.1031,
            "sambaflow": -0.046,
            "sglang": 0.019,
            "trtllm-new": -0.0507,
            "trtllm-old": 0.0023,
            "vllm-new": 0.0608,
            "vllm-old": 0.0268
        },
        "family": {
            "aquila": -0.0301,
            "bloom": -0.0183,
            "decilm": 0.0259,
            "deepseek": 0.0524,
            "falcon": 0.0226,
            "glm": 0.0674,
            "gpt": -0.0591,
            "internlm": -0.0146,
            "llama": -0.0159,
            "meta": 0.0255,
            "minimax": 0.0663,
            "mistral": 0.0465,
            "mixtral": -0.02,
            "openhermes": -0.021,
            "opt": -0.0465,
            "qwen1.5": -0.0297,
            "qwen2": 0.0087,
            "qwen2.5": 0.031,
            "qwen3": 0.0509
        },
        "kind": {
            "dense": 0.0243,
            "moe": 0.0207,
            "moe speculative": -0.0005
        },
        "pair": {
            "deepspeed|gaudi": -0.0378,
            "lmdeploy|ampere": -0.0046,
            "mii|ampere": 0.0774,
            "sambaflow|sn40": -0.5449,
            "sglang|ampere": -0.0063,
            "sglang|hopper": 0.0229,
            "trtllm-new|ampere": -0.0107,
            "trtllm-new|blackwell": -0.0066,
            "trtllm-new|blackwell-gddr": -0.0217,
            "trtllm-new|hopper": -0.0124,
            "trtllm-old|ampere": 0.0343,
            "trtllm-old|hopper": -0.0313,
            "vllm-new|ampere": 0.0865,
            "vllm-new|cdna3": 0.1195,
            "vllm-new|hopper": -0.0423,
            "vllm-old|ada": -0.0245,
            "vllm-old|ampere": -0.0071,
            "vllm-old|ampere-gddr": 0.0076,
            "vllm-old|cdna2": 0.4037,
            "vllm-old|cdna3": 0.4073,
            "vllm-old|hopper": -0.0237,
            "vllm-old|ponte-vecchio": 0.9375
        },
        "source": {
            "argonne-llm-inference-bench": -0.0545,
            "dennislee22-a100": 0.1015,
            "dstack-pd-ratio": 0.0484,
            "gpustack-perf-lab": 0.0344,
            "inferencex-experimental": 0.097,
            "lmdeploy-a100": -0.0093,
            "nm-vllm-nightly": 0.0712,
            "rocm-vllm-devdocker": 0.01,
            "trtllm-docs-v0.14": 0.078,
            "trtllm-docs-v0.6": 0.0353,
            "trtllm-docs-v0.9": 0.0339,
            "trtllm-docs-v1.0": -0.0663,
            "trtllm-docs-v1.2": 0.0045
        }
    },
    "request_s": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": -0.0001,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0013,
            "trtllm-new": 0.0001,
            "trtllm-old": 0.0002,
            "vllm-new": -0.0036,
            "vllm-old": 0.0251
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": 0.0041,
            "dstack-pd-ratio": 0.0098,
            "gpustack-perf-lab": -0.087,
            "inferencex-experimental": 0.0516,
            "lmdeploy-a100": -0.0007,
            "nm-vllm-nightly": 0.2806,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": 0.0018,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.0011,
            "trtllm-docs-v1.2": -0.0012
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": 0.0808,
            "lmdeploy": -0.0391,
            "mii": 0.1744,
            "sambaflow": 0.0076,
            "sglang": 0.1064,
            "trtllm-new": -0.4499,
            "trtllm-old": -0.3483,
            "vllm-new": 0.0842,
            "vllm-old": 0.7109
        },
        "source": {
            "argonne-llm-inference-bench": 0.7773,
            "dennislee22-a100": 0.048,
            "dstack-pd-ratio": -0.0168,
            "gpustack-perf-lab": 0.6165,
            "inferencex-experimental": 0.0082,
            "lmdeploy-a100": -0.0562,
            "nm-vllm-nightly": 0.0428,
            "rocm-vllm-devdocker": 0.1265,
            "trtllm-docs-v0.14": -0.2819,
            "trtllm-docs-v0.6": -0.1151,
            "trtllm-docs-v0.9": 0.4205,
            "trtllm-docs-v1.0": -0.5208,
            "trtllm-docs-v1.2": -0.1991
        }
    },
    "step_s": {
        "era": {
            "deepspeed": -0.0125,
            "lmdeploy": -0.0075,
            "mii": 0.5025,
            "sambaflow": -0.181,
            "sglang": 0.1076,
            "trtllm-new": -0.0279,
            "trtllm-old": -0.2061,
            "vllm-new": 0.0557,
            "vllm-old": 0.2462
        },
        "source": {
            "argonne-llm-inference-bench": 0.2976,
            "dennislee22-a100": 0.1569,
            "dstack-pd-ratio": 0.6315,
            "gpustack-perf-lab": -0.0137,
            "inferencex-experimental": 0.2777,
            "lmdeploy-a100": -0.0435,
            "nm-vllm-nightly": 0.5649,
            "rocm-vllm-devdocker": 0.0297,
            "trtllm-docs-v0.14": -0.0827,
            "trtllm-docs-v0.6": 0.5233,
            "trtllm-docs-v0.9": 0.7427,
            "trtllm-docs-v1.0": -0.0623,
            "trtllm-docs-v1.2": -0.0747
        },
        "vendor": {
            "AMD": -0.0018,
            "Intel": 0.0103,
            "NVIDIA": 0.1239,
            "SambaNova": -0.0441
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0102,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0007,
            "trtllm-new": 0.0182,
            "trtllm-old": 0.0046,
            "vllm-new": -0.027,
            "vllm-old": -0.0139
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": -0.0065,
            "dstack-pd-ratio": -0.1242,
            "gpustack-perf-lab": 0.0388,
            "inferencex-experimental": 0.0349,
            "lmdeploy-a100": 0.1129,
            "nm-vllm-nightly": -0.1636,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": 0.0514,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.0086,
            "trtllm-docs-v1.2": -0.0029
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0047,
            "A100-SXM-40GB": 0.0098,
            "A100-SXM-80GB": -0.0003,
            "A10G-24GB": -0.0,
            "B200-SXM-180GB": 0.0012,
            "GAUDI2-96GB": 0.0052,
            "GB200-186GB": -0.0002,
            "H100-SXM-80GB": -0.0202,
            "H200-SXM-141GB": 0.0118,
            "L4-24GB": 0.002,
            "MAX1550-128GB": 0.0004,
            "MI250-128GB": -0.001,
            "MI300X-192GB": 0.0041,
            "RTXPRO6000-SERVER-96GB": -0.0023,
            "SN40L-64GB": 0.0033
        },
        "era": {
            "deepspeed": 0.0074,
            "lmdeploy": 0.0004,
            "mii": 0.0111,
            "sambaflow": 0.0047,
            "sglang": -0.0004,
            "trtllm-new": -0.0039,
            "trtllm-old": -0.0198,
            "vllm-new": -0.0001,
            "vllm-old": 0.0157
        },
        "generation": {
            "ada": 0.0082,
            "ampere": 0.0162,
            "ampere-gddr": -0.0001,
            "blackwell": 0.0044,
            "blackwell-gddr": -0.009,
            "cdna2": -0.0034,
            "cdna3": 0.0165,
            "gaudi": 0.0185,
            "hopper": -0.0312,
            "ponte-vecchio": 0.0016,
            "sn40": 0.0128
        },
        "precision": {
            "fp8": -0.2223,
            "int4": 0.0035,
            "int8": -0.0541,
            "mxfp4": 0.1204,
            "nvfp4": -0.0844,
            "w8": -0.0006
        },
        "source": {
            "argonne-llm-inference-bench": 0.0855,
            "dennislee22-a100": 0.0037,
            "dstack-pd-ratio": 0.0009,
            "gpustack-perf-lab": -0.0,
            "inferencex-experimental": -0.0037,
            "lmdeploy-a100": 0.0012,
            "nm-vllm-nightly": -0.0084,
            "rocm-vllm-devdocker": 0.0006,
            "trtllm-docs-v0.14": -0.0342,
            "trtllm-docs-v0.6": -0.0211,
            "trtllm-docs-v0.9": -0.0068,
            "trtllm-docs-v1.0": -0.0107,
            "trtllm-docs-v1.2": -0.005
        },
        "vendor": {
            "AMD": 0.013,
            "Intel": 0.0198,
            "NVIDIA": -0.0028,
            "SambaNova": 0.0128
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "far": (
            1.1533,
            0.5766
        ),
        "known": (
            1.1533,
            0.5766
        ),
        "near": (
            1.1533,
            0.5766
        )
    },
    "e2e-tail|open": {
        "far": (
            1.1533,
            0.5766
        ),
        "known": (
            1.1533,
            0.5766
        ),
        "near": (
            1.1533,
            0.5766
        )
    },
    "e2e|any": {
        "far": (
            1.8778,
            0.9389
        ),
        "known": (
            1.8778,
            0.9389
        ),
        "near": (
            1.8778,
            0.9389
        )
    },
    "e2e|open": {
        "far": (
            1.8778,
            0.9389
        ),
        "known": (
            1.8778,
            0.9389
        ),
        "near": (
            1.8778,
            0.9389
        )
    },
    "throughput|any": {
        "far": (
            1.7614,
            0.8807
        ),
        "known": (
            0.5512,
            0.2989
        ),
        "near": (
            1.066,
            0.533
        )
    },
    "throughput|burst": {
        "far": (
            1.057,
            0.5285
        ),
        "known": (
            0.7114,
            0.3557
        ),
        "near": (
            1.057,
            0.5285
        )
    },
    "throughput|closed": {
        "far": (
            1.2673,
            0.6336
        ),
        "known": (
            1.2673,
            0.6336
        ),
        "near": (
            1.2673,
            0.6336
        )
    },
    "throughput|saturated": {
        "far": (
            0.3906,
            0.3696
        ),
        "known": (
            0.3202,
            0.3696
        ),
        "near": (
            0.3906,
            0.3696
        )
    },
    "throughput|split": {
        "far": (
            0.4263,
            0.3432
        ),
        "known": (
            0.4263,
            0.3432
        ),
        "near": (
            0.4263,
            0.3432
        )
    },
    "throughput|static": {
        "far": (
            1.8007,
            0.9003
        ),
        "known": (
            0.4349,
            0.2379
        ),
        "near": (
            1.5411,
            0.7706
        )
    },
    "tpot-tail|any": {
        "far": (
            0.5681,
            1.1363
        ),
        "known": (
            0.5681,
            1.1363
        ),
        "near": (
            0.5681,
            1.1363
        )
    },
    "tpot-tail|burst": {
        "far": (
            1.1127,
            2.2254
        ),
        "known": (
            0.7057,
            1.4114
        ),
        "near": (
            1.1127,
            2.2254
        )
    },
    "tpot-tail|closed": {
        "far": (
            0.5071,
            1.0143
        ),
        "known": (
            0.5071,
            1.0143
        ),
        "near": (
            0.5071,
            1.0143
        )
    },
    "tpot-tail|open": {
        "far": (
            0.8674,
            0.4337
        ),
        "known": (
            0.8674,
            0.4337
        ),
        "near": (
            0.8674,
            0.4337
        )
    },
    "tpot-tail|split": {
        "far": (
            0.4078,
            0.7365
        ),
        "known": (
            0.4078,
            0.7365
        ),
        "near": (
            0.4078,
            0.7365
        )
    },
    "tpot|any": {
        "far": (
            0.4916,
            0.9832
        ),
        "known": (
            0.4916,
            0.9832
        ),
        "near": (
            0.4916,
            0.9832
        )
    },
    "tpot|burst": {
        "far": (
            0.679,
            1.3579
        ),
        "known": (
            0.5254,
            1.0508
        ),
        "near": (
            0.679,
            1.3579
        )
    },
    "tpot|closed": {
        "far": (
            0.5186,
            1.0372
        ),
        "known": (
            0.5186,
            1.0372
        ),
        "near": (
            0.5186,
            1.0372
        )
    },
    "tpot|open": {
        "far": (
            0.9793,
            0.6104
        ),
        "known": (
            0.9793,
            0.6104
        ),
        "near": (
            0.9793,
            0.6104
        )
    },
    "tpot|split": {
        "far": (
            0.295,
            0.5901
        ),
        "known": (
            0.295,
            0.5901
        ),
        "near": (
            0.295,
            0.5901
        )
    },
    "tpot|static": {
        "far": (
            0.0927,
            0.08
        ),
        "known": (
            0.0927,
            0.08
        ),
        "near": (
            0.0927,
            0.08
        )
    },
    "ttft-tail|any": {
        "far": (
            1.5929,
            1.9258
        ),
        "known": (
            0.9623,
            1.9245
        ),
        "near": (
            1.5929,
            1.9258
        )
    },
    "ttft-tail|burst": {
        "far": (
            0.7378,
            1.3815
        ),
        "known": (
            0.7378,
            0.6987
        ),
        "near": (
            0.7378,
            1.3815
        )
    },
    "ttft-tail|closed": {
        "far": (
            1.0064,
            2.0129
        ),
        "known": (
            1.0064,
            2.0129
        ),
        "near": (
            1.0064,
            2.0129
        )
    },
    "ttft-tail|open": {
        "far": (
            5.5429,
            2.7715
        ),
        "known": (
            5.5429,
            2.7715
        ),
        "near": (
            5.5429,
            2.7715
        )
    },
    "ttft-tail|split": {
        "far": (
            1.6963,
            3.1433
        ),
        "known": (
            1.6963,
            3.1433
        ),
        "near": (
            1.6963,
            3.1433
        )
    },
    "ttft|any": {
        "far": (
            1.2254,
            2.0965
        ),
        "known": (
            1.0483,
            2.0965
        ),
        "near": (
            1.2254,
            2.0965
        )
    },
    "ttft|burst": {
        "far": (
            0.6901,
            1.3072
        ),
        "known": (
            0.6901,
            0.5269
        ),
        "near": (
            0.6901,
            1.3072
        )
    },
    "ttft|closed": {
        "far": (
            1.1929,
            2.3859
        ),
        "known": (
            1.1929,
            2.3859
        ),
        "near": (
            1.1929,
            2.3859
        )
    },
    "ttft|open": {
        "far": (
            4.9887,
            2.4943
        ),
        "known": (
            1.2561,
            0.9796
        ),
        "near": (
            4.9887,
            2.4943
        )
    },
    "ttft|split": {
        "far": (
            1.5095,
            1.7334
        ),
        "known": (
            1.5095,
            1.7334
        ),
        "near": (
            1.5095,
            1.7334
        )
    },
    "ttft|static": {
        "far": (
            0.372,
            0.421
        ),
        "known": (
            0.3142,
            0.4154
        ),
        "near": (
            0.372,
            0.421
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
