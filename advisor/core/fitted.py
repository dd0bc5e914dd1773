"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.2994,
    "half_tokens": 3.4656,
    "hop_s": -10.6569,
    "kv_mbu": -0.47,
    "layer_s": -10.6858,
    "link": -0.9573,
    "mfu": -0.6632,
    "pace": 0.0015,
    "request_s": -4.6486,
    "seq_s": -11.5931,
    "step_s": -6.5486,
    "wait": 0.4058,
    "weight_mbu": -0.2446
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.2865,
            "sambaflow": 0.0,
            "sglang": -0.0144,
            "trtllm-new": -0.377,
            "trtllm-old": 0.2364,
            "vllm-new": -0.2213,
            "vllm-old": 0.1212
        },
        "precision": {
            "fp8": -0.1474,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.0667,
            "nvfp4": -0.0088,
            "w8": 0.0
        },
        "unit": {
            "fp8|ampere": -0.028,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0664,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0225,
            "mxfp4|blackwell": 0.2228,
            "mxfp4|hopper": -0.2027,
            "nvfp4|blackwell": -0.0824,
            "nvfp4|blackwell-gddr": 0.0767,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": 0.0083,
            "Huawei": -0.0339,
            "Intel": 0.0,
            "NVIDIA": 0.0302,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.1154,
            "int4": -0.4246,
            "int8": 0.0429,
            "mxfp4": 0.0338,
            "nvfp4": 0.3079,
            "w8": 0.0049
        },
        "vendor": {
            "AMD": -0.4854,
            "Huawei": 0.0175,
            "Intel": 0.1477,
            "NVIDIA": 0.2816,
            "SambaNova": -0.0033
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": -0.3312,
            "lmdeploy": 0.0453,
            "mii": 0.602,
            "sambaflow": -0.3701,
            "sglang": 0.0641,
            "trtllm-new": -0.1202,
            "trtllm-old": 0.3306,
            "vllm-new": 0.0407,
            "vllm-old": 0.4332
        },
        "wire": {
            "AMD links": 0.3693,
            "Huawei links": -0.0164,
            "Intel links": 1.21,
            "NVIDIA links": -0.1903,
            "network": 0.0087,
            "pcie": -0.2969
        }
    },
    "kv_mbu": {
        "engine": {
            "deepspeed": -0.077,
            "lmdeploy": 0.0817,
            "mii": 0.0001,
            "sambaflow": -0.1114,
            "sglang": -0.0571,
            "trtllm": 0.1449,
            "vllm": -0.0633
        },
        "era": {
            "deepspeed": -0.0493,
            "lmdeploy": 0.0523,
            "mii": 0.0,
            "sambaflow": -0.0713,
            "sglang": -0.0365,
            "trtllm-new": 0.1021,
            "trtllm-old": -0.0082,
            "vllm-new": 0.0428,
            "vllm-old": -0.0832
        },
        "generation": {
            "ada": -0.0071,
            "ampere": 0.066,
            "ampere-gddr": -0.0592,
            "ascend": 0.0178,
            "blackwell": -0.0296,
            "blackwell-gddr": 0.0266,
            "cdna2": 0.0661,
            "cdna3": 0.0062,
            "gaudi": -0.0277,
            "hopper": 0.0681,
            "ponte-vecchio": -0.1157,
            "sn40": -0.0401
        },
        "pair": {
            "deepspeed|gaudi": -0.0493,
            "lmdeploy|ampere": 0.0523,
            "mii|ampere": 0.0,
            "sambaflow|sn40": -0.0713,
            "sglang|ampere": 0.0188,
            "sglang|hopper": -0.0553,
            "trtllm-new|ampere": 0.0146,
            "trtllm-new|blackwell": -0.0526,
            "trtllm-new|blackwell-gddr": 0.0472,
            "trtllm-new|hopper": 0.0932,
            "trtllm-old|ampere": 0.0054,
            "trtllm-old|hopper": -0.0137,
            "vllm-new|ampere": -0.0378,
            "vllm-new|ascend": 0.0316,
            "vllm-new|cdna3": 0.0093,
            "vllm-new|hopper": 0.0398,
            "vllm-old|ada": -0.0126,
            "vllm-old|ampere": 0.0636,
            "vllm-old|ampere-gddr": -0.1052,
            "vllm-old|cdna2": 0.1175,
            "vllm-old|cdna3": 0.0018,
            "vllm-old|hopper": 0.0574,
            "vllm-old|ponte-vecchio": -0.2057
        },
        "vendor": {
            "AMD": 0.0321,
            "Huawei": 0.0079,
            "Intel": -0.0638,
            "NVIDIA": 0.0288,
            "SambaNova": -0.0178
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": -0.0857,
            "lmdeploy": 0.0225,
            "mii": 0.1449,
            "sambaflow": -0.2993,
            "sglang": 0.1211,
            "trtllm-new": 0.0837,
            "trtllm-old": 0.2348,
            "vllm-new": -0.0605,
            "vllm-old": 0.2588
        },
        "kind": {
            "dense": -0.199,
            "moe": 0.6187,
            "moe speculative": 0.0019
        },
        "pair": {
            "deepspeed|gaudi": -0.0482,
            "lmdeploy|ampere": 0.0127,
            "mii|ampere": 0.0815,
            "sambaflow|sn40": -0.1684,
            "sglang|ampere": 0.0315,
            "sglang|hopper": 0.0366,
            "trtllm-new|ampere": -0.0049,
            "trtllm-new|blackwell": 0.125,
            "trtllm-new|blackwell-gddr": 0.0263,
            "trtllm-new|hopper": -0.0993,
            "trtllm-old|ampere": 0.1589,
            "trtllm-old|hopper": -0.0268,
            "vllm-new|ampere": -0.0397,
            "vllm-new|ascend": 0.0102,
            "vllm-new|cdna3": -0.0089,
            "vllm-new|hopper": 0.0043,
            "vllm-old|ada": -0.0651,
            "vllm-old|ampere": -0.0242,
            "vllm-old|ampere-gddr": -0.0377,
            "vllm-old|cdna2": 0.2065,
            "vllm-old|cdna3": -0.0639,
            "vllm-old|hopper": -0.0252,
            "vllm-old|ponte-vecchio": 0.1551
        },
        "vendor": {
            "AMD": 0.0595,
            "Huawei": 0.0045,
            "Intel": 0.0475,
            "NVIDIA": 0.0684,
            "SambaNova": -0.0748
        }
    },
    "link": {
        "era": {
            "deepspeed": 0.0162,
            "lmdeploy": -0.0826,
            "mii": -0.0665,
            "sambaflow": 0.2775,
            "sglang": -0.147,
            "trtllm-new": 0.5984,
            "trtllm-old": 0.0247,
            "vllm-new": -0.3724,
            "vllm-old": -0.3418
        },
        "wire": {
            "AMD links": -0.3442,
            "Huawei links": -0.2117,
            "Intel links": -0.019,
            "NVIDIA links": 0.1915,
            "network": -0.0009,
            "pcie": 0.2161
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0427,
            "A100-SXM-40GB": 0.0006,
            "A100-SXM-80GB": 0.0503,
            "A10G-24GB": 0.0076,
            "ASCEND-910B-64GB": 0.0086,
            "B200-SXM-180GB": -0.0026,
            "GAUDI2-96GB": 0.0014,
            "GB200-186GB": -0.0,
            "H100-SXM-80GB": -0.0091,
            "H200-SXM-141GB": 0.0133,
            "L4-24GB": -0.003,
            "MAX1550-128GB": -0.0144,
            "MI250-128GB": 0.0134,
            "MI300X-192GB": -0.039,
            "RTXPRO6000-SERVER-96GB": 0.001,
            "SN40L-64GB": 0.0007
        },
        "engine": {
            "deepspeed": 0.0057,
            "lmdeploy": 0.0079,
            "mii": -0.0446,
            "sambaflow": 0.0027,
            "sglang": 0.0301,
            "trtllm": 0.0194,
            "vllm": -0.0765
        },
        "era": {
            "deepspeed": 0.0057,
            "lmdeploy": 0.0079,
            "mii": -0.0446,
            "sambaflow": 0.0027,
            "sglang": 0.0301,
            "trtllm-new": 0.0036,
            "trtllm-old": 0.0159,
            "vllm-new": 0.0718,
            "vllm-old": -0.1483
        },
        "generation": {
            "ada": -0.0186,
            "ampere": 0.0519,
            "ampere-gddr": 0.0478,
            "ascend": 0.0535,
            "blackwell": -0.016,
            "blackwell-gddr": 0.0062,
            "cdna2": 0.0837,
            "cdna3": -0.2437,
            "gaudi": 0.0089,
            "hopper": 0.0259,
            "ponte-vecchio": -0.0898,
            "sn40": 0.0042
        },
        "kind": {
            "dense": 0.0332,
            "moe": -0.2686,
            "moe speculative": -0.0027
        },
        "pair": {
            "deepspeed|gaudi": 0.0358,
            "lmdeploy|ampere": 0.0491,
            "mii|ampere": -0.2789,
            "sambaflow|sn40": 0.017,
            "sglang|ampere": 0.0736,
            "sglang|hopper": 0.1148,
            "trtllm-new|ampere": 0.083,
            "trtllm-new|blackwell": -0.0643,
            "trtllm-new|blackwell-gddr": 0.0248,
            "trtllm-new|hopper": -0.0212,
            "trtllm-old|ampere": 0.2063,
            "trtllm-old|hopper": -0.1069,
            "vllm-new|ampere": 0.0393,
            "vllm-new|ascend": 0.2139,
            "vllm-new|cdna3": 0.0544,
            "vllm-new|hopper": 0.141,
            "vllm-old|ada": -0.0745,
            "vllm-old|ampere": 0.0346,
            "vllm-old|ampere-gddr": 0.1911,
            "vllm-old|cdna2": 0.3349,
            "vllm-old|cdna3": -1.0293,
            "vllm-old|hopper": -0.0247,
            "vllm-old|ponte-vecchio": -0.3591
        },
        "precision": {
            "fp8": -0.1096,
            "int4": 0.0089,
            "int8": -0.0323,
            "mxfp4": -0.0688,
            "nvfp4": -0.3812,
            "w8": -0.0067
        },
        "unit": {
            "fp8|ampere": -0.1838,
            "fp8|cdna3": 0.0242,
            "fp8|hopper": 0.0499,
            "int4|ampere": -0.1411,
            "int4|ampere-gddr": 0.1499,
            "int8|ampere": -0.0323,
            "mxfp4|ampere": -0.2101,
            "mxfp4|blackwell": 0.3637,
            "mxfp4|hopper": -0.2224,
            "nvfp4|blackwell": -0.3922,
            "nvfp4|blackwell-gddr": 0.011,
            "w8|ampere": -0.0067
        },
        "vendor": {
            "AMD": -0.1024,
            "Huawei": 0.0342,
            "Intel": -0.0517,
            "NVIDIA": 0.0621,
            "SambaNova": 0.0027
        }
    },
    "pace": {
        "family": {
            "aquila": -0.0156,
            "bloom": -0.0079,
            "decilm": 0.0212,
            "deepseek": 0.0573,
            "falcon": 0.0169,
            "glm": 0.0863,
            "gpt": -0.0515,
            "internlm": -0.0101,
            "llama": -0.0181,
            "meta": 0.0409,
            "minimax": 0.0012,
            "mistral": 0.0336,
            "mixtral": -0.1474,
            "openhermes": -0.024,
            "opt": -0.019,
            "qwen1.5": -0.0152,
            "qwen2": 0.0352,
            "qwen2.5": 0.0004,
            "qwen3": 0.0667,
            "qwen3.5": 0.0015
        },
        "kind": {
            "dense": -0.0117,
            "moe": 0.0631,
            "moe speculative": 0.0012
        },
        "pair": {
            "deepspeed|gaudi": -0.201,
            "lmdeploy|ampere": -0.0009,
            "mii|ampere": 0.0852,
            "sambaflow|sn40": -0.4223,
            "sglang|ampere": 0.2505,
            "sglang|hopper": -0.118,
            "trtllm-new|ampere": -0.1096,
            "trtllm-new|blackwell": -0.1599,
            "trtllm-new|blackwell-gddr": -0.056,
            "trtllm-new|hopper": 0.0457,
            "trtllm-old|ampere": 0.0888,
            "trtllm-old|hopper": -0.0835,
            "vllm-new|ampere": 0.0699,
            "vllm-new|ascend": 0.2062,
            "vllm-new|cdna3": -0.119,
            "vllm-new|hopper": -0.086,
            "vllm-old|ada": -0.0928,
            "vllm-old|ampere": -0.0999,
            "vllm-old|ampere-gddr": -0.1145,
            "vllm-old|cdna2": 0.3027,
            "vllm-old|cdna3": 0.2654,
            "vllm-old|hopper": -0.1323,
            "vllm-old|ponte-vecchio": 1.061
        }
    },
    "request_s": {
        "era": {
            "deepspeed": -0.0027,
            "lmdeploy": -0.0078,
            "mii": 0.0206,
            "sambaflow": -0.0086,
            "sglang": 0.5757,
            "trtllm-new": 0.0019,
            "trtllm-old": -0.7871,
            "vllm-new": 0.0356,
            "vllm-old": 0.1503
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": -0.058,
            "lmdeploy": 0.0171,
            "mii": 0.1441,
            "sambaflow": -0.0314,
            "sglang": 0.1149,
            "trtllm-new": 0.0359,
            "trtllm-old": -0.5114,
            "vllm-new": 0.3691,
            "vllm-old": 1.6434
        }
    },
    "step_s": {
        "era": {
            "deepspeed": -0.3135,
            "lmdeploy": 0.0143,
            "mii": 1.2423,
            "sambaflow": -0.6666,
            "sglang": 0.1281,
            "trtllm-new": -0.2063,
            "trtllm-old": -0.5323,
            "vllm-new": -0.0559,
            "vllm-old": 0.5748
        },
        "vendor": {
            "AMD": 0.013,
            "Huawei": 0.0103,
            "Intel": 0.1169,
            "NVIDIA": -0.0038,
            "SambaNova": -0.1067
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0124,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.1193,
            "trtllm-new": 0.0147,
            "trtllm-old": 0.0011,
            "vllm-new": 0.0025,
            "vllm-old": -0.0754
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0353,
            "A100-SXM-40GB": 0.0357,
            "A100-SXM-80GB": 0.0047,
            "A10G-24GB": 0.0068,
            "ASCEND-910B-64GB": -0.0216,
            "B200-SXM-180GB": 0.0121,
            "GAUDI2-96GB": 0.0057,
            "GB200-186GB": -0.0023,
            "H100-SXM-80GB": -0.0409,
            "H200-SXM-141GB": 0.032,
            "L4-24GB": 0.0014,
            "MAX1550-128GB": -0.0103,
            "MI250-128GB": -0.0349,
            "MI300X-192GB": 0.0249,
            "RTXPRO6000-SERVER-96GB": -0.0057,
            "SN40L-64GB": 0.0157
        },
        "engine": {
            "deepspeed": 0.0057,
            "lmdeploy": -0.0013,
            "mii": 0.0,
            "sambaflow": 0.0157,
            "sglang": -0.0026,
            "trtllm": -0.018,
            "vllm": -0.0117
        },
        "era": {
            "deepspeed": 0.0057,
            "lmdeploy": -0.0013,
            "mii": 0.0,
            "sambaflow": 0.0157,
            "sglang": -0.0026,
            "trtllm-new": -0.0125,
            "trtllm-old": -0.0054,
            "vllm-new": -0.0091,
            "vllm-old": -0.0026
        },
        "generation": {
            "ada": 0.0057,
            "ampere": 0.0206,
            "ampere-gddr": 0.027,
            "ascend": -0.0866,
            "blackwell": 0.0392,
            "blackwell-gddr": -0.0228,
            "cdna2": -0.1396,
            "cdna3": 0.0996,
            "gaudi": 0.0228,
            "hopper": -0.0353,
            "ponte-vecchio": -0.0414,
            "sn40": 0.0627
        },
        "pair": {
            "deepspeed|gaudi": 0.0101,
            "lmdeploy|ampere": -0.0023,
            "mii|ampere": 0.0,
            "sambaflow|sn40": 0.0279,
            "sglang|ampere": -0.0277,
            "sglang|hopper": 0.0231,
            "trtllm-new|ampere": 0.009,
            "trtllm-new|blackwell": 0.0174,
            "trtllm-new|blackwell-gddr": -0.0101,
            "trtllm-new|hopper": -0.0385,
            "trtllm-old|ampere": 0.0241,
            "trtllm-old|hopper": -0.0337,
            "vllm-new|ampere": 0.0216,
            "vllm-new|ascend": -0.0385,
            "vllm-new|cdna3": 0.0016,
            "vllm-new|hopper": -0.001,
            "vllm-old|ada": 0.0025,
            "vllm-old|ampere": -0.0158,
            "vllm-old|ampere-gddr": 0.012,
            "vllm-old|cdna2": -0.0621,
            "vllm-old|cdna3": 0.0427,
            "vllm-old|hopper": 0.0345,
            "vllm-old|ponte-vecchio": -0.0184
        },
        "precision": {
            "fp8": -0.1964,
            "int4": 0.0377,
            "int8": -0.0617,
            "mxfp4": 0.0346,
            "nvfp4": -0.1076,
            "w8": -0.0001
        },
        "vendor": {
            "AMD": -0.0278,
            "Huawei": -0.0601,
            "Intel": -0.0129,
            "NVIDIA": 0.024,
            "SambaNova": 0.0435
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "far": (
            1.6063,
            0.1295
        ),
        "known": (
            0.7309,
            0.4018
        ),
        "near": (
            1.1899,
            0.0959
        )
    },
    "e2e-tail|open": {
        "far": (
            1.6063,
            0.1295
        ),
        "known": (
            0.7309,
            0.4018
        ),
        "near": (
            1.1899,
            0.0959
        )
    },
    "e2e|any": {
        "far": (
            2.72,
            0.0405
        ),
        "known": (
            1.3939,
            0.1507
        ),
        "near": (
            2.0148,
            0.03
        )
    },
    "throughput|any": {
        "far": (
            1.2634,
            0.5297
        ),
        "known": (
            0.5698,
            0.348
        ),
        "near": (
            0.9359,
            0.3923
        )
    },
    "throughput|burst": {
        "far": (
            1.0678,
            0.3844
        ),
        "known": (
            0.6987,
            0.3135
        ),
        "near": (
            0.7909,
            0.2848
        )
    },
    "throughput|closed": {
        "far": (
            2.368,
            0.0405
        ),
        "known": (
            1.7369,
            0.03
        ),
        "near": (
            1.7541,
            0.03
        )
    },
    "throughput|saturated": {
        "far": (
            0.5483,
            0.5527
        ),
        "known": (
            0.318,
            0.4103
        ),
        "near": (
            0.4061,
            0.4094
        )
    },
    "throughput|split": {
        "far": (
            0.157,
            0.9764
        ),
        "known": (
            0.2567,
            0.6493
        ),
        "near": (
            0.1163,
            0.7232
        )
    },
    "throughput|static": {
        "far": (
            1.8011,
            0.5329
        ),
        "known": (
            0.4692,
            0.2673
        ),
        "near": (
            1.3341,
            0.3947
        )
    },
    "tpot-tail|any": {
        "far": (
            0.7678,
            2.0257
        ),
        "known": (
            0.4369,
            1.4304
        ),
        "near": (
            0.5687,
            1.5005
        )
    },
    "tpot-tail|burst": {
        "far": (
            0.385,
            3.4965
        ),
        "known": (
            0.3509,
            2.2282
        ),
        "near": (
            0.2852,
            2.59
        )
    },
    "tpot-tail|closed": {
        "far": (
            0.0405,
            1.8269
        ),
        "known": (
            0.03,
            1.3504
        ),
        "near": (
            0.03,
            1.3533
        )
    },
    "tpot-tail|open": {
        "far": (
            1.477,
            0.4704
        ),
        "known": (
            0.8049,
            0.6219
        ),
        "near": (
            1.0941,
            0.3484
        )
    },
    "tpot-tail|split": {
        "far": (
            1.1318,
            0.2323
        ),
        "known": (
            0.7496,
            0.2938
        ),
        "near": (
            0.8384,
            0.1721
        )
    },
    "tpot|any": {
        "far": (
            0.7549,
            1.4194
        ),
        "known": (
            0.4987,
            0.937
        ),
        "near": (
            0.5592,
            1.0514
        )
    },
    "tpot|burst": {
        "far": (
            0.3993,
            2.1663
        ),
        "known": (
            0.3582,
            1.4224
        ),
        "near": (
            0.2958,
            1.6047
        )
    },
    "tpot|closed": {
        "far": (
            0.7084,
            1.7137
        ),
        "known": (
            0.5106,
            1.2527
        ),
        "near": (
            0.5247,
            1.2694
        )
    },
    "tpot|open": {
        "far": (
            1.5898,
            0.5717
        ),
        "known": (
            0.8818,
            0.4364
        ),
        "near": (
            1.1777,
            0.4234
        )
    },
    "tpot|split": {
        "far": (
            0.9715,
            0.0405
        ),
        "known": (
            0.6062,
            0.0806
        ),
        "near": (
            0.7196,
            0.03
        )
    },
    "ttft-tail|any": {
        "far": (
            1.5594,
            2.2695
        ),
        "known": (
            1.2153,
            1.6664
        ),
        "near": (
            1.1551,
            1.6811
        )
    },
    "ttft-tail|burst": {
        "far": (
            1.7131,
            0.9168
        ),
        "known": (
            1.2993,
            0.7133
        ),
        "near": (
            1.2689,
            0.6791
        )
    },
    "ttft-tail|closed": {
        "far": (
            0.0405,
            3.1492
        ),
        "known": (
            0.03,
            2.3172
        ),
        "near": (
            0.03,
            2.3327
        )
    },
    "ttft-tail|open": {
        "far": (
            4.4729,
            0.0405
        ),
        "known": (
            2.2716,
            0.3692
        ),
        "near": (
            3.3133,
            0.03
        )
    },
    "ttft-tail|split": {
        "far": (
            2.2206,
            1.7248
        ),
        "known": (
            1.6036,
            1.3905
        ),
        "near": (
            1.6449,
            1.2776
        )
    },
    "ttft|any": {
        "far": (
            1.5449,
            2.9073
        ),
        "known": (
            0.9839,
            2.1629
        ),
        "near": (
            1.1444,
            2.1535
        )
    },
    "ttft|burst": {
        "far": (
            1.8974,
            0.9589
        ),
        "known": (
            1.4742,
            0.7154
        ),
        "near": (
            1.4055,
            0.7103
        )
    },
    "ttft|closed": {
        "far": (
            0.0405,
            5.0817
        ),
        "known": (
            0.03,
            3.7683
        ),
        "near": (
            0.03,
            3.7642
        )
    },
    "ttft|open": {
        "far": (
            1.7745,
            0.8199
        ),
        "known": (
            0.9026,
            0.6213
        ),
        "near": (
            1.3145,
            0.6073
        )
    },
    "ttft|split": {
        "far": (
            1.981,
            1.7871
        ),
        "known": (
            1.4435,
            1.4557
        ),
        "near": (
            1.4674,
            1.3238
        )
    },
    "ttft|static": {
        "far": (
            0.9803,
            0.1748
        ),
        "known": (
            0.3787,
            0.1637
        ),
        "near": (
            0.7262,
            0.1295
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
