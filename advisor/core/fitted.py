"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.1507,
    "expert_mfu": -0.6145,
    "half_tokens": 2.975,
    "hop_s": -11.3569,
    "kv_mbu": -0.2578,
    "layer_s": -11.4745,
    "link": -0.6772,
    "mfu": -0.5341,
    "pace": 0.0002,
    "request_s": -4.127,
    "seq_s": -12.1139,
    "step_s": -6.8667,
    "wait": -0.227,
    "weight_mbu": -0.2209
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0257,
            "sambaflow": 0.0,
            "sglang": -0.0065,
            "trtllm-new": -0.1043,
            "trtllm-old": 0.0793,
            "vllm-new": 0.0043,
            "vllm-old": -0.0079
        },
        "precision": {
            "fp8": -0.2326,
            "int4": 0.0,
            "mxfp4": 0.1206,
            "nvfp4": 0.1429,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.1248,
            "dennislee22-a100": -0.0016,
            "dstack-pd-ratio": -0.0197,
            "gpustack-perf-lab": -0.0872,
            "inferencex-experimental": 0.0992,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.2462,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0548,
            "trtllm-docs-v1.0": -0.4402,
            "trtllm-docs-v1.2": 0.008
        },
        "unit": {
            "fp8|ampere": 0.0113,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0578,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "mxfp4|ampere": 0.0114,
            "mxfp4|blackwell": 0.0301,
            "mxfp4|hopper": -0.0165,
            "nvfp4|blackwell": 0.0021,
            "nvfp4|blackwell-gddr": 0.0257,
            "w8|ampere": 0.0
        }
    },
    "expert_mfu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0473,
            "sambaflow": 0.0,
            "sglang": -0.0507,
            "trtllm-new": -0.0309,
            "trtllm-old": 0.0504,
            "vllm-new": 0.0468,
            "vllm-old": 0.0269
        },
        "generation": {
            "ada": 0.0,
            "ampere": 0.0284,
            "ampere-gddr": 0.0,
            "blackwell": 0.0083,
            "blackwell-gddr": 0.0173,
            "cdna2": -0.005,
            "cdna3": 0.023,
            "gaudi": 0.0,
            "hopper": -0.0205,
            "ponte-vecchio": 0.0,
            "sn40": 0.0
        },
        "pair": {
            "deepspeed|gaudi": 0.0,
            "lmdeploy|ampere": 0.0,
            "mii|ampere": 0.3172,
            "sambaflow|sn40": 0.0,
            "sglang|ampere": -0.4419,
            "sglang|hopper": 0.1063,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.0677,
            "trtllm-new|blackwell-gddr": 0.181,
            "trtllm-new|hopper": -0.5188,
            "trtllm-old|ampere": 0.2437,
            "trtllm-old|hopper": 0.1609,
            "vllm-new|ampere": 0.3077,
            "vllm-new|cdna3": 0.0,
            "vllm-new|hopper": 0.0027,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": 0.0293,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": -0.3107,
            "vllm-old|cdna3": 0.1778,
            "vllm-old|hopper": 0.0,
            "vllm-old|ponte-vecchio": 0.0
        },
        "precision": {
            "fp8": 0.1181,
            "int4": 0.0,
            "mxfp4": 0.0078,
            "nvfp4": -0.5651,
            "w8": 0.0
        },
        "source": {
            "argonne-llm-inference-bench": 0.2687,
            "dennislee22-a100": -0.0099,
            "dstack-pd-ratio": 0.0603,
            "gpustack-perf-lab": -0.05,
            "inferencex-experimental": 0.0015,
            "lmdeploy-a100": 0.0,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": 0.0,
            "trtllm-docs-v0.14": 0.012,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.1092,
            "trtllm-docs-v1.0": 0.0092,
            "trtllm-docs-v1.2": -0.1153
        },
        "unit": {
            "fp8|ampere": 0.0031,
            "fp8|cdna3": 0.0,
            "fp8|hopper": 0.0134,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "mxfp4|ampere": -0.0687,
            "mxfp4|blackwell": 0.1167,
            "mxfp4|hopper": -0.0535,
            "nvfp4|blackwell": -0.1081,
            "nvfp4|blackwell-gddr": 0.0173,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": 0.0169,
            "Intel": 0.0,
            "NVIDIA": 0.0291,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.0127,
            "int4": -0.1404,
            "mxfp4": 0.0056,
            "nvfp4": 0.048,
            "w8": 0.0033
        },
        "vendor": {
            "AMD": -0.0606,
            "Intel": -0.0078,
            "NVIDIA": 0.0259,
            "SambaNova": -0.0007
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": 0.0026,
            "lmdeploy": 0.0004,
            "mii": 0.1721,
            "sambaflow": -0.089,
            "sglang": 0.0089,
            "trtllm-new": 0.0052,
            "trtllm-old": -0.0209,
            "vllm-new": 0.0633,
            "vllm-old": -0.0126
        },
        "source": {
            "argonne-llm-inference-bench": 0.1646,
            "dennislee22-a100": 1.6253,
            "dstack-pd-ratio": 0.2459,
            "gpustack-perf-lab": 0.8698,
            "inferencex-experimental": 0.7862,
            "lmdeploy-a100": 0.0175,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": -0.2974,
            "trtllm-docs-v0.14": 1.3948,
            "trtllm-docs-v0.6": 0.7131,
            "trtllm-docs-v0.9": 0.8079,
            "trtllm-docs-v1.0": -1.2175,
            "trtllm-docs-v1.2": 1.3413
        },
        "wire": {
            "AMD links": 0.1847,
            "Intel links": 0.0388,
            "NVIDIA links": -0.0597,
            "network": 0.0133,
            "pcie": 0.059
        }
    },
    "kv_mbu": {
        "era": {
            "deepspeed": -0.0129,
            "lmdeploy": 0.0164,
            "mii": 0.0938,
            "sambaflow": -0.0174,
            "sglang": -0.0106,
            "trtllm-new": -0.0274,
            "trtllm-old": -0.0184,
            "vllm-new": -0.0072,
            "vllm-old": -0.0309
        },
        "generation": {
            "ada": -0.0262,
            "ampere": 0.022,
            "ampere-gddr": -0.0179,
            "blackwell": -0.0983,
            "blackwell-gddr": 0.0431,
            "cdna2": 0.0274,
            "cdna3": -0.0042,
            "gaudi": -0.0089,
            "hopper": 0.0801,
            "ponte-vecchio": -0.0104,
            "sn40": -0.0121
        },
        "pair": {
            "deepspeed|gaudi": -0.176,
            "lmdeploy|ampere": 0.0093,
            "mii|ampere": 0.0527,
            "sambaflow|sn40": -0.2453,
            "sglang|ampere": -0.0021,
            "sglang|hopper": -0.0039,
            "trtllm-new|ampere": 0.0015,
            "trtllm-new|blackwell": -0.08,
            "trtllm-new|blackwell-gddr": 0.0351,
            "trtllm-new|hopper": 0.0271,
            "trtllm-old|ampere": -0.0267,
            "trtllm-old|hopper": 0.0165,
            "vllm-new|ampere": -0.0199,
            "vllm-new|cdna3": -0.0027,
            "vllm-new|hopper": 0.016,
            "vllm-old|ada": -0.0212,
            "vllm-old|ampere": 0.0017,
            "vllm-old|ampere-gddr": -0.0145,
            "vllm-old|cdna2": 0.3112,
            "vllm-old|cdna3": -0.0743,
            "vllm-old|hopper": 0.0059,
            "vllm-old|ponte-vecchio": -0.235
        },
        "source": {
            "argonne-llm-inference-bench": -0.1096,
            "dennislee22-a100": -0.0065,
            "dstack-pd-ratio": -0.015,
            "gpustack-perf-lab": -0.0757,
            "inferencex-experimental": 0.0019,
            "lmdeploy-a100": 0.0366,
            "nm-vllm-nightly": -0.146,
            "rocm-vllm-devdocker": -0.0004,
            "trtllm-docs-v0.14": 0.0723,
            "trtllm-docs-v0.6": 0.1011,
            "trtllm-docs-v0.9": 0.0749,
            "trtllm-docs-v1.0": -0.0875,
            "trtllm-docs-v1.2": 0.02
        },
        "vendor": {
            "AMD": 0.0089,
            "Intel": -0.007,
            "NVIDIA": 0.0008,
            "SambaNova": -0.0043
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": -0.0019,
            "lmdeploy": 0.0071,
            "mii": 0.1015,
            "sambaflow": -0.0306,
            "sglang": 0.0139,
            "trtllm-new": 0.002,
            "trtllm-old": 0.0293,
            "vllm-new": 0.0023,
            "vllm-old": -0.0398
        },
        "kind": {
            "dense": -0.0289,
            "moe": 0.0663,
            "moe speculative": -0.0006
        },
        "pair": {
            "deepspeed|gaudi": -0.0174,
            "lmdeploy|ampere": 0.0026,
            "mii|ampere": 0.0365,
            "sambaflow|sn40": -0.2745,
            "sglang|ampere": 0.0016,
            "sglang|hopper": 0.0034,
            "trtllm-new|ampere": -0.0006,
            "trtllm-new|blackwell": 0.0132,
            "trtllm-new|blackwell-gddr": 0.0016,
            "trtllm-new|hopper": -0.0135,
            "trtllm-old|ampere": 0.0159,
            "trtllm-old|hopper": -0.0052,
            "vllm-new|ampere": 0.0014,
            "vllm-new|cdna3": -0.0389,
            "vllm-new|hopper": 0.001,
            "vllm-old|ada": -0.0099,
            "vllm-old|ampere": -0.0002,
            "vllm-old|ampere-gddr": -0.0044,
            "vllm-old|cdna2": 0.3285,
            "vllm-old|cdna3": -0.1226,
            "vllm-old|hopper": -0.0081,
            "vllm-old|ponte-vecchio": 0.0111
        },
        "port": {
            "deepspeed": -0.0019,
            "sambaflow": -0.0306,
            "vllm-new": -0.0043,
            "vllm-old": 0.0232
        },
        "source": {
            "argonne-llm-inference-bench": -0.0417,
            "dennislee22-a100": -0.0046,
            "dstack-pd-ratio": 0.0137,
            "gpustack-perf-lab": 0.0143,
            "inferencex-experimental": 0.0079,
            "lmdeploy-a100": 0.0102,
            "nm-vllm-nightly": 0.0121,
            "rocm-vllm-devdocker": -0.0062,
            "trtllm-docs-v0.14": 0.0282,
            "trtllm-docs-v0.6": 0.0522,
            "trtllm-docs-v0.9": 0.0354,
            "trtllm-docs-v1.0": -0.0334,
            "trtllm-docs-v1.2": 0.0385
        },
        "vendor": {
            "AMD": 0.0027,
            "Intel": -0.0001,
            "NVIDIA": 0.0157,
            "SambaNova": -0.0049
        }
    },
    "link": {
        "pair": {
            "deepspeed|gaudi": 0.6456,
            "lmdeploy|ampere": -0.0059,
            "mii|ampere": -0.0361,
            "sambaflow|sn40": 0.1052,
            "sglang|ampere": 0.099,
            "sglang|hopper": 0.0017,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.0269,
            "trtllm-new|blackwell-gddr": 0.0112,
            "trtllm-new|hopper": 0.0312,
            "trtllm-old|ampere": -0.0796,
            "trtllm-old|hopper": 0.1274,
            "vllm-new|ampere": -0.1305,
            "vllm-new|cdna3": -0.163,
            "vllm-new|hopper": -0.0175,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": 0.0103,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": 0.3717,
            "vllm-old|cdna3": -0.6381,
            "vllm-old|hopper": -0.025,
            "vllm-old|ponte-vecchio": -0.7219
        },
        "source": {
            "argonne-llm-inference-bench": -0.6981,
            "dennislee22-a100": -0.9682,
            "dstack-pd-ratio": 0.188,
            "gpustack-perf-lab": -1.2746,
            "inferencex-experimental": -1.7445,
            "lmdeploy-a100": -0.7141,
            "nm-vllm-nightly": 0.0,
            "rocm-vllm-devdocker": -0.7832,
            "trtllm-docs-v0.14": 0.2843,
            "trtllm-docs-v0.6": 0.0598,
            "trtllm-docs-v0.9": 0.2183,
            "trtllm-docs-v1.0": 0.7759,
            "trtllm-docs-v1.2": -0.3927
        },
        "wire": {
            "AMD links": -0.0211,
            "Intel links": -0.0035,
            "NVIDIA links": 0.1239,
            "network": 0.0189,
            "pcie": -0.1561
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0191,
            "A100-SXM-40GB": -0.0036,
            "A100-SXM-80GB": 0.018,
            "A10G-24GB": 0.0029,
            "B200-SXM-180GB": 0.0068,
            "GAUDI2-96GB": 0.0004,
            "GB200-186GB": -0.006,
            "H100-SXM-80GB": -0.0029,
            "H200-SXM-141GB": 0.0042,
            "L4-24GB": -0.0027,
            "MAX1550-128GB": -0.0061,
            "MI250-128GB": 0.0037,
            "MI300X-192GB": -0.0024,
            "RTXPRO6000-SERVER-96GB": 0.0023,
            "SN40L-64GB": -0.0
        },
        "era": {
            "deepspeed": 0.0022,
            "lmdeploy": 0.0136,
            "mii": -0.0796,
            "sambaflow": -0.0003,
            "sglang": -0.0153,
            "trtllm-new": 0.0253,
            "trtllm-old": 0.0628,
            "vllm-new": 0.0083,
            "vllm-old": -0.0386
        },
        "generation": {
            "ada": -0.0171,
            "ampere": -0.029,
            "ampere-gddr": 0.0174,
            "blackwell": 0.0059,
            "blackwell-gddr": 0.0136,
            "cdna2": 0.022,
            "cdna3": -0.0168,
            "gaudi": 0.0022,
            "hopper": 0.0077,
            "ponte-vecchio": -0.036,
            "sn40": -0.0003
        },
        "pair": {
            "deepspeed|gaudi": 0.0654,
            "lmdeploy|ampere": 0.0265,
            "mii|ampere": -0.1563,
            "sambaflow|sn40": -0.0133,
            "sglang|ampere": -0.0358,
            "sglang|hopper": 0.0063,
            "trtllm-new|ampere": 0.0197,
            "trtllm-new|blackwell": 0.0118,
            "trtllm-new|blackwell-gddr": 0.026,
            "trtllm-new|hopper": -0.0061,
            "trtllm-old|ampere": 0.1587,
            "trtllm-old|hopper": -0.0357,
            "vllm-new|ampere": -0.0963,
            "vllm-new|cdna3": 0.0412,
            "vllm-new|hopper": 0.111,
            "vllm-old|ada": -0.0335,
            "vllm-old|ampere": 0.0256,
            "vllm-old|ampere-gddr": 0.0337,
            "vllm-old|cdna2": 0.9266,
            "vllm-old|cdna3": -1.0397,
            "vllm-old|hopper": -0.0591,
            "vllm-old|ponte-vecchio": -1.0952
        },
        "port": {
            "deepspeed": 0.0256,
            "sambaflow": -0.0043,
            "vllm-new": 0.0133,
            "vllm-old": -0.3288
        },
        "precision": {
            "fp8": -0.2281,
            "int4": 0.0058,
            "mxfp4": -0.0904,
            "nvfp4": -0.5068,
            "w8": -0.0363
        },
        "source": {
            "argonne-llm-inference-bench": -0.4542,
            "dennislee22-a100": -0.3805,
            "dstack-pd-ratio": 0.017,
            "gpustack-perf-lab": 0.0437,
            "inferencex-experimental": 0.0988,
            "lmdeploy-a100": 0.0839,
            "nm-vllm-nightly": -0.0111,
            "rocm-vllm-devdocker": 0.0052,
            "trtllm-docs-v0.14": 0.0568,
            "trtllm-docs-v0.6": -0.0126,
            "trtllm-docs-v0.9": 0.0664,
            "trtllm-docs-v1.0": 0.0101,
            "trtllm-docs-v1.2": 0.0871
        },
        "unit": {
            "fp8|ampere": -0.0731,
            "fp8|cdna3": 0.0012,
            "fp8|hopper": 0.0177,
            "int4|ampere": -0.0778,
            "int4|ampere-gddr": 0.0778,
            "mxfp4|ampere": -0.1211,
            "mxfp4|blackwell": 0.1427,
            "mxfp4|hopper": -0.0474,
            "nvfp4|blackwell": -0.1338,
            "nvfp4|blackwell-gddr": 0.0193,
            "w8|ampere": -0.0084
        },
        "vendor": {
            "AMD": 0.0036,
            "Intel": -0.0315,
            "NVIDIA": -0.0046,
            "SambaNova": -0.0003
        }
    },
    "pace": {
        "era": {
            "deepspeed": -0.0005,
            "lmdeploy": -0.0008,
            "mii": 0.0911,
            "sambaflow": -0.0419,
            "sglang": 0.0128,
            "trtllm-new": -0.0604,
            "trtllm-old": 0.0146,
            "vllm-new": 0.0101,
            "vllm-old": -0.0068
        },
        "family": {
            "aquila": -0.0255,
            "bloom": -0.0143,
            "decilm": 0.0238,
            "deepseek": 0.0822,
            "falcon": -0.0024,
            "glm": 0.0486,
            "gpt": -0.061,
            "internlm": -0.0179,
            "llama": -0.0223,
            "meta": 0.0203,
            "minimax": 0.0436,
            "mistral": 0.0281,
            "mixtral": -0.0268,
            "openhermes": -0.0431,
            "opt": -0.0437,
            "qwen1.5": -0.0251,
            "qwen2": 0.0431,
            "qwen2.5": -0.0023,
            "qwen3": 0.0157
        },
        "kind": {
            "dense": 0.0157,
            "moe": 0.0127,
            "moe speculative": -0.0216
        },
        "pair": {
            "deepspeed|gaudi": -0.0221,
            "lmdeploy|ampere": -0.0007,
            "mii|ampere": 0.0691,
            "sambaflow|sn40": -0.6859,
            "sglang|ampere": 0.0034,
            "sglang|hopper": 0.0064,
            "trtllm-new|ampere": -0.0134,
            "trtllm-new|blackwell": -0.0146,
            "trtllm-new|blackwell-gddr": -0.0225,
            "trtllm-new|hopper": 0.0066,
            "trtllm-old|ampere": 0.0453,
            "trtllm-old|hopper": -0.034,
            "vllm-new|ampere": 0.0526,
            "vllm-new|cdna3": -0.0491,
            "vllm-new|hopper": -0.0422,
            "vllm-old|ada": -0.0007,
            "vllm-old|ampere": -0.0028,
            "vllm-old|ampere-gddr": -0.0154,
            "vllm-old|cdna2": 0.1256,
            "vllm-old|cdna3": -0.0612,
            "vllm-old|hopper": -0.0118,
            "vllm-old|ponte-vecchio": 0.6646
        },
        "port": {
            "deepspeed": -0.0157,
            "sambaflow": -0.5121,
            "vllm-new": -0.0363,
            "vllm-old": 0.5394
        },
        "served": {
            "live": -0.0205
        },
        "source": {
            "argonne-llm-inference-bench": -0.0527,
            "dennislee22-a100": 0.0503,
            "dstack-pd-ratio": 0.0128,
            "gpustack-perf-lab": 0.0351,
            "inferencex-experimental": -0.0186,
            "lmdeploy-a100": -0.0013,
            "nm-vllm-nightly": 0.0825,
            "rocm-vllm-devdocker": -0.0043,
            "trtllm-docs-v0.14": 0.0661,
            "trtllm-docs-v0.6": 0.0113,
            "trtllm-docs-v0.9": -0.0036,
            "trtllm-docs-v1.0": -0.0491,
            "trtllm-docs-v1.2": -0.0169
        }
    },
    "request_s": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": -0.0001,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0552,
            "trtllm-new": -0.0001,
            "trtllm-old": -0.0001,
            "vllm-new": -0.012,
            "vllm-old": 0.014
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": 0.0003,
            "dstack-pd-ratio": 0.6072,
            "gpustack-perf-lab": -0.1384,
            "inferencex-experimental": 0.0111,
            "lmdeploy-a100": -0.0012,
            "nm-vllm-nightly": 0.1596,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": -0.0009,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.003,
            "trtllm-docs-v1.2": -0.0013
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": -0.0332,
            "lmdeploy": -0.0154,
            "mii": 0.1286,
            "sambaflow": -0.0047,
            "sglang": 0.0869,
            "trtllm-new": -0.3582,
            "trtllm-old": -0.3181,
            "vllm-new": 0.0178,
            "vllm-old": 1.9043
        },
        "served": {
            "live": 0.138
        },
        "source": {
            "argonne-llm-inference-bench": 0.0916,
            "dennislee22-a100": 0.0162,
            "dstack-pd-ratio": 0.0073,
            "gpustack-perf-lab": 0.2712,
            "inferencex-experimental": -0.008,
            "lmdeploy-a100": -0.0222,
            "nm-vllm-nightly": 0.116,
            "rocm-vllm-devdocker": 0.0467,
            "trtllm-docs-v0.14": -0.5893,
            "trtllm-docs-v0.6": -0.0434,
            "trtllm-docs-v0.9": 0.5245,
            "trtllm-docs-v1.0": -0.2239,
            "trtllm-docs-v1.2": -0.3256
        }
    },
    "step_s": {
        "era": {
            "deepspeed": 0.003,
            "lmdeploy": 0.0252,
            "mii": 0.7954,
            "sambaflow": -0.1321,
            "sglang": 0.035,
            "trtllm-new": -0.0194,
            "trtllm-old": -0.0832,
            "vllm-new": 0.0108,
            "vllm-old": 0.467
        },
        "served": {
            "live": 0.1904
        },
        "source": {
            "argonne-llm-inference-bench": 0.3958,
            "dennislee22-a100": -0.0548,
            "dstack-pd-ratio": 0.1456,
            "gpustack-perf-lab": 0.1803,
            "inferencex-experimental": 0.0484,
            "lmdeploy-a100": 0.1443,
            "nm-vllm-nightly": 0.2427,
            "rocm-vllm-devdocker": -0.0229,
            "trtllm-docs-v0.14": 0.0028,
            "trtllm-docs-v0.6": 0.6153,
            "trtllm-docs-v0.9": 0.7753,
            "trtllm-docs-v1.0": -0.0128,
            "trtllm-docs-v1.2": -0.0848
        },
        "vendor": {
            "AMD": -0.0032,
            "Intel": 0.002,
            "NVIDIA": 0.1243,
            "SambaNova": -0.0306
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0016,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0205,
            "trtllm-new": 0.0091,
            "trtllm-old": -0.0007,
            "vllm-new": -0.0533,
            "vllm-old": -0.0105
        },
        "source": {
            "argonne-llm-inference-bench": 0.0,
            "dennislee22-a100": -0.1458,
            "dstack-pd-ratio": 0.0621,
            "gpustack-perf-lab": -0.3447,
            "inferencex-experimental": 0.2221,
            "lmdeploy-a100": 0.0181,
            "nm-vllm-nightly": -0.117,
            "rocm-vllm-devdocker": -0.0,
            "trtllm-docs-v0.14": -0.0076,
            "trtllm-docs-v0.6": 0.0,
            "trtllm-docs-v0.9": 0.0,
            "trtllm-docs-v1.0": -0.0156,
            "trtllm-docs-v1.2": 0.0012
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0089,
            "A100-SXM-40GB": 0.0,
            "A100-SXM-80GB": 0.0135,
            "A10G-24GB": 0.0012,
            "B200-SXM-180GB": 0.0018,
            "GAUDI2-96GB": -0.0001,
            "GB200-186GB": -0.0005,
            "H100-SXM-80GB": -0.0133,
            "H200-SXM-141GB": 0.0056,
            "L4-24GB": 0.0003,
            "MAX1550-128GB": 0.0015,
            "MI250-128GB": -0.0053,
            "MI300X-192GB": 0.0035,
            "RTXPRO6000-SERVER-96GB": 0.0005,
            "SN40L-64GB": 0.0017
        },
        "era": {
            "deepspeed": -0.0001,
            "lmdeploy": -0.0023,
            "mii": 0.0154,
            "sambaflow": 0.0024,
            "sglang": -0.0017,
            "trtllm-new": -0.0045,
            "trtllm-old": -0.0174,
            "vllm-new": 0.0068,
            "vllm-old": 0.0046
        },
        "generation": {
            "ada": 0.0011,
            "ampere": 0.0169,
            "ampere-gddr": 0.0046,
            "blackwell": 0.0054,
            "blackwell-gddr": 0.0022,
            "cdna2": -0.0214,
            "cdna3": 0.0142,
            "gaudi": -0.0003,
            "hopper": -0.0308,
            "ponte-vecchio": 0.006,
            "sn40": 0.0066
        },
        "precision": {
            "fp8": -0.2709,
            "int4": 0.0839,
            "mxfp4": 0.0542,
            "nvfp4": -0.025,
            "w8": -0.0004
        },
        "source": {
            "argonne-llm-inference-bench": 0.064,
            "dennislee22-a100": 0.0117,
            "dstack-pd-ratio": -0.0018,
            "gpustack-perf-lab": 0.0023,
            "inferencex-experimental": 0.0062,
            "lmdeploy-a100": -0.0063,
            "nm-vllm-nightly": -0.0114,
            "rocm-vllm-devdocker": 0.001,
            "trtllm-docs-v0.14": -0.0389,
            "trtllm-docs-v0.6": -0.0112,
            "trtllm-docs-v0.9": 0.0064,
            "trtllm-docs-v1.0": -0.0208,
            "trtllm-docs-v1.2": 0.0023
        },
        "vendor": {
            "AMD": -0.007,
            "Intel": 0.0055,
            "NVIDIA": -0.0015,
            "SambaNova": 0.0066
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "beside": (
            1.1303,
            0.5651
        ),
        "far": (
            1.1303,
            0.5651
        ),
        "home": (
            1.1303,
            0.5651
        ),
        "known": (
            1.1303,
            0.5651
        ),
        "near": (
            1.1303,
            0.5651
        )
    },
    "e2e-tail|live": {
        "beside": (
            1.1303,
            0.5651
        ),
        "far": (
            1.1303,
            0.5651
        ),
        "home": (
            1.1303,
            0.5651
        ),
        "known": (
            1.1303,
            0.5651
        ),
        "near": (
            1.1303,
            0.5651
        )
    },
    "e2e|any": {
        "beside": (
            1.9299,
            0.965
        ),
        "far": (
            1.9299,
            0.965
        ),
        "home": (
            1.9299,
            0.965
        ),
        "known": (
            1.9299,
            0.965
        ),
        "near": (
            1.9299,
            0.965
        )
    },
    "e2e|live": {
        "beside": (
            1.9299,
            0.965
        ),
        "far": (
            1.9299,
            0.965
        ),
        "home": (
            1.9299,
            0.965
        ),
        "known": (
            1.9299,
            0.965
        ),
        "near": (
            1.9299,
            0.965
        )
    },
    "throughput|any": {
        "beside": (
            0.0616,
            0.0645
        ),
        "far": (
            2.7707,
            1.6884
        ),
        "home": (
            0.125,
            0.1351
        ),
        "known": (
            0.3019,
            0.2511
        ),
        "near": (
            0.625,
            0.3125
        )
    },
    "throughput|live": {
        "beside": (
            0.3054,
            0.301
        ),
        "far": (
            0.6781,
            0.3503
        ),
        "home": (
            0.3054,
            0.301
        ),
        "known": (
            0.6781,
            0.3503
        ),
        "near": (
            0.6781,
            0.3503
        )
    },
    "throughput|saturated": {
        "beside": (
            0.1021,
            0.0967
        ),
        "far": (
            0.3864,
            0.2596
        ),
        "home": (
            0.2304,
            0.2018
        ),
        "known": (
            0.2747,
            0.2596
        ),
        "near": (
            0.3864,
            0.2596
        )
    },
    "throughput|static": {
        "beside": (
            0.0743,
            0.0907
        ),
        "far": (
            2.7707,
            1.6884
        ),
        "home": (
            0.2319,
            0.1897
        ),
        "known": (
            0.2919,
            0.5362
        ),
        "near": (
            1.5851,
            0.7925
        )
    },
    "tpot-tail|any": {
        "beside": (
            0.3921,
            0.3838
        ),
        "far": (
            0.7445,
            0.941
        ),
        "home": (
            0.3921,
            0.3838
        ),
        "known": (
            0.7445,
            0.941
        ),
        "near": (
            0.7445,
            0.941
        )
    },
    "tpot-tail|live": {
        "beside": (
            0.3921,
            0.3838
        ),
        "far": (
            0.7445,
            0.941
        ),
        "home": (
            0.3921,
            0.3838
        ),
        "known": (
            0.7445,
            0.941
        ),
        "near": (
            0.7445,
            0.941
        )
    },
    "tpot|any": {
        "beside": (
            0.259,
            0.2135
        ),
        "far": (
            0.5568,
            0.5576
        ),
        "home": (
            0.2933,
            0.378
        ),
        "known": (
            0.5568,
            0.5576
        ),
        "near": (
            0.5568,
            0.5576
        )
    },
    "tpot|live": {
        "beside": (
            0.3002,
            0.2904
        ),
        "far": (
            0.6309,
            0.7445
        ),
        "home": (
            0.3629,
            0.5849
        ),
        "known": (
            0.6309,
            0.7445
        ),
        "near": (
            0.6309,
            0.7445
        )
    },
    "tpot|static": {
        "beside": (
            0.1267,
            0.2534
        ),
        "far": (
            0.1267,
            0.2534
        ),
        "home": (
            0.1267,
            0.2534
        ),
        "known": (
            0.1267,
            0.2534
        ),
        "near": (
            0.1267,
            0.2534
        )
    },
    "ttft-tail|any": {
        "beside": (
            0.7005,
            0.5948
        ),
        "far": (
            0.7738,
            1.4337
        ),
        "home": (
            0.7005,
            0.5948
        ),
        "known": (
            0.7168,
            1.4337
        ),
        "near": (
            0.7738,
            1.4337
        )
    },
    "ttft-tail|live": {
        "beside": (
            0.7005,
            0.5948
        ),
        "far": (
            0.7738,
            1.4337
        ),
        "home": (
            0.7005,
            0.5948
        ),
        "known": (
            0.7168,
            1.4337
        ),
        "near": (
            0.7738,
            1.4337
        )
    },
    "ttft|any": {
        "beside": (
            0.3489,
            0.4233
        ),
        "far": (
            0.6562,
            1.1773
        ),
        "home": (
            0.3489,
            0.4233
        ),
        "known": (
            0.3852,
            0.7705
        ),
        "near": (
            0.6562,
            1.1773
        )
    },
    "ttft|live": {
        "beside": (
            0.6363,
            0.5761
        ),
        "far": (
            0.7498,
            1.3953
        ),
        "home": (
            0.6363,
            0.5761
        ),
        "known": (
            0.6748,
            1.3495
        ),
        "near": (
            0.7498,
            1.3953
        )
    },
    "ttft|static": {
        "beside": (
            0.1303,
            0.2262
        ),
        "far": (
            0.2838,
            0.353
        ),
        "home": (
            0.1303,
            0.2262
        ),
        "known": (
            0.2632,
            0.353
        ),
        "near": (
            0.2838,
            0.353
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
