"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6971 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.293,
    "half_tokens": 3.2098,
    "hop_s": -10.7106,
    "kv_mbu": -0.5015,
    "layer_s": -10.0594,
    "link": -0.9611,
    "mfu": -0.6785,
    "pace": -0.0009,
    "request_s": -4.5567,
    "seq_s": -10.6815,
    "step_s": -6.8184,
    "wait": 0.4063,
    "weight_mbu": -0.2735
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.3174,
            "sambaflow": 0.0,
            "sglang": 0.0148,
            "trtllm-new": -0.3322,
            "trtllm-old": 0.0774,
            "vllm-new": -0.1154,
            "vllm-old": 0.0862
        },
        "precision": {
            "fp8": -0.151,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": -0.0725,
            "nvfp4": 0.0859,
            "w8": 0.0
        },
        "unit": {
            "fp8|ampere": -0.0721,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0297,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0465,
            "mxfp4|blackwell": 0.056,
            "mxfp4|hopper": -0.1507,
            "nvfp4|blackwell": 0.0548,
            "nvfp4|blackwell-gddr": -0.002,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": -0.0095,
            "Huawei": -0.0282,
            "Intel": 0.0,
            "NVIDIA": 0.041,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": -0.0179,
            "int4": -0.2763,
            "int8": 0.0168,
            "mxfp4": 0.028,
            "nvfp4": 0.0476,
            "w8": -0.0044
        },
        "vendor": {
            "AMD": -0.3442,
            "Huawei": 0.0067,
            "Intel": 0.0253,
            "NVIDIA": 0.2105,
            "SambaNova": -0.0007
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": -0.2933,
            "lmdeploy": 0.0321,
            "mii": 0.471,
            "sambaflow": -0.2863,
            "sglang": 0.0414,
            "trtllm-new": -0.2684,
            "trtllm-old": 0.3824,
            "vllm-new": 0.157,
            "vllm-old": 0.4448
        },
        "wire": {
            "AMD links": 0.3321,
            "Huawei links": -0.0201,
            "Intel links": 1.2111,
            "NVIDIA links": -0.311,
            "network": 0.0461,
            "pcie": -0.1882
        }
    },
    "kv_mbu": {
        "engine": {
            "deepspeed": -0.0877,
            "lmdeploy": 0.0808,
            "mii": 0.0071,
            "sambaflow": -0.1091,
            "sglang": -0.0783,
            "trtllm": 0.1809,
            "vllm": -0.0631
        },
        "era": {
            "deepspeed": -0.056,
            "lmdeploy": 0.0524,
            "mii": 0.0046,
            "sambaflow": -0.0698,
            "sglang": -0.0499,
            "trtllm-new": 0.009,
            "trtllm-old": -0.0273,
            "vllm-new": 0.0191,
            "vllm-old": -0.0539
        },
        "generation": {
            "ada": -0.0096,
            "ampere": 0.061,
            "ampere-gddr": -0.0601,
            "ascend": 0.0234,
            "blackwell": -0.0005,
            "blackwell-gddr": 0.0029,
            "cdna2": 0.0517,
            "cdna3": 0.0126,
            "gaudi": -0.0315,
            "hopper": 0.036,
            "ponte-vecchio": -0.083,
            "sn40": -0.0392
        },
        "pair": {
            "deepspeed|gaudi": -0.056,
            "lmdeploy|ampere": 0.0524,
            "mii|ampere": 0.0046,
            "sambaflow|sn40": -0.0698,
            "sglang|ampere": 0.0234,
            "sglang|hopper": -0.0733,
            "trtllm-new|ampere": 0.0002,
            "trtllm-new|blackwell": -0.0009,
            "trtllm-new|blackwell-gddr": 0.005,
            "trtllm-new|hopper": 0.0063,
            "trtllm-old|ampere": -0.0035,
            "trtllm-old|hopper": -0.0089,
            "vllm-new|ampere": -0.0362,
            "vllm-new|ascend": 0.0415,
            "vllm-new|cdna3": 0.0109,
            "vllm-new|hopper": 0.003,
            "vllm-old|ada": -0.017,
            "vllm-old|ampere": 0.0392,
            "vllm-old|ampere-gddr": -0.1071,
            "vllm-old|cdna2": 0.092,
            "vllm-old|cdna3": 0.0116,
            "vllm-old|hopper": 0.08,
            "vllm-old|ponte-vecchio": -0.1477
        },
        "vendor": {
            "AMD": 0.0285,
            "Huawei": 0.0104,
            "Intel": -0.0509,
            "NVIDIA": 0.0203,
            "SambaNova": -0.0174
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": -0.1342,
            "lmdeploy": 0.0213,
            "mii": 0.3524,
            "sambaflow": -0.2738,
            "sglang": 0.1598,
            "trtllm-new": -0.2948,
            "trtllm-old": 0.1862,
            "vllm-new": -0.0908,
            "vllm-old": 0.459
        },
        "kind": {
            "dense": -0.0683,
            "moe": 0.4469,
            "moe speculative": 0.0005
        },
        "pair": {
            "deepspeed|gaudi": -0.0757,
            "lmdeploy|ampere": 0.012,
            "mii|ampere": 0.1985,
            "sambaflow|sn40": -0.1539,
            "sglang|ampere": 0.0077,
            "sglang|hopper": 0.0805,
            "trtllm-new|ampere": -0.0018,
            "trtllm-new|blackwell": 0.0121,
            "trtllm-new|blackwell-gddr": 0.0106,
            "trtllm-new|hopper": -0.1911,
            "trtllm-old|ampere": 0.1467,
            "trtllm-old|hopper": -0.0441,
            "vllm-new|ampere": -0.0439,
            "vllm-new|ascend": 0.0038,
            "vllm-new|cdna3": -0.0071,
            "vllm-new|hopper": -0.0001,
            "vllm-old|ada": -0.1162,
            "vllm-old|ampere": -0.0155,
            "vllm-old|ampere-gddr": -0.0591,
            "vllm-old|cdna2": 0.2561,
            "vllm-old|cdna3": -0.0801,
            "vllm-old|hopper": 0.0394,
            "vllm-old|ponte-vecchio": 0.2431
        },
        "vendor": {
            "AMD": 0.0755,
            "Huawei": 0.0017,
            "Intel": 0.0743,
            "NVIDIA": 0.0165,
            "SambaNova": -0.0683
        }
    },
    "link": {
        "era": {
            "deepspeed": 0.0261,
            "lmdeploy": -0.0777,
            "mii": -0.0457,
            "sambaflow": 0.1291,
            "sglang": -0.0453,
            "trtllm-new": 0.4033,
            "trtllm-old": 0.0684,
            "vllm-new": -0.3915,
            "vllm-old": -0.2074
        },
        "wire": {
            "AMD links": -0.2073,
            "Huawei links": -0.2081,
            "Intel links": 0.0103,
            "NVIDIA links": 0.0753,
            "network": 0.0393,
            "pcie": 0.1023
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0395,
            "A100-SXM-40GB": -0.0025,
            "A100-SXM-80GB": 0.0525,
            "A10G-24GB": 0.0073,
            "ASCEND-910B-64GB": 0.0089,
            "B200-SXM-180GB": 0.0023,
            "GAUDI2-96GB": -0.0009,
            "GB200-186GB": -0.0066,
            "H100-SXM-80GB": -0.0138,
            "H200-SXM-141GB": 0.011,
            "L4-24GB": -0.0032,
            "MAX1550-128GB": -0.0039,
            "MI250-128GB": 0.0105,
            "MI300X-192GB": -0.0401,
            "RTXPRO6000-SERVER-96GB": -0.0009,
            "SN40L-64GB": 0.0001
        },
        "engine": {
            "deepspeed": -0.0035,
            "lmdeploy": 0.0064,
            "mii": -0.032,
            "sambaflow": 0.0003,
            "sglang": 0.0535,
            "trtllm": -0.0161,
            "vllm": -0.0785
        },
        "era": {
            "deepspeed": -0.0035,
            "lmdeploy": 0.0064,
            "mii": -0.032,
            "sambaflow": 0.0003,
            "sglang": 0.0535,
            "trtllm-new": -0.0399,
            "trtllm-old": 0.0215,
            "vllm-new": 0.0419,
            "vllm-old": -0.1203
        },
        "generation": {
            "ada": -0.0198,
            "ampere": 0.068,
            "ampere-gddr": 0.045,
            "ascend": 0.0555,
            "blackwell": -0.0281,
            "blackwell-gddr": -0.0048,
            "cdna2": 0.0655,
            "cdna3": -0.2496,
            "gaudi": -0.0055,
            "hopper": -0.0119,
            "ponte-vecchio": -0.0244,
            "sn40": 0.0005
        },
        "kind": {
            "dense": 0.017,
            "moe": -0.3077,
            "moe speculative": 0.0032
        },
        "pair": {
            "deepspeed|gaudi": -0.0207,
            "lmdeploy|ampere": 0.0415,
            "mii|ampere": -0.1964,
            "sambaflow|sn40": 0.0019,
            "sglang|ampere": 0.0825,
            "sglang|hopper": 0.245,
            "trtllm-new|ampere": 0.0687,
            "trtllm-new|blackwell": -0.1193,
            "trtllm-new|blackwell-gddr": -0.0133,
            "trtllm-new|hopper": -0.1832,
            "trtllm-old|ampere": 0.2183,
            "trtllm-old|hopper": -0.0825,
            "vllm-new|ampere": 0.0374,
            "vllm-new|ascend": 0.2222,
            "vllm-new|cdna3": 0.0658,
            "vllm-new|hopper": -0.065,
            "vllm-old|ada": -0.079,
            "vllm-old|ampere": 0.014,
            "vllm-old|ampere-gddr": 0.1808,
            "vllm-old|cdna2": 0.2633,
            "vllm-old|cdna3": -1.0591,
            "vllm-old|hopper": 0.0396,
            "vllm-old|ponte-vecchio": -0.0978
        },
        "precision": {
            "fp8": -0.0981,
            "int4": 0.035,
            "int8": -0.024,
            "mxfp4": -0.1011,
            "nvfp4": -0.3278,
            "w8": 0.0189
        },
        "unit": {
            "fp8|ampere": -0.1899,
            "fp8|cdna3": 0.0292,
            "fp8|hopper": 0.0622,
            "int4|ampere": -0.1383,
            "int4|ampere-gddr": 0.1732,
            "int8|ampere": -0.024,
            "mxfp4|ampere": -0.0535,
            "mxfp4|blackwell": 0.2739,
            "mxfp4|hopper": -0.3219,
            "nvfp4|blackwell": -0.324,
            "nvfp4|blackwell-gddr": -0.0077,
            "w8|ampere": 0.0189
        },
        "vendor": {
            "AMD": -0.1176,
            "Huawei": 0.0355,
            "Intel": -0.0192,
            "NVIDIA": 0.0338,
            "SambaNova": 0.0003
        }
    },
    "pace": {
        "family": {
            "aquila": -0.0151,
            "bloom": -0.0064,
            "decilm": 0.0178,
            "deepseek": 0.0702,
            "falcon": 0.0202,
            "glm": 0.0748,
            "gpt": -0.0305,
            "internlm": -0.0117,
            "llama": -0.0219,
            "meta": 0.0394,
            "minimax": -0.0028,
            "mistral": 0.0304,
            "mixtral": -0.1897,
            "openhermes": -0.0273,
            "opt": -0.018,
            "qwen1.5": -0.0146,
            "qwen2": 0.0322,
            "qwen2.5": 0.0016,
            "qwen3": 0.0264,
            "qwen3.5": 0.0085
        },
        "kind": {
            "dense": -0.0486,
            "moe": 0.0452,
            "moe speculative": -0.002
        },
        "pair": {
            "deepspeed|gaudi": -0.199,
            "lmdeploy|ampere": -0.0127,
            "mii|ampere": 0.1989,
            "sambaflow|sn40": -0.5597,
            "sglang|ampere": 0.2918,
            "sglang|hopper": -0.1752,
            "trtllm-new|ampere": -0.1066,
            "trtllm-new|blackwell": -0.3189,
            "trtllm-new|blackwell-gddr": -0.3723,
            "trtllm-new|hopper": -0.2638,
            "trtllm-old|ampere": 0.0976,
            "trtllm-old|hopper": -0.1037,
            "vllm-new|ampere": 0.0876,
            "vllm-new|ascend": 0.2181,
            "vllm-new|cdna3": -0.2135,
            "vllm-new|hopper": 0.0641,
            "vllm-old|ada": -0.1078,
            "vllm-old|ampere": -0.081,
            "vllm-old|ampere-gddr": -0.1098,
            "vllm-old|cdna2": 0.2799,
            "vllm-old|cdna3": 0.2953,
            "vllm-old|hopper": -0.1058,
            "vllm-old|ponte-vecchio": 1.2223
        }
    },
    "request_s": {
        "era": {
            "deepspeed": -0.0045,
            "lmdeploy": -0.0221,
            "mii": 0.0228,
            "sambaflow": 0.0005,
            "sglang": 0.7381,
            "trtllm-new": 0.0014,
            "trtllm-old": -0.8708,
            "vllm-new": 0.0502,
            "vllm-old": 0.1134
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": -0.2592,
            "lmdeploy": 0.0084,
            "mii": 0.3868,
            "sambaflow": -0.081,
            "sglang": 0.4709,
            "trtllm-new": -0.3224,
            "trtllm-old": -1.2036,
            "vllm-new": 0.5435,
            "vllm-old": 0.9707
        }
    },
    "step_s": {
        "era": {
            "deepspeed": -0.2461,
            "lmdeploy": -0.0024,
            "mii": 1.1302,
            "sambaflow": -0.4186,
            "sglang": 0.118,
            "trtllm-new": -0.2908,
            "trtllm-old": -0.5716,
            "vllm-new": -0.1144,
            "vllm-old": 0.4244
        },
        "vendor": {
            "AMD": 0.0027,
            "Huawei": 0.0028,
            "Intel": 0.0365,
            "NVIDIA": 0.0301,
            "SambaNova": -0.0667
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0102,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0975,
            "trtllm-new": 0.0183,
            "trtllm-old": 0.0012,
            "vllm-new": 0.0148,
            "vllm-old": -0.0676
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0235,
            "A100-SXM-40GB": 0.0288,
            "A100-SXM-80GB": -0.0032,
            "A10G-24GB": 0.0035,
            "ASCEND-910B-64GB": -0.0161,
            "B200-SXM-180GB": 0.0141,
            "GAUDI2-96GB": 0.0006,
            "GB200-186GB": -0.0038,
            "H100-SXM-80GB": -0.0385,
            "H200-SXM-141GB": 0.0442,
            "L4-24GB": 0.0001,
            "MAX1550-128GB": -0.0058,
            "MI250-128GB": -0.0162,
            "MI300X-192GB": 0.0156,
            "RTXPRO6000-SERVER-96GB": -0.0024,
            "SN40L-64GB": 0.0127
        },
        "engine": {
            "deepspeed": 0.0021,
            "lmdeploy": -0.0023,
            "mii": 0.0024,
            "sambaflow": 0.0348,
            "sglang": -0.0135,
            "trtllm": 0.0111,
            "vllm": -0.0271
        },
        "era": {
            "deepspeed": 0.0021,
            "lmdeploy": -0.0023,
            "mii": 0.0024,
            "sambaflow": 0.0348,
            "sglang": -0.0135,
            "trtllm-new": 0.0402,
            "trtllm-old": -0.0276,
            "vllm-new": -0.0184,
            "vllm-old": -0.0039
        },
        "generation": {
            "ada": 0.0006,
            "ampere": 0.0182,
            "ampere-gddr": 0.014,
            "ascend": -0.0645,
            "blackwell": 0.0385,
            "blackwell-gddr": -0.0097,
            "cdna2": -0.0635,
            "cdna3": 0.0623,
            "gaudi": 0.0032,
            "hopper": 0.0217,
            "ponte-vecchio": -0.0231,
            "sn40": 0.0498
        },
        "pair": {
            "deepspeed|gaudi": 0.0113,
            "lmdeploy|ampere": -0.009,
            "mii|ampere": 0.0092,
            "sambaflow|sn40": 0.1319,
            "sglang|ampere": -0.1353,
            "sglang|hopper": 0.0685,
            "trtllm-new|ampere": 0.033,
            "trtllm-new|blackwell": 0.0938,
            "trtllm-new|blackwell-gddr": -0.0267,
            "trtllm-new|hopper": 0.0682,
            "trtllm-old|ampere": 0.0313,
            "trtllm-old|hopper": -0.1445,
            "vllm-new|ampere": 0.0682,
            "vllm-new|ascend": -0.1786,
            "vllm-new|cdna3": 0.0069,
            "vllm-new|hopper": 0.0148,
            "vllm-old|ada": 0.0021,
            "vllm-old|ampere": -0.0435,
            "vllm-old|ampere-gddr": 0.0397,
            "vllm-old|cdna2": -0.1715,
            "vllm-old|cdna3": 0.1651,
            "vllm-old|hopper": 0.0581,
            "vllm-old|ponte-vecchio": -0.0637
        },
        "precision": {
            "fp8": -0.2116,
            "int4": 0.0498,
            "int8": -0.0607,
            "mxfp4": 0.0265,
            "nvfp4": 0.0144,
            "w8": -0.0
        },
        "vendor": {
            "AMD": -0.002,
            "Huawei": -0.0448,
            "Intel": -0.0135,
            "NVIDIA": 0.049,
            "SambaNova": 0.0348
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "far": (
            1.3781,
            0.2833
        ),
        "known": (
            0.6388,
            0.4096
        ),
        "near": (
            1.1229,
            0.2309
        )
    },
    "e2e-tail|open": {
        "far": (
            1.3781,
            0.2833
        ),
        "known": (
            0.6388,
            0.4096
        ),
        "near": (
            1.1229,
            0.2309
        )
    },
    "e2e|any": {
        "far": (
            2.34,
            0.0405
        ),
        "known": (
            1.187,
            0.1855
        ),
        "near": (
            1.9067,
            0.033
        )
    },
    "throughput|any": {
        "far": (
            1.1724,
            0.8356
        ),
        "known": (
            0.4937,
            0.4964
        ),
        "near": (
            0.9553,
            0.6809
        )
    },
    "throughput|burst": {
        "far": (
            1.0021,
            0.4359
        ),
        "known": (
            0.6292,
            0.4045
        ),
        "near": (
            0.8165,
            0.3552
        )
    },
    "throughput|closed": {
        "far": (
            2.1363,
            0.041
        ),
        "known": (
            1.5096,
            0.03
        ),
        "near": (
            1.7406,
            0.0334
        )
    },
    "throughput|saturated": {
        "far": (
            0.3011,
            1.0595
        ),
        "known": (
            0.2269,
            0.5567
        ),
        "near": (
            0.2453,
            0.8633
        )
    },
    "throughput|split": {
        "far": (
            0.0405,
            1.2697
        ),
        "known": (
            0.1924,
            0.7471
        ),
        "near": (
            0.033,
            1.0346
        )
    },
    "throughput|static": {
        "far": (
            1.7812,
            0.5605
        ),
        "known": (
            0.4104,
            0.3808
        ),
        "near": (
            1.4513,
            0.4567
        )
    },
    "tpot-tail|any": {
        "far": (
            0.8137,
            1.8095
        ),
        "known": (
            0.4616,
            1.2699
        ),
        "near": (
            0.663,
            1.4744
        )
    },
    "tpot-tail|burst": {
        "far": (
            0.5255,
            3.3664
        ),
        "known": (
            0.3751,
            2.0457
        ),
        "near": (
            0.4282,
            2.743
        )
    },
    "tpot-tail|closed": {
        "far": (
            0.0405,
            1.6383
        ),
        "known": (
            0.03,
            1.1309
        ),
        "near": (
            0.033,
            1.3349
        )
    },
    "tpot-tail|open": {
        "far": (
            1.0867,
            0.597
        ),
        "known": (
            0.5848,
            0.6606
        ),
        "near": (
            0.8855,
            0.4865
        )
    },
    "tpot-tail|split": {
        "far": (
            1.251,
            0.2992
        ),
        "known": (
            0.7994,
            0.4435
        ),
        "near": (
            1.0193,
            0.2438
        )
    },
    "tpot|any": {
        "far": (
            0.8768,
            1.2898
        ),
        "known": (
            0.6013,
            0.8821
        ),
        "near": (
            0.7144,
            1.051
        )
    },
    "tpot|burst": {
        "far": (
            0.4626,
            2.1496
        ),
        "known": (
            0.4608,
            1.3386
        ),
        "near": (
            0.377,
            1.7515
        )
    },
    "tpot|closed": {
        "far": (
            0.9338,
            1.6004
        ),
        "known": (
            0.7977,
            1.0573
        ),
        "near": (
            0.7608,
            1.3041
        )
    },
    "tpot|open": {
        "far": (
            1.2109,
            0.5818
        ),
        "known": (
            0.6915,
            0.4307
        ),
        "near": (
            0.9866,
            0.4741
        )
    },
    "tpot|split": {
        "far": (
            1.1179,
            0.1002
        ),
        "known": (
            0.6111,
            0.241
        ),
        "near": (
            0.9109,
            0.0816
        )
    },
    "ttft-tail|any": {
        "far": (
            1.6857,
            2.4009
        ),
        "known": (
            1.3345,
            1.7637
        ),
        "near": (
            1.3735,
            1.9563
        )
    },
    "ttft-tail|burst": {
        "far": (
            1.7317,
            0.8033
        ),
        "known": (
            1.4646,
            0.6463
        ),
        "near": (
            1.411,
            0.6546
        )
    },
    "ttft-tail|closed": {
        "far": (
            0.0405,
            2.7999
        ),
        "known": (
            0.03,
            1.9923
        ),
        "near": (
            0.033,
            2.2814
        )
    },
    "ttft-tail|open": {
        "far": (
            4.238,
            0.0405
        ),
        "known": (
            2.2074,
            0.3721
        ),
        "near": (
            3.4532,
            0.033
        )
    },
    "ttft-tail|split": {
        "far": (
            2.4651,
            3.5444
        ),
        "known": (
            1.8581,
            2.7774
        ),
        "near": (
            2.0086,
            2.8881
        )
    },
    "ttft|any": {
        "far": (
            1.5653,
            2.6839
        ),
        "known": (
            1.0732,
            1.9572
        ),
        "near": (
            1.2755,
            2.1869
        )
    },
    "ttft|burst": {
        "far": (
            1.9694,
            0.8724
        ),
        "known": (
            1.5727,
            0.6108
        ),
        "near": (
            1.6047,
            0.7108
        )
    },
    "ttft|closed": {
        "far": (
            0.0405,
            4.7751
        ),
        "known": (
            0.03,
            3.3974
        ),
        "near": (
            0.033,
            3.8908
        )
    },
    "ttft|open": {
        "far": (
            1.6017,
            0.7235
        ),
        "known": (
            0.8985,
            0.6251
        ),
        "near": (
            1.3051,
            0.5895
        )
    },
    "ttft|split": {
        "far": (
            2.247,
            2.0424
        ),
        "known": (
            1.5783,
            1.6588
        ),
        "near": (
            1.8309,
            1.6642
        )
    },
    "ttft|static": {
        "far": (
            1.0276,
            0.0969
        ),
        "known": (
            0.4542,
            0.1576
        ),
        "near": (
            0.8373,
            0.0789
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
