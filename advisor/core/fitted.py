"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.3211,
    "expert_mfu": -0.8168,
    "half_tokens": 3.8405,
    "hop_s": -10.9241,
    "kv_mbu": -0.2697,
    "layer_s": -11.2958,
    "link": -0.596,
    "mfu": -0.5032,
    "pace": -0.0009,
    "request_s": -4.4233,
    "seq_s": -11.7871,
    "step_s": -6.3598,
    "wait": 0.082,
    "weight_mbu": -0.1755
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.1022,
            "sambaflow": 0.0,
            "sglang": 0.0073,
            "trtllm-new": -0.0887,
            "trtllm-old": 0.1116,
            "vllm-new": -0.0376,
            "vllm-old": -0.0169
        },
        "precision": {
            "fp8": -0.3835,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.2811,
            "nvfp4": -0.0292,
            "w8": 0.0
        },
        "unit": {
            "fp8|ampere": -0.0195,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0641,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0361,
            "mxfp4|blackwell": 0.0314,
            "mxfp4|hopper": -0.0072,
            "nvfp4|blackwell": 0.0017,
            "nvfp4|blackwell-gddr": -0.0122,
            "w8|ampere": 0.0
        }
    },
    "expert_mfu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.0646,
            "sambaflow": 0.0,
            "sglang": -0.0934,
            "trtllm-new": -0.0184,
            "trtllm-old": 0.1009,
            "vllm-new": -0.0382,
            "vllm-old": -0.031
        },
        "generation": {
            "ada": 0.0,
            "ampere": 0.0531,
            "ampere-gddr": 0.0,
            "blackwell": 0.0116,
            "blackwell-gddr": 0.0182,
            "cdna2": -0.0207,
            "cdna3": -0.0105,
            "gaudi": 0.0,
            "hopper": -0.0539,
            "ponte-vecchio": 0.0,
            "sn40": 0.0
        },
        "pair": {
            "deepspeed|gaudi": 0.0,
            "lmdeploy|ampere": 0.0,
            "mii|ampere": 0.4382,
            "sambaflow|sn40": 0.0,
            "sglang|ampere": -0.6423,
            "sglang|hopper": 0.0983,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.146,
            "trtllm-new|blackwell-gddr": 0.1757,
            "trtllm-new|hopper": -0.4533,
            "trtllm-old|ampere": 0.3789,
            "trtllm-old|hopper": 0.3306,
            "vllm-new|ampere": 0.2361,
            "vllm-new|cdna3": 0.0,
            "vllm-new|hopper": -0.6815,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": 0.0814,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": -0.1839,
            "vllm-old|cdna3": -0.1147,
            "vllm-old|hopper": 0.0,
            "vllm-old|ponte-vecchio": 0.0
        },
        "precision": {
            "fp8": 0.1818,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.1192,
            "nvfp4": -0.5052,
            "w8": 0.0
        },
        "unit": {
            "fp8|ampere": 0.0164,
            "fp8|cdna3": 0.0,
            "fp8|hopper": 0.0122,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": -0.016,
            "mxfp4|blackwell": 0.1125,
            "mxfp4|hopper": -0.0755,
            "nvfp4|blackwell": -0.0998,
            "nvfp4|blackwell-gddr": 0.0182,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": -0.0304,
            "Intel": 0.0,
            "NVIDIA": 0.0295,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.0635,
            "int4": -0.1031,
            "int8": 0.0818,
            "mxfp4": -0.0042,
            "nvfp4": 0.1001,
            "w8": 0.0042
        },
        "vendor": {
            "AMD": 0.1167,
            "Intel": -0.0879,
            "NVIDIA": -0.0297,
            "SambaNova": -0.0231
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": 0.217,
            "lmdeploy": 0.0107,
            "mii": 0.2037,
            "sambaflow": -0.2567,
            "sglang": 0.0349,
            "trtllm-new": -0.0083,
            "trtllm-old": 0.0585,
            "vllm-new": 0.0591,
            "vllm-old": 0.1249
        },
        "wire": {
            "AMD links": 0.7509,
            "Intel links": 0.3414,
            "NVIDIA links": -0.0447,
            "network": 0.0205,
            "pcie": -0.3165
        }
    },
    "kv_mbu": {
        "era": {
            "deepspeed": -0.0248,
            "lmdeploy": 0.024,
            "mii": -0.0203,
            "sambaflow": -0.0068,
            "sglang": -0.0005,
            "trtllm-new": -0.0161,
            "trtllm-old": 0.0819,
            "vllm-new": 0.0054,
            "vllm-old": -0.0739
        },
        "generation": {
            "ada": -0.0067,
            "ampere": 0.0177,
            "ampere-gddr": -0.0324,
            "blackwell": -0.0521,
            "blackwell-gddr": 0.0018,
            "cdna2": 0.0274,
            "cdna3": -0.0246,
            "gaudi": -0.0173,
            "hopper": 0.0845,
            "ponte-vecchio": -0.0025,
            "sn40": -0.0047
        },
        "pair": {
            "deepspeed|gaudi": -0.0141,
            "lmdeploy|ampere": 0.0135,
            "mii|ampere": -0.0115,
            "sambaflow|sn40": -0.0038,
            "sglang|ampere": 0.007,
            "sglang|hopper": -0.0073,
            "trtllm-new|ampere": 0.0057,
            "trtllm-new|blackwell": -0.0426,
            "trtllm-new|blackwell-gddr": 0.0023,
            "trtllm-new|hopper": 0.0278,
            "trtllm-old|ampere": 0.0414,
            "trtllm-old|hopper": 0.0028,
            "vllm-new|ampere": -0.038,
            "vllm-new|cdna3": -0.0047,
            "vllm-new|hopper": 0.0459,
            "vllm-old|ada": -0.0055,
            "vllm-old|ampere": -0.0072,
            "vllm-old|ampere-gddr": -0.0262,
            "vllm-old|cdna2": 0.0222,
            "vllm-old|cdna3": -0.0153,
            "vllm-old|hopper": -0.005,
            "vllm-old|ponte-vecchio": -0.002
        },
        "vendor": {
            "AMD": 0.0011,
            "Intel": -0.0072,
            "NVIDIA": 0.0009,
            "SambaNova": -0.0017
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": 0.0017,
            "lmdeploy": 0.0011,
            "mii": 0.0279,
            "sambaflow": -0.1247,
            "sglang": 0.0223,
            "trtllm-new": 0.0173,
            "trtllm-old": 0.1273,
            "vllm-new": -0.003,
            "vllm-old": -0.002
        },
        "kind": {
            "dense": -0.0452,
            "moe": 0.0811,
            "moe speculative": -0.0031
        },
        "pair": {
            "deepspeed|gaudi": 0.0006,
            "lmdeploy|ampere": 0.0004,
            "mii|ampere": 0.01,
            "sambaflow|sn40": -0.045,
            "sglang|ampere": 0.0017,
            "sglang|hopper": 0.0063,
            "trtllm-new|ampere": -0.0011,
            "trtllm-new|blackwell": 0.0152,
            "trtllm-new|blackwell-gddr": 0.0038,
            "trtllm-new|hopper": -0.0117,
            "trtllm-old|ampere": 0.03,
            "trtllm-old|hopper": 0.0164,
            "vllm-new|ampere": 0.0062,
            "vllm-new|cdna3": -0.0173,
            "vllm-new|hopper": 0.01,
            "vllm-old|ada": -0.0131,
            "vllm-old|ampere": -0.0043,
            "vllm-old|ampere-gddr": -0.0018,
            "vllm-old|cdna2": 0.0253,
            "vllm-old|cdna3": 0.0224,
            "vllm-old|hopper": -0.0308,
            "vllm-old|ponte-vecchio": 0.0013
        },
        "vendor": {
            "AMD": 0.0136,
            "Intel": 0.0008,
            "NVIDIA": 0.0165,
            "SambaNova": -0.02
        }
    },
    "link": {
        "pair": {
            "deepspeed|gaudi": -0.0168,
            "lmdeploy|ampere": -0.0185,
            "mii|ampere": -0.0055,
            "sambaflow|sn40": 0.0985,
            "sglang|ampere": -0.0075,
            "sglang|hopper": -0.0008,
            "trtllm-new|ampere": 0.0,
            "trtllm-new|blackwell": 0.0811,
            "trtllm-new|blackwell-gddr": 0.0825,
            "trtllm-new|hopper": 0.0584,
            "trtllm-old|ampere": -0.1793,
            "trtllm-old|hopper": 0.1321,
            "vllm-new|ampere": -0.2415,
            "vllm-new|cdna3": -0.0737,
            "vllm-new|hopper": -0.0817,
            "vllm-old|ada": 0.0,
            "vllm-old|ampere": -0.0036,
            "vllm-old|ampere-gddr": 0.0,
            "vllm-old|cdna2": 0.0099,
            "vllm-old|cdna3": -0.0161,
            "vllm-old|hopper": 0.0163,
            "vllm-old|ponte-vecchio": -0.0001
        },
        "wire": {
            "AMD links": -0.0986,
            "Intel links": -0.0209,
            "NVIDIA links": 0.0872,
            "network": -0.2008,
            "pcie": 0.0621
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.022,
            "A100-SXM-40GB": 0.0013,
            "A100-SXM-80GB": 0.0237,
            "A10G-24GB": 0.0045,
            "B200-SXM-180GB": -0.0008,
            "GAUDI2-96GB": 0.0063,
            "GB200-186GB": -0.0018,
            "H100-SXM-80GB": -0.0226,
            "H200-SXM-141GB": 0.0247,
            "L4-24GB": -0.0015,
            "MAX1550-128GB": -0.0003,
            "MI250-128GB": 0.0003,
            "MI300X-192GB": -0.017,
            "RTXPRO6000-SERVER-96GB": 0.003,
            "SN40L-64GB": 0.0017
        },
        "era": {
            "deepspeed": 0.0393,
            "lmdeploy": -0.0029,
            "mii": -0.032,
            "sambaflow": 0.0106,
            "sglang": 0.0019,
            "trtllm-new": 0.0065,
            "trtllm-old": 0.0129,
            "vllm-new": 0.0171,
            "vllm-old": -0.043
        },
        "generation": {
            "ada": -0.0093,
            "ampere": 0.02,
            "ampere-gddr": 0.0232,
            "blackwell": -0.0147,
            "blackwell-gddr": 0.0198,
            "cdna2": -0.004,
            "cdna3": -0.1056,
            "gaudi": 0.0393,
            "hopper": 0.0193,
            "ponte-vecchio": -0.0021,
            "sn40": 0.0106
        },
        "pair": {
            "deepspeed|gaudi": 0.0759,
            "lmdeploy|ampere": -0.0056,
            "mii|ampere": -0.0631,
            "sambaflow|sn40": 0.0208,
            "sglang|ampere": 0.0312,
            "sglang|hopper": -0.0253,
            "trtllm-new|ampere": -0.0036,
            "trtllm-new|blackwell": -0.0275,
            "trtllm-new|blackwell-gddr": 0.0412,
            "trtllm-new|hopper": -0.0047,
            "trtllm-old|ampere": 0.0216,
            "trtllm-old|hopper": 0.0035,
            "vllm-new|ampere": -0.0521,
            "vllm-new|cdna3": -0.0298,
            "vllm-new|hopper": 0.1127,
            "vllm-old|ada": -0.0183,
            "vllm-old|ampere": 0.11,
            "vllm-old|ampere-gddr": 0.0454,
            "vllm-old|cdna2": -0.0121,
            "vllm-old|cdna3": -0.1771,
            "vllm-old|hopper": -0.0373,
            "vllm-old|ponte-vecchio": -0.0041
        },
        "precision": {
            "fp8": -0.2665,
            "int4": 0.0458,
            "int8": -0.1045,
            "mxfp4": 0.0298,
            "nvfp4": -0.524,
            "w8": -0.0229
        },
        "unit": {
            "fp8|ampere": -0.0203,
            "fp8|cdna3": -0.0219,
            "fp8|hopper": -0.0283,
            "int4|ampere": -0.1261,
            "int4|ampere-gddr": 0.1232,
            "int8|ampere": -0.0241,
            "mxfp4|ampere": -0.0461,
            "mxfp4|blackwell": 0.1461,
            "mxfp4|hopper": -0.0863,
            "nvfp4|blackwell": -0.1623,
            "nvfp4|blackwell-gddr": 0.0294,
            "w8|ampere": -0.0048
        },
        "vendor": {
            "AMD": -0.0986,
            "Intel": 0.0372,
            "NVIDIA": 0.0672,
            "SambaNova": 0.0106
        }
    },
    "pace": {
        "era": {
            "deepspeed": -0.0283,
            "lmdeploy": -0.0029,
            "mii": 0.0222,
            "sambaflow": -0.1265,
            "sglang": 0.0139,
            "trtllm-new": -0.043,
            "trtllm-old": 0.0546,
            "vllm-new": 0.0603,
            "vllm-old": 0.0719
        },
        "family": {
            "aquila": -0.0311,
            "bloom": -0.02,
            "decilm": 0.003,
            "deepseek": 0.05,
            "falcon": 0.0193,
            "glm": 0.069,
            "gpt": -0.0695,
            "internlm": -0.0221,
            "llama": -0.0236,
            "meta": 0.0226,
            "minimax": 0.0652,
            "mistral": 0.0379,
            "mixtral": -0.0154,
            "openhermes": -0.0313,
            "opt": -0.051,
            "qwen1.5": -0.0307,
            "qwen2": 0.0124,
            "qwen2.5": 0.0269,
            "qwen3": 0.0398
        },
        "kind": {
            "dense": -0.0017,
            "moe": 0.0161,
            "moe speculative": -0.0006
        },
        "pair": {
            "deepspeed|gaudi": -0.0225,
            "lmdeploy|ampere": -0.0023,
            "mii|ampere": 0.0161,
            "sambaflow|sn40": -0.0987,
            "sglang|ampere": -0.0032,
            "sglang|hopper": 0.0162,
            "trtllm-new|ampere": -0.0096,
            "trtllm-new|blackwell": -0.0086,
            "trtllm-new|blackwell-gddr": -0.0245,
            "trtllm-new|hopper": -0.006,
            "trtllm-old|ampere": 0.0489,
            "trtllm-old|hopper": -0.0105,
            "vllm-new|ampere": 0.0907,
            "vllm-new|cdna3": -0.0007,
            "vllm-new|hopper": -0.0462,
            "vllm-old|ada": -0.0291,
            "vllm-old|ampere": -0.0624,
            "vllm-old|ampere-gddr": -0.0027,
            "vllm-old|cdna2": 0.0842,
            "vllm-old|cdna3": 0.1385,
            "vllm-old|hopper": -0.0722,
            "vllm-old|ponte-vecchio": 0.007
        }
    },
    "request_s": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": -0.0001,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0016,
            "trtllm-new": 0.0001,
            "trtllm-old": 0.0001,
            "vllm-new": -0.0018,
            "vllm-old": 0.0192
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": 0.203,
            "lmdeploy": -0.0412,
            "mii": 0.1953,
            "sambaflow": -0.0451,
            "sglang": 0.1177,
            "trtllm-new": -0.5077,
            "trtllm-old": -0.3945,
            "vllm-new": 0.2358,
            "vllm-old": 0.6706
        }
    },
    "step_s": {
        "era": {
            "deepspeed": -0.0715,
            "lmdeploy": -0.0134,
            "mii": 1.3537,
            "sambaflow": -0.8624,
            "sglang": 0.2373,
            "trtllm-new": -0.1243,
            "trtllm-old": -0.2408,
            "vllm-new": -0.0297,
            "vllm-old": 0.6129
        },
        "vendor": {
            "AMD": 0.1922,
            "Intel": -0.0025,
            "NVIDIA": -0.1034,
            "SambaNova": -0.0505
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0092,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": -0.0077,
            "trtllm-new": 0.0206,
            "trtllm-old": 0.0051,
            "vllm-new": 0.0118,
            "vllm-old": -0.0223
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0043,
            "A100-SXM-40GB": 0.0094,
            "A100-SXM-80GB": 0.0008,
            "A10G-24GB": 0.0004,
            "B200-SXM-180GB": 0.0017,
            "GAUDI2-96GB": 0.0036,
            "GB200-186GB": -0.0003,
            "H100-SXM-80GB": -0.0206,
            "H200-SXM-141GB": 0.0125,
            "L4-24GB": 0.0014,
            "MAX1550-128GB": -0.0004,
            "MI250-128GB": -0.0044,
            "MI300X-192GB": -0.001,
            "RTXPRO6000-SERVER-96GB": -0.0025,
            "SN40L-64GB": 0.0035
        },
        "era": {
            "deepspeed": 0.005,
            "lmdeploy": -0.0003,
            "mii": 0.0067,
            "sambaflow": 0.005,
            "sglang": 0.0003,
            "trtllm-new": -0.007,
            "trtllm-old": -0.0169,
            "vllm-new": 0.0017,
            "vllm-old": 0.0041
        },
        "generation": {
            "ada": 0.0058,
            "ampere": 0.024,
            "ampere-gddr": 0.0018,
            "blackwell": 0.0054,
            "blackwell-gddr": -0.0098,
            "cdna2": -0.0174,
            "cdna3": -0.0038,
            "gaudi": 0.0122,
            "hopper": -0.0341,
            "ponte-vecchio": -0.0014,
            "sn40": 0.0133
        },
        "precision": {
            "fp8": -0.1778,
            "int4": 0.0046,
            "int8": -0.0473,
            "mxfp4": 0.0833,
            "nvfp4": -0.0862,
            "w8": -0.0004
        },
        "vendor": {
            "AMD": -0.0212,
            "Intel": 0.0108,
            "NVIDIA": 0.0018,
            "SambaNova": 0.0133
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "far": (
            0.8985,
            0.4492
        ),
        "known": (
            0.881,
            0.4405
        ),
        "near": (
            0.8985,
            0.4492
        )
    },
    "e2e-tail|open": {
        "far": (
            0.8985,
            0.4492
        ),
        "known": (
            0.881,
            0.4405
        ),
        "near": (
            0.8985,
            0.4492
        )
    },
    "e2e|any": {
        "far": (
            1.6587,
            0.8293
        ),
        "known": (
            1.6587,
            0.8293
        ),
        "near": (
            1.6587,
            0.8293
        )
    },
    "e2e|open": {
        "far": (
            1.6587,
            0.8293
        ),
        "known": (
            1.6587,
            0.8293
        ),
        "near": (
            1.6587,
            0.8293
        )
    },
    "throughput|any": {
        "far": (
            1.6758,
            0.8379
        ),
        "known": (
            0.8442,
            0.4221
        ),
        "near": (
            0.9733,
            0.4866
        )
    },
    "throughput|burst": {
        "far": (
            1.0796,
            0.5398
        ),
        "known": (
            0.8145,
            0.4073
        ),
        "near": (
            1.0796,
            0.5398
        )
    },
    "throughput|closed": {
        "far": (
            1.275,
            0.6375
        ),
        "known": (
            1.275,
            0.6375
        ),
        "near": (
            1.275,
            0.6375
        )
    },
    "throughput|saturated": {
        "far": (
            0.3836,
            0.4164
        ),
        "known": (
            0.3082,
            0.4164
        ),
        "near": (
            0.3836,
            0.4164
        )
    },
    "throughput|split": {
        "far": (
            0.3826,
            0.3839
        ),
        "known": (
            0.3826,
            0.3839
        ),
        "near": (
            0.3826,
            0.3839
        )
    },
    "throughput|static": {
        "far": (
            1.7206,
            0.8603
        ),
        "known": (
            1.1344,
            0.5672
        ),
        "near": (
            1.5146,
            0.7573
        )
    },
    "tpot-tail|any": {
        "far": (
            0.5405,
            1.081
        ),
        "known": (
            0.5405,
            1.081
        ),
        "near": (
            0.5405,
            1.081
        )
    },
    "tpot-tail|burst": {
        "far": (
            1.149,
            2.298
        ),
        "known": (
            0.8059,
            1.6118
        ),
        "near": (
            1.149,
            2.298
        )
    },
    "tpot-tail|closed": {
        "far": (
            0.4763,
            0.9525
        ),
        "known": (
            0.4763,
            0.9525
        ),
        "near": (
            0.4763,
            0.9525
        )
    },
    "tpot-tail|open": {
        "far": (
            0.8733,
            0.4367
        ),
        "known": (
            0.8639,
            0.432
        ),
        "near": (
            0.8733,
            0.4367
        )
    },
    "tpot-tail|split": {
        "far": (
            0.4216,
            0.6123
        ),
        "known": (
            0.4216,
            0.6123
        ),
        "near": (
            0.4216,
            0.6123
        )
    },
    "tpot|any": {
        "far": (
            0.4614,
            0.9228
        ),
        "known": (
            0.4614,
            0.9228
        ),
        "near": (
            0.4614,
            0.9228
        )
    },
    "tpot|burst": {
        "far": (
            0.6708,
            1.3417
        ),
        "known": (
            0.574,
            1.1481
        ),
        "near": (
            0.6708,
            1.3417
        )
    },
    "tpot|closed": {
        "far": (
            0.4769,
            0.936
        ),
        "known": (
            0.468,
            0.936
        ),
        "near": (
            0.4769,
            0.936
        )
    },
    "tpot|open": {
        "far": (
            0.9793,
            0.7328
        ),
        "known": (
            0.9264,
            0.7328
        ),
        "near": (
            0.9793,
            0.7328
        )
    },
    "tpot|split": {
        "far": (
            0.3134,
            0.4853
        ),
        "known": (
            0.3134,
            0.4853
        ),
        "near": (
            0.3134,
            0.4853
        )
    },
    "tpot|static": {
        "far": (
            0.1102,
            0.08
        ),
        "known": (
            0.1102,
            0.08
        ),
        "near": (
            0.1102,
            0.08
        )
    },
    "ttft-tail|any": {
        "far": (
            1.1085,
            1.8761
        ),
        "known": (
            0.9381,
            1.8761
        ),
        "near": (
            1.1085,
            1.8761
        )
    },
    "ttft-tail|burst": {
        "far": (
            0.3624,
            0.6668
        ),
        "known": (
            0.3624,
            0.4596
        ),
        "near": (
            0.3624,
            0.6668
        )
    },
    "ttft-tail|closed": {
        "far": (
            0.9885,
            1.977
        ),
        "known": (
            0.9885,
            1.977
        ),
        "near": (
            0.9885,
            1.977
        )
    },
    "ttft-tail|open": {
        "far": (
            4.5288,
            2.2644
        ),
        "known": (
            4.4701,
            2.2351
        ),
        "near": (
            4.5288,
            2.2644
        )
    },
    "ttft-tail|split": {
        "far": (
            1.4614,
            1.4448
        ),
        "known": (
            1.4614,
            1.4448
        ),
        "near": (
            1.4614,
            1.4448
        )
    },
    "ttft|any": {
        "far": (
            1.1904,
            2.3808
        ),
        "known": (
            1.1904,
            2.3808
        ),
        "near": (
            1.1904,
            2.3808
        )
    },
    "ttft|burst": {
        "far": (
            0.5076,
            0.8607
        ),
        "known": (
            0.5076,
            0.4783
        ),
        "near": (
            0.5076,
            0.8607
        )
    },
    "ttft|closed": {
        "far": (
            1.6844,
            3.3689
        ),
        "known": (
            1.6844,
            3.3689
        ),
        "near": (
            1.6844,
            3.3689
        )
    },
    "ttft|open": {
        "far": (
            1.1056,
            0.9813
        ),
        "known": (
            1.0918,
            0.9813
        ),
        "near": (
            1.1056,
            0.9813
        )
    },
    "ttft|split": {
        "far": (
            1.3927,
            1.4928
        ),
        "known": (
            1.3927,
            1.4928
        ),
        "near": (
            1.3927,
            1.4928
        )
    },
    "ttft|static": {
        "far": (
            0.3113,
            0.2917
        ),
        "known": (
            0.2972,
            0.2659
        ),
        "near": (
            0.3113,
            0.2917
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
