"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.28,
    "expert_mfu": -0.7329,
    "half_tokens": 3.3088,
    "hop_s": -11.4332,
    "kv_mbu": -0.2588,
    "layer_s": -11.2682,
    "link": -0.6458,
    "mfu": -0.4935,
    "pace": 0.0008,
    "request_s": -4.3905,
    "seq_s": -12.0633,
    "step_s": -6.9285,
    "wait": 0.1591,
    "weight_mbu": -0.2092
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0494,
            "sambaflow": 0.0,
            "sglang": -0.0206,
            "trtllm-new": -0.087,
            "trtllm-old": 0.088,
            "vllm-new": -0.0266,
            "vllm-old": -0.0058
        },
        "precision": {
            "fp8": -0.3543,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.2692,
            "nvfp4": -0.0134,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.226,
            "dennislee22-a100": -0.0044,
            "dstack-pd-ratio": 0.0332,
            "gpustack-perf-lab": -0.2375,
            "inferencex-experimental": 0.0402,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.1266,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.1785,
            "trtllm-docs-v1.0": -0.2744,
            "trtllm-docs-v1.2": -0.0611
        },
        "unit": {
            "fp8|ampere": -0.0129,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0661,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0344,
            "mxfp4|blackwell": 0.0308,
            "mxfp4|hopper": -0.0072,
            "nvfp4|blackwell": 0.0042,
            "nvfp4|blackwell-gddr": -0.0101,
            "w8|ampere": 0.0
        }
    },
    "expert_mfu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.05,
            "sambaflow": 0.0,
            "sglang": -0.0835,
            "trtllm-new": -0.0304,
            "trtllm-old": 0.083,
            "vllm-new": -0.0086,
            "vllm-old": -0.0071
        },
        "generation": {
            "ada": 0.0,
            "ampere": 0.0352,
            "ampere-gddr": 0.0,
            "blackwell": 0.0104,
            "blackwell-gddr": 0.0179,
            "cdna2": -0.0072,
            "cdna3": 0.0062,
            "gaudi": 0.0,
            "hopper": -0.0423,
            "ponte-vecchio": 0.0,
            "sn40": 0.0
        },
        "pair": {
            "deepspeed|gaudi": 0.0,
            "lmdeploy|ampere": 0.0,
            "mii|ampere": 0.3268,
            "sambaflow|sn40": 0.0,
            "sglang|ampere": -0.5752,
            "sglang|hopper": 0.0492,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.1294,
            "trtllm-new|blackwell-gddr": 0.1463,
            "trtllm-new|hopper": -0.4778,
            "trtllm-old|ampere": 0.3553,
            "trtllm-old|hopper": 0.2615,
            "vllm-new|ampere": 0.1634,
            "vllm-new|cdna3": 0.0,
            "vllm-new|hopper": -0.346,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": -0.0473,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": -0.1893,
            "vllm-old|cdna3": 0.3933,
            "vllm-old|hopper": 0.0,
            "vllm-old|ponte-vecchio": 0.0
        },
        "precision": {
            "fp8": 0.195,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.1436,
            "nvfp4": -0.4925,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.3014,
            "dennislee22-a100": -0.0205,
            "dstack-pd-ratio": 0.0319,
            "gpustack-perf-lab": -0.167,
            "inferencex-experimental": -0.1957,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.1199,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.1248,
            "trtllm-docs-v1.0": 0.1115,
            "trtllm-docs-v1.2": -0.1848
        },
        "unit": {
            "fp8|ampere": 0.0211,
            "fp8|cdna3": 0.0,
            "fp8|hopper": 0.0162,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": -0.011,
            "mxfp4|blackwell": 0.1051,
            "mxfp4|hopper": -0.0729,
            "nvfp4|blackwell": -0.0938,
            "nvfp4|blackwell-gddr": 0.0179,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": -0.0011,
            "Intel": 0.0,
            "NVIDIA": 0.0164,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.0613,
            "int4": -0.0648,
            "int8": 0.038,
            "mxfp4": -0.0029,
            "nvfp4": 0.0755,
            "w8": 0.0044
        },
        "vendor": {
            "AMD": -0.089,
            "Intel": -0.0176,
            "NVIDIA": 0.0754,
            "SambaNova": -0.003
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": 0.0913,
            "lmdeploy": 0.0031,
            "mii": 0.1872,
            "sambaflow": -0.0718,
            "sglang": 0.0151,
            "trtllm-new": -0.0014,
            "trtllm-old": -0.0318,
            "vllm-new": 0.0534,
            "vllm-old": 0.0381
        },
        "source": {
            "argonne-llm-inference-bench": 0.7691,
            "dennislee22-a100": 0.1748,
            "dstack-pd-ratio": 0.0722,
            "gpustack-perf-lab": 0.068,
            "inferencex-experimental": 0.066,
            "lmdeploy-a100": 0.0181,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0217,
            "trtllm-docs-v0.14": 0.146,
            "trtllm-docs-v0.6": 0.1764,
            "trtllm-docs-v0.9": 0.2402,
            "trtllm-docs-v1.0": -0.1766,
            "trtllm-docs-v1.2": 0.1688
        },
        "wire": {
            "AMD links": 0.2803,
            "Intel links": 0.2191,
            "NVIDIA links": 0.1017,
            "network": 0.0021,
            "pcie": -0.0963
        }
    },
    "kv_mbu": {
        "era": {
            "deepspeed": -0.0107,
            "lmdeploy": 0.0257,
            "mii": -0.0269,
            "sambaflow": -0.0105,
            "sglang": 0.0048,
            "trtllm-new": -0.0131,
            "trtllm-old": 0.0648,
            "vllm-new": 0.007,
            "vllm-old": -0.064
        },
        "generation": {
            "ada": -0.0282,
            "ampere": 0.0193,
            "ampere-gddr": -0.0274,
            "blackwell": -0.0491,
            "blackwell-gddr": -0.0046,
            "cdna2": 0.0215,
            "cdna3": 0.0199,
            "gaudi": -0.0075,
            "hopper": 0.0756,
            "ponte-vecchio": -0.0151,
            "sn40": -0.0073
        },
        "pair": {
            "deepspeed|gaudi": -0.1319,
            "lmdeploy|ampere": 0.0144,
            "mii|ampere": -0.0151,
            "sambaflow|sn40": -0.1497,
            "sglang|ampere": 0.0064,
            "sglang|hopper": -0.0039,
            "trtllm-new|ampere": 0.0067,
            "trtllm-new|blackwell": -0.04,
            "trtllm-new|blackwell-gddr": -0.0027,
            "trtllm-new|hopper": 0.0328,
            "trtllm-old|ampere": 0.0365,
            "trtllm-old|hopper": -0.0003,
            "vllm-new|ampere": -0.0343,
            "vllm-new|cdna3": 0.0014,
            "vllm-new|hopper": 0.0379,
            "vllm-old|ada": -0.0229,
            "vllm-old|ampere": -0.0025,
            "vllm-old|ampere-gddr": -0.0221,
            "vllm-old|cdna2": 0.2904,
            "vllm-old|cdna3": 0.2871,
            "vllm-old|hopper": -0.0117,
            "vllm-old|ponte-vecchio": -0.3599
        },
        "source": {
            "argonne-llm-inference-bench": -0.1062,
            "dennislee22-a100": -0.0674,
            "dstack-pd-ratio": -0.0152,
            "gpustack-perf-lab": -0.0162,
            "inferencex-experimental": 0.0035,
            "lmdeploy-a100": 0.0579,
            "nm-vllm-nightly": -0.1833,
            "rocm-vllm-devdocker": 0.0002,
            "trtllm-docs-v0.14": 0.0176,
            "trtllm-docs-v0.6": 0.0565,
            "trtllm-docs-v0.9": 0.0529,
            "trtllm-docs-v1.0": -0.1301,
            "trtllm-docs-v1.2": 0.0732
        },
        "vendor": {
            "AMD": 0.0152,
            "Intel": -0.0081,
            "NVIDIA": -0.0081,
            "SambaNova": -0.0026
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": 0.0682,
            "lmdeploy": 0.0015,
            "mii": 0.2452,
            "sambaflow": -0.0709,
            "sglang": 0.0461,
            "trtllm-new": 0.0402,
            "trtllm-old": 0.1069,
            "vllm-new": 0.0478,
            "vllm-old": 0.0592
        },
        "kind": {
            "dense": 0.0396,
            "moe": 0.2279,
            "moe speculative": -0.0097
        },
        "pair": {
            "deepspeed|gaudi": 0.6747,
            "lmdeploy|ampere": 0.0005,
            "mii|ampere": 0.0885,
            "sambaflow|sn40": -0.5602,
            "sglang|ampere": 0.004,
            "sglang|hopper": 0.0125,
            "trtllm-new|ampere": -0.0016,
            "trtllm-new|blackwell": 0.0256,
            "trtllm-new|blackwell-gddr": 0.005,
            "trtllm-new|hopper": -0.0148,
            "trtllm-old|ampere": 0.05,
            "trtllm-old|hopper": -0.0098,
            "vllm-new|ampere": 0.0055,
            "vllm-new|cdna3": 0.0711,
            "vllm-new|hopper": 0.0101,
            "vllm-old|ada": -0.0175,
            "vllm-old|ampere": 0.0213,
            "vllm-old|ampere-gddr": -0.0014,
            "vllm-old|cdna2": 0.9543,
            "vllm-old|cdna3": -0.2071,
            "vllm-old|hopper": -0.0232,
            "vllm-old|ponte-vecchio": 0.3113
        },
        "port": {
            "deepspeed": 0.0682,
            "sambaflow": -0.0709,
            "vllm-new": 0.0072,
            "vllm-old": 0.1348
        },
        "source": {
            "argonne-llm-inference-bench": 0.2349,
            "dennislee22-a100": 0.0322,
            "dstack-pd-ratio": 0.0509,
            "gpustack-perf-lab": -0.0009,
            "inferencex-experimental": 0.0544,
            "lmdeploy-a100": 0.0021,
            "nm-vllm-nightly": 0.022,
            "rocm-vllm-devdocker": 0.0105,
            "trtllm-docs-v0.14": 0.034,
            "trtllm-docs-v0.6": 0.1283,
            "trtllm-docs-v0.9": 0.1636,
            "trtllm-docs-v1.0": -0.0601,
            "trtllm-docs-v1.2": 0.1234
        },
        "vendor": {
            "AMD": 0.0181,
            "Intel": 0.0154,
            "NVIDIA": 0.0677,
            "SambaNova": -0.0116
        }
    },
    "link": {
        "pair": {
            "deepspeed|gaudi": -0.7209,
            "lmdeploy|ampere": -0.0189,
            "mii|ampere": -0.0108,
            "sambaflow|sn40": -0.0501,
            "sglang|ampere": -0.0027,
            "sglang|hopper": -0.0022,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.0617,
            "trtllm-new|blackwell-gddr": 0.1121,
            "trtllm-new|hopper": 0.0709,
            "trtllm-old|ampere": -0.1489,
            "trtllm-old|hopper": 0.1057,
            "vllm-new|ampere": -0.2368,
            "vllm-new|cdna3": -0.4466,
            "vllm-new|hopper": -0.0863,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": -0.0038,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": 0.3936,
            "vllm-old|cdna3": -1.1408,
            "vllm-old|hopper": 0.0323,
            "vllm-old|ponte-vecchio": -0.0015
        },
        "source": {
            "argonne-llm-inference-bench": -0.0896,
            "dennislee22-a100": -0.2901,
            "dstack-pd-ratio": -0.0039,
            "gpustack-perf-lab": -0.1314,
            "inferencex-experimental": -0.1531,
            "lmdeploy-a100": -0.0336,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": -0.034,
            "trtllm-docs-v0.14": -0.0124,
            "trtllm-docs-v0.6": -0.0644,
            "trtllm-docs-v0.9": -0.0054,
            "trtllm-docs-v1.0": 0.4255,
            "trtllm-docs-v1.2": -0.0976
        },
        "wire": {
            "AMD links": -0.0685,
            "Intel links": -0.0347,
            "NVIDIA links": 0.0568,
            "network": -0.1882,
            "pcie": 0.0184
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0186,
            "A100-SXM-40GB": -0.0066,
            "A100-SXM-80GB": 0.0229,
            "A10G-24GB": 0.0049,
            "B200-SXM-180GB": -0.0012,
            "GAUDI2-96GB": 0.0009,
            "GB200-186GB": -0.0021,
            "H100-SXM-80GB": -0.0202,
            "H200-SXM-141GB": 0.0226,
            "L4-24GB": -0.0025,
            "MAX1550-128GB": -0.0038,
            "MI250-128GB": 0.0038,
            "MI300X-192GB": -0.0041,
            "RTXPRO6000-SERVER-96GB": 0.0035,
            "SN40L-64GB": 0.0001
        },
        "era": {
            "deepspeed": 0.0055,
            "lmdeploy": -0.0029,
            "mii": -0.0395,
            "sambaflow": 0.0006,
            "sglang": 0.009,
            "trtllm-new": 0.0119,
            "trtllm-old": 0.0055,
            "vllm-new": 0.0132,
            "vllm-old": 0.0054
        },
        "generation": {
            "ada": -0.0158,
            "ampere": -0.0019,
            "ampere-gddr": 0.025,
            "blackwell": -0.0181,
            "blackwell-gddr": 0.0233,
            "cdna2": 0.0177,
            "cdna3": -0.0249,
            "gaudi": 0.0055,
            "hopper": 0.0184,
            "ponte-vecchio": -0.0229,
            "sn40": 0.0006
        },
        "pair": {
            "deepspeed|gaudi": 0.28,
            "lmdeploy|ampere": -0.0058,
            "mii|ampere": -0.0766,
            "sambaflow|sn40": 0.0277,
            "sglang|ampere": 0.0439,
            "sglang|hopper": -0.0259,
            "trtllm-new|ampere": 0.0105,
            "trtllm-new|blackwell": -0.0347,
            "trtllm-new|blackwell-gddr": 0.0472,
            "trtllm-new|hopper": -0.0022,
            "trtllm-old|ampere": 0.0197,
            "trtllm-old|hopper": -0.0087,
            "vllm-new|ampere": -0.0911,
            "vllm-new|cdna3": 0.0441,
            "vllm-new|hopper": 0.1202,
            "vllm-old|ada": -0.031,
            "vllm-old|ampere": 0.0784,
            "vllm-old|ampere-gddr": 0.0461,
            "vllm-old|cdna2": 0.4496,
            "vllm-old|cdna3": -0.9365,
            "vllm-old|hopper": -0.0433,
            "vllm-old|ponte-vecchio": -0.7412
        },
        "port": {
            "deepspeed": 0.0881,
            "sambaflow": 0.0093,
            "vllm-new": 0.0186,
            "vllm-old": -0.3542
        },
        "precision": {
            "fp8": -0.2556,
            "int4": 0.0374,
            "int8": -0.0685,
            "mxfp4": 0.0205,
            "nvfp4": -0.4583,
            "w8": -0.038
        },
        "source": {
            "argonne-llm-inference-bench": -0.4987,
            "dennislee22-a100": -0.1457,
            "dstack-pd-ratio": -0.0895,
            "gpustack-perf-lab": 0.0571,
            "inferencex-experimental": -0.1795,
            "lmdeploy-a100": -0.0197,
            "nm-vllm-nightly": 0.0147,
            "rocm-vllm-devdocker": 0.0078,
            "trtllm-docs-v0.14": 0.1164,
            "trtllm-docs-v0.6": 0.08,
            "trtllm-docs-v0.9": 0.1696,
            "trtllm-docs-v1.0": 0.0048,
            "trtllm-docs-v1.2": 0.0556
        },
        "unit": {
            "fp8|ampere": -0.0236,
            "fp8|cdna3": 0.0019,
            "fp8|hopper": -0.0326,
            "int4|ampere": -0.1172,
            "int4|ampere-gddr": 0.1248,
            "int8|ampere": -0.0158,
            "mxfp4|ampere": -0.03,
            "mxfp4|blackwell": 0.1252,
            "mxfp4|hopper": -0.0891,
            "nvfp4|blackwell": -0.1476,
            "nvfp4|blackwell-gddr": 0.0341,
            "w8|ampere": -0.0085
        },
        "vendor": {
            "AMD": -0.0087,
            "Intel": -0.0164,
            "NVIDIA": 0.0341,
            "SambaNova": 0.0006
        }
    },
    "pace": {
        "era": {
            "deepspeed": -0.0035,
            "lmdeploy": -0.0043,
            "mii": 0.1247,
            "sambaflow": -0.0354,
            "sglang": 0.0217,
            "trtllm-new": -0.0486,
            "trtllm-old": 0.0135,
            "vllm-new": 0.0382,
            "vllm-old": -0.0139
        },
        "family": {
            "aquila": -0.0295,
            "bloom": -0.0178,
            "decilm": 0.0264,
            "deepseek": 0.057,
            "falcon": 0.0197,
            "glm": 0.0748,
            "gpt": -0.0596,
            "internlm": -0.0156,
            "llama": -0.0185,
            "meta": 0.02,
            "minimax": 0.0787,
            "mistral": 0.0407,
            "mixtral": -0.0296,
            "openhermes": -0.0224,
            "opt": -0.054,
            "qwen1.5": -0.0291,
            "qwen2": 0.0074,
            "qwen2.5": 0.0306,
            "qwen3": 0.0415
        },
        "kind": {
            "dense": 0.0189,
            "moe": 0.0302,
            "moe speculative": -0.0151
        },
        "pair": {
            "deepspeed|gaudi": -0.0261,
            "lmdeploy|ampere": -0.0034,
            "mii|ampere": 0.0947,
            "sambaflow|sn40": -0.3371,
            "sglang|ampere": 0.0019,
            "sglang|hopper": 0.0177,
            "trtllm-new|ampere": -0.0161,
            "trtllm-new|blackwell": -0.0045,
            "trtllm-new|blackwell-gddr": -0.0218,
            "trtllm-new|hopper": -0.0093,
            "trtllm-old|ampere": 0.0359,
            "trtllm-old|hopper": -0.0265,
            "vllm-new|ampere": 0.0749,
            "vllm-new|cdna3": 0.1115,
            "vllm-new|hopper": -0.0482,
            "vllm-old|ada": -0.0138,
            "vllm-old|ampere": -0.0008,
            "vllm-old|ampere-gddr": -0.0001,
            "vllm-old|cdna2": 0.016,
            "vllm-old|cdna3": 0.0074,
            "vllm-old|hopper": -0.0137,
            "vllm-old|ponte-vecchio": 0.6369
        },
        "port": {
            "deepspeed": -0.0204,
            "sambaflow": -0.2587,
            "vllm-new": 0.0819,
            "vllm-old": 0.4662
        },
        "served": {
            "live": 0.0176
        },
        "source": {
            "argonne-llm-inference-bench": -0.0511,
            "dennislee22-a100": 0.1038,
            "dstack-pd-ratio": 0.0371,
            "gpustack-perf-lab": 0.0128,
            "inferencex-experimental": 0.0578,
            "lmdeploy-a100": -0.0063,
            "nm-vllm-nightly": 0.0785,
            "rocm-vllm-devdocker": 0.009,
            "trtllm-docs-v0.14": 0.0746,
            "trtllm-docs-v0.6": 0.0285,
            "trtllm-docs-v0.9": 0.0296,
            "trtllm-docs-v1.0": -0.06,
            "trtllm-docs-v1.2": 0.0102
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
            "vllm-new": 0.0036,
            "vllm-old": 0.0208
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": 0.0041,
            "dstack-pd-ratio": -0.0171,
            "gpustack-perf-lab": -0.1068,
            "inferencex-experimental": 0.15,
            "lmdeploy-a100": -0.001,
            "nm-vllm-nightly": 0.2475,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": 0.0018,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.001,
            "trtllm-docs-v1.2": -0.0011
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": 0.1073,
            "lmdeploy": -0.0305,
            "mii": 0.0882,
            "sambaflow": 0.0127,
            "sglang": 0.0841,
            "trtllm-new": -0.3836,
            "trtllm-old": -0.1463,
            "vllm-new": 0.0269,
            "vllm-old": 1.7307
        },
        "served": {
            "live": 0.0336
        },
        "source": {
            "argonne-llm-inference-bench": 0.186,
            "dennislee22-a100": 0.0357,
            "dstack-pd-ratio": -0.0212,
            "gpustack-perf-lab": 0.3623,
            "inferencex-experimental": 0.0049,
            "lmdeploy-a100": -0.0439,
            "nm-vllm-nightly": 0.0897,
            "rocm-vllm-devdocker": 0.1015,
            "trtllm-docs-v0.14": -0.3194,
            "trtllm-docs-v0.6": -0.1195,
            "trtllm-docs-v0.9": 0.423,
            "trtllm-docs-v1.0": -0.4869,
            "trtllm-docs-v1.2": -0.13
        }
    },
    "step_s": {
        "era": {
            "deepspeed": 0.0448,
            "lmdeploy": -0.0024,
            "mii": 0.419,
            "sambaflow": -0.1406,
            "sglang": 0.094,
            "trtllm-new": -0.0267,
            "trtllm-old": -0.0534,
            "vllm-new": 0.0368,
            "vllm-old": 0.6522
        },
        "served": {
            "live": 0.2894
        },
        "source": {
            "argonne-llm-inference-bench": 0.1058,
            "dennislee22-a100": 0.1671,
            "dstack-pd-ratio": 0.4635,
            "gpustack-perf-lab": -0.0668,
            "inferencex-experimental": 0.2177,
            "lmdeploy-a100": -0.0132,
            "nm-vllm-nightly": 0.1923,
            "rocm-vllm-devdocker": 0.0243,
            "trtllm-docs-v0.14": -0.1065,
            "trtllm-docs-v0.6": 0.5079,
            "trtllm-docs-v0.9": 0.7073,
            "trtllm-docs-v1.0": -0.0501,
            "trtllm-docs-v1.2": -0.0719
        },
        "vendor": {
            "AMD": -0.026,
            "Intel": 0.0237,
            "NVIDIA": 0.0956,
            "SambaNova": -0.0353
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0056,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": -0.0002,
            "trtllm-new": 0.0229,
            "trtllm-old": 0.0057,
            "vllm-new": 0.007,
            "vllm-old": -0.0167
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": -0.0082,
            "dstack-pd-ratio": -0.2065,
            "gpustack-perf-lab": 0.0062,
            "inferencex-experimental": 0.5309,
            "lmdeploy-a100": 0.0608,
            "nm-vllm-nightly": -0.1864,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": 0.0638,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.0062,
            "trtllm-docs-v1.2": -0.0006
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0048,
            "A100-SXM-40GB": 0.0079,
            "A100-SXM-80GB": -0.0002,
            "A10G-24GB": -0.0,
            "B200-SXM-180GB": 0.0013,
            "GAUDI2-96GB": 0.0059,
            "GB200-186GB": 0.0,
            "H100-SXM-80GB": -0.0204,
            "H200-SXM-141GB": 0.0123,
            "L4-24GB": 0.0014,
            "MAX1550-128GB": 0.0006,
            "MI250-128GB": -0.0015,
            "MI300X-192GB": 0.0054,
            "RTXPRO6000-SERVER-96GB": -0.0024,
            "SN40L-64GB": 0.0035
        },
        "era": {
            "deepspeed": 0.0083,
            "lmdeploy": -0.0002,
            "mii": 0.0086,
            "sambaflow": 0.005,
            "sglang": -0.0024,
            "trtllm-new": -0.0044,
            "trtllm-old": -0.0147,
            "vllm-new": 0.0048,
            "vllm-old": 0.0087
        },
        "generation": {
            "ada": 0.0057,
            "ampere": 0.0121,
            "ampere-gddr": -0.0,
            "blackwell": 0.0055,
            "blackwell-gddr": -0.0093,
            "cdna2": -0.0049,
            "cdna3": 0.0213,
            "gaudi": 0.0198,
            "hopper": -0.032,
            "ponte-vecchio": 0.0025,
            "sn40": 0.0137
        },
        "precision": {
            "fp8": -0.2155,
            "int4": 0.0036,
            "int8": -0.0561,
            "mxfp4": 0.1246,
            "nvfp4": -0.0794,
            "w8": -0.0005
        },
        "source": {
            "argonne-llm-inference-bench": 0.0805,
            "dennislee22-a100": 0.0036,
            "dstack-pd-ratio": 0.0022,
            "gpustack-perf-lab": 0.003,
            "inferencex-experimental": 0.002,
            "lmdeploy-a100": -0.0005,
            "nm-vllm-nightly": -0.0085,
            "rocm-vllm-devdocker": 0.0007,
            "trtllm-docs-v0.14": -0.0341,
            "trtllm-docs-v0.6": -0.02,
            "trtllm-docs-v0.9": -0.0065,
            "trtllm-docs-v1.0": -0.0124,
            "trtllm-docs-v1.2": -0.0057
        },
        "vendor": {
            "AMD": 0.0155,
            "Intel": 0.0225,
            "NVIDIA": -0.0091,
            "SambaNova": 0.0137
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "beside": (
            1.1042,
            0.5521
        ),
        "far": (
            1.1088,
            0.5544
        ),
        "home": (
            1.1042,
            0.5521
        ),
        "known": (
            1.1088,
            0.5544
        ),
        "near": (
            1.1088,
            0.5544
        )
    },
    "e2e-tail|live": {
        "beside": (
            1.1042,
            0.5521
        ),
        "far": (
            1.1088,
            0.5544
        ),
        "home": (
            1.1042,
            0.5521
        ),
        "known": (
            1.1088,
            0.5544
        ),
        "near": (
            1.1088,
            0.5544
        )
    },
    "e2e|any": {
        "beside": (
            1.991,
            0.9955
        ),
        "far": (
            1.991,
            0.9955
        ),
        "home": (
            1.991,
            0.9955
        ),
        "known": (
            1.991,
            0.9955
        ),
        "near": (
            1.991,
            0.9955
        )
    },
    "e2e|live": {
        "beside": (
            1.991,
            0.9955
        ),
        "far": (
            1.991,
            0.9955
        ),
        "home": (
            1.991,
            0.9955
        ),
        "known": (
            1.991,
            0.9955
        ),
        "near": (
            1.991,
            0.9955
        )
    },
    "throughput|any": {
        "beside": (
            0.0665,
            0.0646
        ),
        "far": (
            2.7767,
            1.3883
        ),
        "home": (
            0.1944,
            0.1872
        ),
        "known": (
            0.4238,
            0.2119
        ),
        "near": (
            0.4366,
            0.2183
        )
    },
    "throughput|live": {
        "beside": (
            0.2446,
            0.2917
        ),
        "far": (
            0.841,
            0.4205
        ),
        "home": (
            0.4981,
            0.4175
        ),
        "known": (
            0.841,
            0.4205
        ),
        "near": (
            0.841,
            0.4205
        )
    },
    "throughput|saturated": {
        "beside": (
            0.1088,
            0.1025
        ),
        "far": (
            0.2992,
            0.3939
        ),
        "home": (
            0.2714,
            0.2753
        ),
        "known": (
            0.2714,
            0.3939
        ),
        "near": (
            0.2992,
            0.3939
        )
    },
    "throughput|static": {
        "beside": (
            0.0843,
            0.0915
        ),
        "far": (
            2.782,
            1.391
        ),
        "home": (
            0.2155,
            0.206
        ),
        "known": (
            0.2155,
            0.206
        ),
        "near": (
            1.8528,
            0.9264
        )
    },
    "tpot-tail|any": {
        "beside": (
            0.3623,
            0.3676
        ),
        "far": (
            0.6559,
            1.0672
        ),
        "home": (
            0.6559,
            1.0672
        ),
        "known": (
            0.6559,
            1.0672
        ),
        "near": (
            0.6559,
            1.0672
        )
    },
    "tpot-tail|live": {
        "beside": (
            0.3623,
            0.3676
        ),
        "far": (
            0.6559,
            1.0672
        ),
        "home": (
            0.6559,
            1.0672
        ),
        "known": (
            0.6559,
            1.0672
        ),
        "near": (
            0.6559,
            1.0672
        )
    },
    "tpot|any": {
        "beside": (
            0.283,
            0.2246
        ),
        "far": (
            0.499,
            0.6615
        ),
        "home": (
            0.499,
            0.4658
        ),
        "known": (
            0.499,
            0.6615
        ),
        "near": (
            0.499,
            0.6615
        )
    },
    "tpot|live": {
        "beside": (
            0.321,
            0.3094
        ),
        "far": (
            0.7467,
            0.8315
        ),
        "home": (
            0.7467,
            0.8315
        ),
        "known": (
            0.7467,
            0.8315
        ),
        "near": (
            0.7467,
            0.8315
        )
    },
    "tpot|static": {
        "beside": (
            0.1485,
            0.297
        ),
        "far": (
            0.1485,
            0.297
        ),
        "home": (
            0.1485,
            0.297
        ),
        "known": (
            0.1485,
            0.297
        ),
        "near": (
            0.1485,
            0.297
        )
    },
    "ttft-tail|any": {
        "beside": (
            0.8707,
            0.4944
        ),
        "far": (
            1.1056,
            2.2112
        ),
        "home": (
            0.8707,
            0.4944
        ),
        "known": (
            1.1056,
            2.2112
        ),
        "near": (
            1.1056,
            2.2112
        )
    },
    "ttft-tail|live": {
        "beside": (
            0.8707,
            0.4944
        ),
        "far": (
            1.1056,
            2.2112
        ),
        "home": (
            0.8707,
            0.4944
        ),
        "known": (
            1.1056,
            2.2112
        ),
        "near": (
            1.1056,
            2.2112
        )
    },
    "ttft|any": {
        "beside": (
            0.2983,
            0.3216
        ),
        "far": (
            1.0993,
            2.1987
        ),
        "home": (
            0.3545,
            0.3216
        ),
        "known": (
            1.0993,
            2.1987
        ),
        "near": (
            1.0993,
            2.1987
        )
    },
    "ttft|live": {
        "beside": (
            0.6496,
            0.4916
        ),
        "far": (
            1.1798,
            2.3595
        ),
        "home": (
            0.7378,
            0.4916
        ),
        "known": (
            1.1798,
            2.3595
        ),
        "near": (
            1.1798,
            2.3595
        )
    },
    "ttft|static": {
        "beside": (
            0.1901,
            0.2613
        ),
        "far": (
            0.2587,
            0.267
        ),
        "home": (
            0.1901,
            0.2613
        ),
        "known": (
            0.2587,
            0.267
        ),
        "near": (
            0.2587,
            0.267
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
