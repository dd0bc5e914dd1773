"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.248,
    "expert_mfu": -0.7346,
    "half_tokens": 3.2661,
    "hop_s": -11.4365,
    "kv_mbu": -0.2652,
    "layer_s": -11.2643,
    "link": -0.6353,
    "mfu": -0.4884,
    "pace": 0.0008,
    "request_s": -4.3874,
    "seq_s": -12.0674,
    "step_s": -6.9317,
    "wait": 0.3527,
    "weight_mbu": -0.2012
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0448,
            "sambaflow": 0.0,
            "sglang": -0.001,
            "trtllm-new": -0.0896,
            "trtllm-old": 0.08,
            "vllm-new": -0.0389,
            "vllm-old": -0.008
        },
        "precision": {
            "fp8": -0.3748,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.2434,
            "nvfp4": -0.0275,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.2033,
            "dennislee22-a100": -0.0047,
            "dstack-pd-ratio": 0.0042,
            "gpustack-perf-lab": -0.1751,
            "inferencex-experimental": 0.0385,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.1092,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.1634,
            "trtllm-docs-v1.0": -0.2762,
            "trtllm-docs-v1.2": -0.0717
        },
        "unit": {
            "fp8|ampere": -0.0176,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0655,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0323,
            "mxfp4|blackwell": 0.0322,
            "mxfp4|hopper": -0.013,
            "nvfp4|blackwell": 0.0017,
            "nvfp4|blackwell-gddr": -0.0113,
            "w8|ampere": 0.0
        }
    },
    "expert_mfu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0508,
            "sambaflow": 0.0,
            "sglang": -0.0645,
            "trtllm-new": -0.0333,
            "trtllm-old": 0.0817,
            "vllm-new": -0.0134,
            "vllm-old": -0.0084
        },
        "generation": {
            "ada": 0.0,
            "ampere": 0.0409,
            "ampere-gddr": 0.0,
            "blackwell": 0.0092,
            "blackwell-gddr": 0.0164,
            "cdna2": -0.0072,
            "cdna3": 0.0056,
            "gaudi": 0.0,
            "hopper": -0.0441,
            "ponte-vecchio": 0.0,
            "sn40": 0.0
        },
        "pair": {
            "deepspeed|gaudi": 0.0,
            "lmdeploy|ampere": 0.0,
            "mii|ampere": 0.3204,
            "sambaflow|sn40": 0.0,
            "sglang|ampere": -0.4715,
            "sglang|hopper": 0.01,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.1244,
            "trtllm-new|blackwell-gddr": 0.1375,
            "trtllm-new|hopper": -0.4846,
            "trtllm-old|ampere": 0.3549,
            "trtllm-old|hopper": 0.2624,
            "vllm-new|ampere": 0.1348,
            "vllm-new|cdna3": 0.0,
            "vllm-new|hopper": -0.3331,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": -0.0532,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": -0.1815,
            "vllm-old|cdna3": 0.4095,
            "vllm-old|hopper": 0.0,
            "vllm-old|ponte-vecchio": 0.0
        },
        "precision": {
            "fp8": 0.2009,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.1182,
            "nvfp4": -0.4897,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.2976,
            "dennislee22-a100": -0.0189,
            "dstack-pd-ratio": 0.0139,
            "gpustack-perf-lab": -0.1354,
            "inferencex-experimental": -0.1881,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.1201,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.1253,
            "trtllm-docs-v1.0": 0.1226,
            "trtllm-docs-v1.2": -0.2007
        },
        "unit": {
            "fp8|ampere": 0.017,
            "fp8|cdna3": 0.0,
            "fp8|hopper": 0.0212,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0028,
            "mxfp4|blackwell": 0.1031,
            "mxfp4|hopper": -0.0808,
            "nvfp4|blackwell": -0.0933,
            "nvfp4|blackwell-gddr": 0.0164,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": -0.0015,
            "Intel": 0.0,
            "NVIDIA": 0.0174,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.0568,
            "int4": -0.1021,
            "int8": 0.0352,
            "mxfp4": 0.0004,
            "nvfp4": 0.0701,
            "w8": 0.0028
        },
        "vendor": {
            "AMD": -0.0863,
            "Intel": -0.0127,
            "NVIDIA": 0.068,
            "SambaNova": -0.0034
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": 0.0921,
            "lmdeploy": 0.0033,
            "mii": 0.1855,
            "sambaflow": -0.0837,
            "sglang": 0.018,
            "trtllm-new": -0.0023,
            "trtllm-old": -0.0331,
            "vllm-new": 0.0554,
            "vllm-old": 0.0401
        },
        "source": {
            "argonne-llm-inference-bench": 0.7602,
            "dennislee22-a100": 0.1738,
            "dstack-pd-ratio": 0.0888,
            "gpustack-perf-lab": 0.0694,
            "inferencex-experimental": 0.0706,
            "lmdeploy-a100": 0.0188,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0187,
            "trtllm-docs-v0.14": 0.1485,
            "trtllm-docs-v0.6": 0.1798,
            "trtllm-docs-v0.9": 0.241,
            "trtllm-docs-v1.0": -0.1818,
            "trtllm-docs-v1.2": 0.1691
        },
        "wire": {
            "AMD links": 0.2796,
            "Intel links": 0.2207,
            "NVIDIA links": 0.0992,
            "network": 0.0021,
            "pcie": -0.1148
        }
    },
    "kv_mbu": {
        "era": {
            "deepspeed": -0.0108,
            "lmdeploy": 0.0275,
            "mii": -0.0265,
            "sambaflow": -0.0104,
            "sglang": 0.001,
            "trtllm-new": -0.0115,
            "trtllm-old": 0.0661,
            "vllm-new": 0.0097,
            "vllm-old": -0.0772
        },
        "generation": {
            "ada": -0.0258,
            "ampere": 0.0254,
            "ampere-gddr": -0.0513,
            "blackwell": -0.0493,
            "blackwell-gddr": -0.0024,
            "cdna2": 0.0243,
            "cdna3": 0.0217,
            "gaudi": -0.0076,
            "hopper": 0.0828,
            "ponte-vecchio": -0.0118,
            "sn40": -0.0072
        },
        "pair": {
            "deepspeed|gaudi": -0.135,
            "lmdeploy|ampere": 0.0154,
            "mii|ampere": -0.0149,
            "sambaflow|sn40": -0.1479,
            "sglang|ampere": 0.0075,
            "sglang|hopper": -0.0072,
            "trtllm-new|ampere": 0.0069,
            "trtllm-new|blackwell": -0.0403,
            "trtllm-new|blackwell-gddr": -0.0008,
            "trtllm-new|hopper": 0.0316,
            "trtllm-old|ampere": 0.0372,
            "trtllm-old|hopper": -0.0002,
            "vllm-new|ampere": -0.0359,
            "vllm-new|cdna3": 0.0013,
            "vllm-new|hopper": 0.0411,
            "vllm-old|ada": -0.0209,
            "vllm-old|ampere": 0.0011,
            "vllm-old|ampere-gddr": -0.0415,
            "vllm-old|cdna2": 0.3058,
            "vllm-old|cdna3": 0.3038,
            "vllm-old|hopper": -0.0086,
            "vllm-old|ponte-vecchio": -0.3185
        },
        "source": {
            "argonne-llm-inference-bench": -0.0918,
            "dennislee22-a100": -0.0654,
            "dstack-pd-ratio": -0.0268,
            "gpustack-perf-lab": -0.0193,
            "inferencex-experimental": 0.0033,
            "lmdeploy-a100": 0.0618,
            "nm-vllm-nightly": -0.2506,
            "rocm-vllm-devdocker": 0.0002,
            "trtllm-docs-v0.14": 0.0236,
            "trtllm-docs-v0.6": 0.0537,
            "trtllm-docs-v0.9": 0.0574,
            "trtllm-docs-v1.0": -0.1294,
            "trtllm-docs-v1.2": 0.0745
        },
        "vendor": {
            "AMD": 0.017,
            "Intel": -0.007,
            "NVIDIA": -0.0106,
            "SambaNova": -0.0026
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": 0.0679,
            "lmdeploy": 0.0028,
            "mii": 0.2535,
            "sambaflow": -0.0806,
            "sglang": 0.0539,
            "trtllm-new": 0.0391,
            "trtllm-old": 0.1032,
            "vllm-new": 0.0576,
            "vllm-old": 0.0639
        },
        "kind": {
            "dense": 0.0407,
            "moe": 0.2353,
            "moe speculative": -0.0101
        },
        "pair": {
            "deepspeed|gaudi": 0.6764,
            "lmdeploy|ampere": 0.001,
            "mii|ampere": 0.0917,
            "sambaflow|sn40": -0.6339,
            "sglang|ampere": 0.0023,
            "sglang|hopper": 0.0177,
            "trtllm-new|ampere": -0.0018,
            "trtllm-new|blackwell": 0.0251,
            "trtllm-new|blackwell-gddr": 0.0052,
            "trtllm-new|hopper": -0.0148,
            "trtllm-old|ampere": 0.0514,
            "trtllm-old|hopper": -0.0125,
            "vllm-new|ampere": 0.0087,
            "vllm-new|cdna3": 0.0625,
            "vllm-new|hopper": 0.011,
            "vllm-old|ada": -0.018,
            "vllm-old|ampere": 0.0236,
            "vllm-old|ampere-gddr": -0.0034,
            "vllm-old|cdna2": 0.9483,
            "vllm-old|cdna3": -0.217,
            "vllm-old|hopper": -0.0228,
            "vllm-old|ponte-vecchio": 0.3672
        },
        "port": {
            "deepspeed": 0.0679,
            "sambaflow": -0.0806,
            "vllm-new": 0.0059,
            "vllm-old": 0.1384
        },
        "source": {
            "argonne-llm-inference-bench": 0.2362,
            "dennislee22-a100": 0.0318,
            "dstack-pd-ratio": 0.0674,
            "gpustack-perf-lab": 0.0052,
            "inferencex-experimental": 0.0595,
            "lmdeploy-a100": 0.004,
            "nm-vllm-nightly": 0.017,
            "rocm-vllm-devdocker": 0.0086,
            "trtllm-docs-v0.14": 0.0353,
            "trtllm-docs-v0.6": 0.1309,
            "trtllm-docs-v0.9": 0.1644,
            "trtllm-docs-v1.0": -0.0615,
            "trtllm-docs-v1.2": 0.1238
        },
        "vendor": {
            "AMD": 0.0183,
            "Intel": 0.0162,
            "NVIDIA": 0.0706,
            "SambaNova": -0.0131
        }
    },
    "link": {
        "pair": {
            "deepspeed|gaudi": -0.7235,
            "lmdeploy|ampere": -0.0186,
            "mii|ampere": -0.0102,
            "sambaflow|sn40": -0.0739,
            "sglang|ampere": 0.0061,
            "sglang|hopper": 0.0018,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.0926,
            "trtllm-new|blackwell-gddr": 0.1267,
            "trtllm-new|hopper": 0.0791,
            "trtllm-old|ampere": -0.1495,
            "trtllm-old|hopper": 0.1034,
            "vllm-new|ampere": -0.2407,
            "vllm-new|cdna3": -0.4546,
            "vllm-new|hopper": -0.0877,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": -0.0036,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": 0.396,
            "vllm-old|cdna3": -1.1605,
            "vllm-old|hopper": 0.0323,
            "vllm-old|ponte-vecchio": 0.0032
        },
        "source": {
            "argonne-llm-inference-bench": -0.1012,
            "dennislee22-a100": -0.2809,
            "dstack-pd-ratio": 0.0025,
            "gpustack-perf-lab": -0.1313,
            "inferencex-experimental": -0.1556,
            "lmdeploy-a100": -0.033,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": -0.0344,
            "trtllm-docs-v0.14": -0.0111,
            "trtllm-docs-v0.6": -0.0684,
            "trtllm-docs-v0.9": -0.0062,
            "trtllm-docs-v1.0": 0.437,
            "trtllm-docs-v1.2": -0.0971
        },
        "wire": {
            "AMD links": -0.0711,
            "Intel links": -0.0343,
            "NVIDIA links": 0.0618,
            "network": -0.1819,
            "pcie": 0.019
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0182,
            "A100-SXM-40GB": -0.0066,
            "A100-SXM-80GB": 0.023,
            "A10G-24GB": 0.0027,
            "B200-SXM-180GB": -0.0013,
            "GAUDI2-96GB": 0.001,
            "GB200-186GB": -0.0022,
            "H100-SXM-80GB": -0.0196,
            "H200-SXM-141GB": 0.0232,
            "L4-24GB": -0.0021,
            "MAX1550-128GB": -0.0044,
            "MI250-128GB": 0.0041,
            "MI300X-192GB": -0.004,
            "RTXPRO6000-SERVER-96GB": 0.0032,
            "SN40L-64GB": 0.0001
        },
        "era": {
            "deepspeed": 0.0059,
            "lmdeploy": -0.0034,
            "mii": -0.0396,
            "sambaflow": 0.0004,
            "sglang": 0.0155,
            "trtllm-new": 0.0103,
            "trtllm-old": 0.0038,
            "vllm-new": 0.0198,
            "vllm-old": -0.0017
        },
        "generation": {
            "ada": -0.0132,
            "ampere": -0.0009,
            "ampere-gddr": 0.0139,
            "blackwell": -0.0188,
            "blackwell-gddr": 0.0221,
            "cdna2": 0.0189,
            "cdna3": -0.0243,
            "gaudi": 0.0059,
            "hopper": 0.0274,
            "ponte-vecchio": -0.0267,
            "sn40": 0.0004
        },
        "pair": {
            "deepspeed|gaudi": 0.2808,
            "lmdeploy|ampere": -0.007,
            "mii|ampere": -0.0768,
            "sambaflow|sn40": 0.0203,
            "sglang|ampere": 0.0425,
            "sglang|hopper": -0.0151,
            "trtllm-new|ampere": 0.0128,
            "trtllm-new|blackwell": -0.0358,
            "trtllm-new|blackwell-gddr": 0.0455,
            "trtllm-new|hopper": -0.0072,
            "trtllm-old|ampere": 0.0217,
            "trtllm-old|hopper": -0.0141,
            "vllm-new|ampere": -0.0875,
            "vllm-new|cdna3": 0.0594,
            "vllm-new|hopper": 0.1309,
            "vllm-old|ada": -0.0258,
            "vllm-old|ampere": 0.0806,
            "vllm-old|ampere-gddr": 0.027,
            "vllm-old|cdna2": 0.4629,
            "vllm-old|cdna3": -0.9297,
            "vllm-old|hopper": -0.0459,
            "vllm-old|ponte-vecchio": -0.7909
        },
        "port": {
            "deepspeed": 0.0893,
            "sambaflow": 0.0067,
            "vllm-new": 0.0233,
            "vllm-old": -0.3532
        },
        "precision": {
            "fp8": -0.2556,
            "int4": 0.0967,
            "int8": -0.0666,
            "mxfp4": 0.089,
            "nvfp4": -0.4502,
            "w8": -0.0241
        },
        "source": {
            "argonne-llm-inference-bench": -0.5097,
            "dennislee22-a100": -0.136,
            "dstack-pd-ratio": -0.04,
            "gpustack-perf-lab": 0.0475,
            "inferencex-experimental": -0.1706,
            "lmdeploy-a100": -0.0238,
            "nm-vllm-nightly": -0.0155,
            "rocm-vllm-devdocker": 0.0096,
            "trtllm-docs-v0.14": 0.1146,
            "trtllm-docs-v0.6": 0.0754,
            "trtllm-docs-v0.9": 0.1658,
            "trtllm-docs-v1.0": -0.0047,
            "trtllm-docs-v1.2": 0.0464
        },
        "unit": {
            "fp8|ampere": -0.0239,
            "fp8|cdna3": 0.0023,
            "fp8|hopper": -0.0318,
            "int4|ampere": -0.1359,
            "int4|ampere-gddr": 0.1629,
            "int8|ampere": -0.0153,
            "mxfp4|ampere": -0.0155,
            "mxfp4|blackwell": 0.1212,
            "mxfp4|hopper": -0.0866,
            "nvfp4|blackwell": -0.1454,
            "nvfp4|blackwell-gddr": 0.0327,
            "w8|ampere": -0.0051
        },
        "vendor": {
            "AMD": -0.0073,
            "Intel": -0.0195,
            "NVIDIA": 0.0388,
            "SambaNova": 0.0004
        }
    },
    "pace": {
        "era": {
            "deepspeed": -0.0037,
            "lmdeploy": -0.003,
            "mii": 0.1257,
            "sambaflow": -0.0395,
            "sglang": 0.0149,
            "trtllm-new": -0.0486,
            "trtllm-old": 0.0163,
            "vllm-new": 0.0404,
            "vllm-old": -0.0128
        },
        "family": {
            "aquila": -0.0294,
            "bloom": -0.0176,
            "decilm": 0.0289,
            "deepseek": 0.0546,
            "falcon": 0.0225,
            "glm": 0.0851,
            "gpt": -0.0561,
            "internlm": -0.0141,
            "llama": -0.0155,
            "meta": 0.0234,
            "minimax": 0.081,
            "mistral": 0.0438,
            "mixtral": -0.0294,
            "openhermes": -0.0455,
            "opt": -0.053,
            "qwen1.5": -0.0289,
            "qwen2": 0.0098,
            "qwen2.5": 0.0297,
            "qwen3": 0.0334
        },
        "kind": {
            "dense": 0.0195,
            "moe": 0.0331,
            "moe speculative": -0.0159
        },
        "pair": {
            "deepspeed|gaudi": -0.029,
            "lmdeploy|ampere": -0.0024,
            "mii|ampere": 0.0954,
            "sambaflow|sn40": -0.3467,
            "sglang|ampere": -0.0105,
            "sglang|hopper": 0.0219,
            "trtllm-new|ampere": -0.0171,
            "trtllm-new|blackwell": -0.0042,
            "trtllm-new|blackwell-gddr": -0.0231,
            "trtllm-new|hopper": -0.0086,
            "trtllm-old|ampere": 0.0373,
            "trtllm-old|hopper": -0.026,
            "vllm-new|ampere": 0.0817,
            "vllm-new|cdna3": 0.1085,
            "vllm-new|hopper": -0.0533,
            "vllm-old|ada": -0.0198,
            "vllm-old|ampere": 0.0002,
            "vllm-old|ampere-gddr": 0.0045,
            "vllm-old|cdna2": 0.0136,
            "vllm-old|cdna3": 0.0037,
            "vllm-old|hopper": -0.0126,
            "vllm-old|ponte-vecchio": 0.6475
        },
        "port": {
            "deepspeed": -0.0226,
            "sambaflow": -0.2678,
            "vllm-new": 0.0795,
            "vllm-old": 0.4669
        },
        "served": {
            "live": 0.0354
        },
        "source": {
            "argonne-llm-inference-bench": -0.0474,
            "dennislee22-a100": 0.0975,
            "dstack-pd-ratio": 0.0503,
            "gpustack-perf-lab": 0.0074,
            "inferencex-experimental": 0.0579,
            "lmdeploy-a100": -0.0042,
            "nm-vllm-nightly": 0.0784,
            "rocm-vllm-devdocker": 0.0085,
            "trtllm-docs-v0.14": 0.0774,
            "trtllm-docs-v0.6": 0.0288,
            "trtllm-docs-v0.9": 0.0305,
            "trtllm-docs-v1.0": -0.0596,
            "trtllm-docs-v1.2": 0.0125
        }
    },
    "request_s": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": -0.0001,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": -0.0011,
            "trtllm-new": 0.0,
            "trtllm-old": 0.0002,
            "vllm-new": 0.0034,
            "vllm-old": 0.021
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": 0.0041,
            "dstack-pd-ratio": -0.018,
            "gpustack-perf-lab": -0.0991,
            "inferencex-experimental": 0.1416,
            "lmdeploy-a100": -0.0011,
            "nm-vllm-nightly": 0.2459,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": 0.0018,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.0011,
            "trtllm-docs-v1.2": -0.0011
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": 0.104,
            "lmdeploy": -0.0299,
            "mii": 0.0827,
            "sambaflow": 0.0173,
            "sglang": 0.0766,
            "trtllm-new": -0.4131,
            "trtllm-old": -0.1476,
            "vllm-new": 0.089,
            "vllm-old": 1.7187
        },
        "served": {
            "live": 0.0721
        },
        "source": {
            "argonne-llm-inference-bench": 0.1652,
            "dennislee22-a100": 0.0374,
            "dstack-pd-ratio": -0.0165,
            "gpustack-perf-lab": 0.4909,
            "inferencex-experimental": 0.005,
            "lmdeploy-a100": -0.043,
            "nm-vllm-nightly": 0.0776,
            "rocm-vllm-devdocker": 0.1069,
            "trtllm-docs-v0.14": -0.3201,
            "trtllm-docs-v0.6": -0.1237,
            "trtllm-docs-v0.9": 0.415,
            "trtllm-docs-v1.0": -0.528,
            "trtllm-docs-v1.2": -0.1329
        }
    },
    "step_s": {
        "era": {
            "deepspeed": 0.0437,
            "lmdeploy": -0.0005,
            "mii": 0.4251,
            "sambaflow": -0.1625,
            "sglang": 0.095,
            "trtllm-new": -0.0277,
            "trtllm-old": -0.0586,
            "vllm-new": 0.0482,
            "vllm-old": 0.6496
        },
        "served": {
            "live": 0.2816
        },
        "source": {
            "argonne-llm-inference-bench": 0.103,
            "dennislee22-a100": 0.1588,
            "dstack-pd-ratio": 0.4309,
            "gpustack-perf-lab": -0.0142,
            "inferencex-experimental": 0.2348,
            "lmdeploy-a100": -0.0025,
            "nm-vllm-nightly": 0.1533,
            "rocm-vllm-devdocker": 0.0205,
            "trtllm-docs-v0.14": -0.1044,
            "trtllm-docs-v0.6": 0.5106,
            "trtllm-docs-v0.9": 0.705,
            "trtllm-docs-v1.0": -0.0482,
            "trtllm-docs-v1.2": -0.0765
        },
        "vendor": {
            "AMD": -0.0277,
            "Intel": 0.0249,
            "NVIDIA": 0.0964,
            "SambaNova": -0.0415
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0028,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0109,
            "trtllm-new": 0.0239,
            "trtllm-old": 0.0068,
            "vllm-new": 0.0201,
            "vllm-old": -0.0105
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": -0.0098,
            "dstack-pd-ratio": -0.1788,
            "gpustack-perf-lab": 0.338,
            "inferencex-experimental": 0.4647,
            "lmdeploy-a100": 0.0309,
            "nm-vllm-nightly": -0.0737,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": 0.0757,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.0064,
            "trtllm-docs-v1.2": -0.0011
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0047,
            "A100-SXM-40GB": 0.0076,
            "A100-SXM-80GB": -0.0002,
            "A10G-24GB": 0.0013,
            "B200-SXM-180GB": 0.0012,
            "GAUDI2-96GB": 0.0052,
            "GB200-186GB": 0.0001,
            "H100-SXM-80GB": -0.0208,
            "H200-SXM-141GB": 0.0122,
            "L4-24GB": 0.0022,
            "MAX1550-128GB": 0.0004,
            "MI250-128GB": -0.0019,
            "MI300X-192GB": 0.0051,
            "RTXPRO6000-SERVER-96GB": -0.0025,
            "SN40L-64GB": 0.0042
        },
        "era": {
            "deepspeed": 0.0073,
            "lmdeploy": -0.0005,
            "mii": 0.0086,
            "sambaflow": 0.006,
            "sglang": -0.0005,
            "trtllm-new": -0.0045,
            "trtllm-old": -0.0151,
            "vllm-new": 0.0035,
            "vllm-old": 0.0096
        },
        "generation": {
            "ada": 0.0089,
            "ampere": 0.0112,
            "ampere-gddr": 0.0053,
            "blackwell": 0.0053,
            "blackwell-gddr": -0.0098,
            "cdna2": -0.0062,
            "cdna3": 0.02,
            "gaudi": 0.0172,
            "hopper": -0.033,
            "ponte-vecchio": 0.0017,
            "sn40": 0.0162
        },
        "precision": {
            "fp8": -0.2223,
            "int4": 0.007,
            "int8": -0.0565,
            "mxfp4": 0.1019,
            "nvfp4": -0.0853,
            "w8": -0.0004
        },
        "source": {
            "argonne-llm-inference-bench": 0.077,
            "dennislee22-a100": 0.0043,
            "dstack-pd-ratio": 0.0009,
            "gpustack-perf-lab": 0.0053,
            "inferencex-experimental": 0.0018,
            "lmdeploy-a100": -0.0013,
            "nm-vllm-nightly": -0.0004,
            "rocm-vllm-devdocker": 0.0007,
            "trtllm-docs-v0.14": -0.0353,
            "trtllm-docs-v0.6": -0.0209,
            "trtllm-docs-v0.9": -0.0069,
            "trtllm-docs-v1.0": -0.0126,
            "trtllm-docs-v1.2": -0.0059
        },
        "vendor": {
            "AMD": 0.0135,
            "Intel": 0.019,
            "NVIDIA": -0.0023,
            "SambaNova": 0.0162
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "far": (
            1.5272,
            1.2523
        ),
        "home": (
            1.5272,
            0.7636
        ),
        "known": (
            1.5272,
            0.7636
        ),
        "near": (
            1.5272,
            1.2523
        )
    },
    "e2e-tail|live": {
        "far": (
            1.5272,
            1.2523
        ),
        "home": (
            1.5272,
            0.7636
        ),
        "known": (
            1.5272,
            0.7636
        ),
        "near": (
            1.5272,
            1.2523
        )
    },
    "e2e|any": {
        "far": (
            2.2734,
            1.7959
        ),
        "home": (
            2.2734,
            1.7959
        ),
        "known": (
            2.2734,
            1.7959
        ),
        "near": (
            2.2734,
            1.7959
        )
    },
    "e2e|live": {
        "far": (
            2.2734,
            1.7959
        ),
        "home": (
            2.2734,
            1.7959
        ),
        "known": (
            2.2734,
            1.7959
        ),
        "near": (
            2.2734,
            1.7959
        )
    },
    "throughput|any": {
        "far": (
            1.6868,
            0.8434
        ),
        "home": (
            0.2131,
            0.1747
        ),
        "known": (
            0.4718,
            0.2359
        ),
        "near": (
            0.5068,
            0.2534
        )
    },
    "throughput|live": {
        "far": (
            0.9791,
            0.4895
        ),
        "home": (
            0.4448,
            0.2946
        ),
        "known": (
            0.9791,
            0.4895
        ),
        "near": (
            0.9791,
            0.4895
        )
    },
    "throughput|saturated": {
        "far": (
            0.3756,
            0.3974
        ),
        "home": (
            0.3756,
            0.3371
        ),
        "known": (
            0.3756,
            0.3974
        ),
        "near": (
            0.3756,
            0.3974
        )
    },
    "throughput|static": {
        "far": (
            1.7187,
            0.8594
        ),
        "home": (
            0.26,
            0.1941
        ),
        "known": (
            0.26,
            0.206
        ),
        "near": (
            1.016,
            0.508
        )
    },
    "tpot-tail|any": {
        "far": (
            0.5057,
            0.8012
        ),
        "home": (
            0.5057,
            0.7434
        ),
        "known": (
            0.5057,
            0.8012
        ),
        "near": (
            0.5057,
            0.8012
        )
    },
    "tpot-tail|live": {
        "far": (
            0.5057,
            0.8012
        ),
        "home": (
            0.5057,
            0.7434
        ),
        "known": (
            0.5057,
            0.8012
        ),
        "near": (
            0.5057,
            0.8012
        )
    },
    "tpot|any": {
        "far": (
            0.3251,
            0.6144
        ),
        "home": (
            0.3251,
            0.3604
        ),
        "known": (
            0.3251,
            0.6144
        ),
        "near": (
            0.3251,
            0.6144
        )
    },
    "tpot|live": {
        "far": (
            0.4001,
            0.6144
        ),
        "home": (
            0.4001,
            0.4505
        ),
        "known": (
            0.4001,
            0.6144
        ),
        "near": (
            0.4001,
            0.6144
        )
    },
    "tpot|static": {
        "far": (
            0.1481,
            0.2962
        ),
        "home": (
            0.1481,
            0.2962
        ),
        "known": (
            0.1481,
            0.2962
        ),
        "near": (
            0.1481,
            0.2962
        )
    },
    "ttft-tail|any": {
        "far": (
            0.9799,
            1.9597
        ),
        "home": (
            0.8351,
            0.6025
        ),
        "known": (
            0.9799,
            1.9597
        ),
        "near": (
            0.9799,
            1.9597
        )
    },
    "ttft-tail|live": {
        "far": (
            0.9799,
            1.9597
        ),
        "home": (
            0.8351,
            0.6025
        ),
        "known": (
            0.9799,
            1.9597
        ),
        "near": (
            0.9799,
            1.9597
        )
    },
    "ttft|any": {
        "far": (
            1.0817,
            2.1635
        ),
        "home": (
            0.6006,
            0.3114
        ),
        "known": (
            1.0817,
            2.1635
        ),
        "near": (
            1.0817,
            2.1635
        )
    },
    "ttft|live": {
        "far": (
            1.3074,
            2.2462
        ),
        "home": (
            1.3074,
            0.8983
        ),
        "known": (
            1.3074,
            2.2462
        ),
        "near": (
            1.3074,
            2.2462
        )
    },
    "ttft|static": {
        "far": (
            0.4186,
            0.5029
        ),
        "home": (
            0.3189,
            0.4294
        ),
        "known": (
            0.4186,
            0.5029
        ),
        "near": (
            0.4186,
            0.5029
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
