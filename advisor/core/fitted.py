"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.2795,
    "half_tokens": 3.2582,
    "hop_s": -10.8915,
    "kv_mbu": -0.4622,
    "layer_s": -9.9037,
    "link": -0.933,
    "mfu": -0.6773,
    "pace": 0.0003,
    "request_s": -4.8528,
    "seq_s": -11.4507,
    "step_s": -7.2274,
    "wait": 0.3194,
    "weight_mbu": -0.237
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.2468,
            "sambaflow": 0.0,
            "sglang": -0.0411,
            "trtllm-new": -0.3527,
            "trtllm-old": 0.214,
            "vllm-new": -0.2753,
            "vllm-old": 0.0229
        },
        "precision": {
            "fp8": -0.2047,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.0571,
            "nvfp4": -0.0071,
            "w8": 0.0
        },
        "unit": {
            "fp8|ampere": -0.0094,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.1197,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0176,
            "mxfp4|blackwell": 0.2119,
            "mxfp4|hopper": -0.1937,
            "nvfp4|blackwell": -0.0994,
            "nvfp4|blackwell-gddr": 0.0946,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": -0.0202,
            "Huawei": -0.0341,
            "Intel": 0.0,
            "NVIDIA": 0.0533,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.0553,
            "int4": -0.3444,
            "int8": 0.0169,
            "mxfp4": 0.0418,
            "nvfp4": 0.1353,
            "w8": 0.0027
        },
        "vendor": {
            "AMD": -0.422,
            "Huawei": 0.0143,
            "Intel": 0.023,
            "NVIDIA": 0.2422,
            "SambaNova": -0.0029
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": -0.345,
            "lmdeploy": 0.0284,
            "mii": 0.3924,
            "sambaflow": -0.3996,
            "sglang": 0.0307,
            "trtllm-new": -0.11,
            "trtllm-old": 0.3439,
            "vllm-new": 0.0171,
            "vllm-old": 0.498
        },
        "wire": {
            "AMD links": 0.2786,
            "Huawei links": -0.0118,
            "Intel links": 1.2945,
            "NVIDIA links": -0.3862,
            "network": 0.0072,
            "pcie": -0.4034
        }
    },
    "kv_mbu": {
        "engine": {
            "deepspeed": -0.0804,
            "lmdeploy": 0.0649,
            "mii": 0.1068,
            "sambaflow": -0.1096,
            "sglang": -0.0807,
            "trtllm": 0.1453,
            "vllm": -0.079
        },
        "era": {
            "deepspeed": -0.0517,
            "lmdeploy": 0.0415,
            "mii": 0.0699,
            "sambaflow": -0.07,
            "sglang": -0.052,
            "trtllm-new": 0.1221,
            "trtllm-old": -0.0272,
            "vllm-new": 0.0437,
            "vllm-old": -0.1017
        },
        "generation": {
            "ada": -0.0069,
            "ampere": 0.0795,
            "ampere-gddr": -0.059,
            "ascend": 0.0157,
            "blackwell": -0.0082,
            "blackwell-gddr": 0.0317,
            "cdna2": 0.0522,
            "cdna3": 0.0097,
            "gaudi": -0.0292,
            "hopper": 0.0516,
            "ponte-vecchio": -0.112,
            "sn40": -0.0393
        },
        "pair": {
            "deepspeed|gaudi": -0.0517,
            "lmdeploy|ampere": 0.0415,
            "mii|ampere": 0.0699,
            "sambaflow|sn40": -0.07,
            "sglang|ampere": 0.0056,
            "sglang|hopper": -0.0589,
            "trtllm-new|ampere": 0.0001,
            "trtllm-new|blackwell": -0.0118,
            "trtllm-new|blackwell-gddr": 0.0477,
            "trtllm-new|hopper": 0.0289,
            "trtllm-old|ampere": -0.0267,
            "trtllm-old|hopper": -0.0046,
            "vllm-new|ampere": -0.0397,
            "vllm-new|ascend": 0.0281,
            "vllm-new|cdna3": 0.0099,
            "vllm-new|hopper": 0.042,
            "vllm-old|ada": -0.0123,
            "vllm-old|ampere": 0.0752,
            "vllm-old|ampere-gddr": -0.1058,
            "vllm-old|cdna2": 0.0927,
            "vllm-old|cdna3": 0.0077,
            "vllm-old|hopper": 0.0479,
            "vllm-old|ponte-vecchio": -0.1998
        },
        "vendor": {
            "AMD": 0.0275,
            "Huawei": 0.0069,
            "Intel": -0.0627,
            "NVIDIA": 0.0425,
            "SambaNova": -0.0175
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": -0.2593,
            "lmdeploy": 0.0407,
            "mii": 0.6772,
            "sambaflow": -0.511,
            "sglang": 0.1466,
            "trtllm-new": 0.0404,
            "trtllm-old": 0.1442,
            "vllm-new": -0.1307,
            "vllm-old": 0.6182
        },
        "kind": {
            "dense": 0.1321,
            "moe": 0.4758,
            "moe speculative": 0.0033
        },
        "pair": {
            "deepspeed|gaudi": -0.1432,
            "lmdeploy|ampere": 0.0228,
            "mii|ampere": 0.386,
            "sambaflow|sn40": -0.2941,
            "sglang|ampere": 0.0781,
            "sglang|hopper": 0.0151,
            "trtllm-new|ampere": -0.0092,
            "trtllm-new|blackwell": 0.1726,
            "trtllm-new|blackwell-gddr": 0.0361,
            "trtllm-new|hopper": -0.1986,
            "trtllm-old|ampere": 0.1118,
            "trtllm-old|hopper": -0.042,
            "vllm-new|ampere": -0.0768,
            "vllm-new|ascend": 0.0312,
            "vllm-new|cdna3": -0.0251,
            "vllm-new|hopper": 0.0056,
            "vllm-old|ada": -0.1949,
            "vllm-old|ampere": -0.1109,
            "vllm-old|ampere-gddr": -0.1167,
            "vllm-old|cdna2": 0.2474,
            "vllm-old|cdna3": -0.1573,
            "vllm-old|hopper": -0.0502,
            "vllm-old|ponte-vecchio": 0.7554
        },
        "vendor": {
            "AMD": 0.0322,
            "Huawei": 0.0139,
            "Intel": 0.2727,
            "NVIDIA": 0.006,
            "SambaNova": -0.1343
        }
    },
    "link": {
        "era": {
            "deepspeed": 0.0172,
            "lmdeploy": -0.0753,
            "mii": -0.0649,
            "sambaflow": 0.225,
            "sglang": -0.1814,
            "trtllm-new": 0.4611,
            "trtllm-old": -0.0275,
            "vllm-new": -0.3522,
            "vllm-old": -0.2804
        },
        "wire": {
            "AMD links": -0.3541,
            "Huawei links": -0.1994,
            "Intel links": -0.0098,
            "NVIDIA links": 0.1787,
            "network": -0.0073,
            "pcie": 0.2001
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0405,
            "A100-SXM-40GB": -0.003,
            "A100-SXM-80GB": 0.0522,
            "A10G-24GB": 0.0068,
            "ASCEND-910B-64GB": 0.0076,
            "B200-SXM-180GB": -0.0011,
            "GAUDI2-96GB": -0.0002,
            "GB200-186GB": -0.0014,
            "H100-SXM-80GB": -0.0112,
            "H200-SXM-141GB": 0.0157,
            "L4-24GB": -0.0034,
            "MAX1550-128GB": -0.0045,
            "MI250-128GB": 0.0107,
            "MI300X-192GB": -0.0462,
            "RTXPRO6000-SERVER-96GB": 0.0007,
            "SN40L-64GB": 0.0005
        },
        "engine": {
            "deepspeed": -0.001,
            "lmdeploy": 0.0083,
            "mii": -0.0515,
            "sambaflow": 0.0021,
            "sglang": 0.0258,
            "trtllm": 0.0178,
            "vllm": -0.0619
        },
        "era": {
            "deepspeed": -0.001,
            "lmdeploy": 0.0083,
            "mii": -0.0515,
            "sambaflow": 0.0021,
            "sglang": 0.0258,
            "trtllm-new": 0.0037,
            "trtllm-old": 0.0141,
            "vllm-new": 0.0744,
            "vllm-old": -0.1367
        },
        "generation": {
            "ada": -0.0212,
            "ampere": 0.0462,
            "ampere-gddr": 0.0432,
            "ascend": 0.0489,
            "blackwell": -0.0157,
            "blackwell-gddr": 0.0049,
            "cdna2": 0.066,
            "cdna3": -0.2576,
            "gaudi": -0.0017,
            "hopper": 0.0271,
            "ponte-vecchio": -0.0282,
            "sn40": 0.0033
        },
        "kind": {
            "dense": 0.0329,
            "moe": -0.2839,
            "moe speculative": -0.0028
        },
        "pair": {
            "deepspeed|gaudi": -0.0147,
            "lmdeploy|ampere": 0.0495,
            "mii|ampere": -0.3053,
            "sambaflow|sn40": 0.0133,
            "sglang|ampere": 0.0489,
            "sglang|hopper": 0.1167,
            "trtllm-new|ampere": 0.0914,
            "trtllm-new|blackwell": -0.0652,
            "trtllm-new|blackwell-gddr": 0.0237,
            "trtllm-new|hopper": -0.0319,
            "trtllm-old|ampere": 0.1948,
            "trtllm-old|hopper": -0.1152,
            "vllm-new|ampere": 0.0477,
            "vllm-new|ascend": 0.1995,
            "vllm-new|cdna3": 0.0611,
            "vllm-new|hopper": 0.1537,
            "vllm-old|ada": -0.085,
            "vllm-old|ampere": 0.0489,
            "vllm-old|ampere-gddr": 0.1774,
            "vllm-old|cdna2": 0.2455,
            "vllm-old|cdna3": -1.0264,
            "vllm-old|hopper": -0.0177,
            "vllm-old|ponte-vecchio": -0.1119
        },
        "precision": {
            "fp8": -0.1096,
            "int4": 0.0327,
            "int8": -0.022,
            "mxfp4": -0.0677,
            "nvfp4": -0.3752,
            "w8": -0.0046
        },
        "unit": {
            "fp8|ampere": -0.1835,
            "fp8|cdna3": 0.0271,
            "fp8|hopper": 0.054,
            "int4|ampere": -0.1449,
            "int4|ampere-gddr": 0.1629,
            "int8|ampere": -0.022,
            "mxfp4|ampere": -0.1957,
            "mxfp4|blackwell": 0.3554,
            "mxfp4|hopper": -0.2255,
            "nvfp4|blackwell": -0.3857,
            "nvfp4|blackwell-gddr": 0.0095,
            "w8|ampere": -0.0046
        },
        "vendor": {
            "AMD": -0.1293,
            "Huawei": 0.031,
            "Intel": -0.0187,
            "NVIDIA": 0.0552,
            "SambaNova": 0.0021
        }
    },
    "pace": {
        "family": {
            "aquila": -0.016,
            "bloom": -0.0068,
            "decilm": 0.0273,
            "deepseek": 0.0589,
            "falcon": 0.0219,
            "glm": 0.0846,
            "gpt": -0.0508,
            "internlm": -0.0103,
            "llama": -0.0188,
            "meta": 0.0428,
            "minimax": 0.0012,
            "mistral": 0.0332,
            "mixtral": -0.162,
            "openhermes": -0.0288,
            "opt": -0.0213,
            "qwen1.5": -0.0155,
            "qwen2": 0.031,
            "qwen2.5": 0.0008,
            "qwen3": 0.0651,
            "qwen3.5": 0.0015
        },
        "kind": {
            "dense": -0.0217,
            "moe": 0.0512,
            "moe speculative": 0.0013
        },
        "pair": {
            "deepspeed|gaudi": -0.1964,
            "lmdeploy|ampere": -0.0007,
            "mii|ampere": 0.0652,
            "sambaflow|sn40": -0.474,
            "sglang|ampere": 0.2589,
            "sglang|hopper": -0.0921,
            "trtllm-new|ampere": -0.1089,
            "trtllm-new|blackwell": -0.1655,
            "trtllm-new|blackwell-gddr": -0.0764,
            "trtllm-new|hopper": 0.0186,
            "trtllm-old|ampere": 0.0661,
            "trtllm-old|hopper": -0.1031,
            "vllm-new|ampere": 0.0914,
            "vllm-new|ascend": 0.2004,
            "vllm-new|cdna3": -0.1231,
            "vllm-new|hopper": -0.1052,
            "vllm-old|ada": -0.0616,
            "vllm-old|ampere": -0.0752,
            "vllm-old|ampere-gddr": -0.0893,
            "vllm-old|cdna2": 0.2066,
            "vllm-old|cdna3": 0.2484,
            "vllm-old|hopper": -0.1605,
            "vllm-old|ponte-vecchio": 0.9579
        }
    },
    "request_s": {
        "era": {
            "deepspeed": -0.0005,
            "lmdeploy": 0.0448,
            "mii": 0.0194,
            "sambaflow": -0.0104,
            "sglang": 0.455,
            "trtllm-new": 0.0016,
            "trtllm-old": -0.7985,
            "vllm-new": 0.0373,
            "vllm-old": 0.2257
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": -0.0518,
            "lmdeploy": 0.017,
            "mii": 0.1963,
            "sambaflow": -0.0255,
            "sglang": 0.1948,
            "trtllm-new": -0.0588,
            "trtllm-old": -0.5844,
            "vllm-new": 0.4912,
            "vllm-old": 1.6463
        }
    },
    "step_s": {
        "era": {
            "deepspeed": -0.1706,
            "lmdeploy": 0.0012,
            "mii": 0.7147,
            "sambaflow": -0.4991,
            "sglang": 0.0421,
            "trtllm-new": -0.1526,
            "trtllm-old": -0.5258,
            "vllm-new": -0.0489,
            "vllm-old": 0.2924
        },
        "vendor": {
            "AMD": 0.005,
            "Huawei": 0.006,
            "Intel": 0.0132,
            "NVIDIA": -0.0013,
            "SambaNova": -0.0831
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0113,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.1225,
            "trtllm-new": 0.0198,
            "trtllm-old": 0.0012,
            "vllm-new": -0.0319,
            "vllm-old": -0.0622
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0224,
            "A100-SXM-40GB": 0.0375,
            "A100-SXM-80GB": -0.0076,
            "A10G-24GB": 0.0039,
            "ASCEND-910B-64GB": -0.0227,
            "B200-SXM-180GB": 0.0096,
            "GAUDI2-96GB": 0.006,
            "GB200-186GB": -0.0032,
            "H100-SXM-80GB": -0.0299,
            "H200-SXM-141GB": 0.0311,
            "L4-24GB": -0.0009,
            "MAX1550-128GB": -0.0059,
            "MI250-128GB": -0.0335,
            "MI300X-192GB": 0.0258,
            "RTXPRO6000-SERVER-96GB": -0.0084,
            "SN40L-64GB": 0.013
        },
        "engine": {
            "deepspeed": 0.0061,
            "lmdeploy": -0.0004,
            "mii": 0.0076,
            "sambaflow": 0.013,
            "sglang": -0.0043,
            "trtllm": -0.0261,
            "vllm": -0.009
        },
        "era": {
            "deepspeed": 0.0061,
            "lmdeploy": -0.0004,
            "mii": 0.0076,
            "sambaflow": 0.013,
            "sglang": -0.0043,
            "trtllm-new": -0.0184,
            "trtllm-old": -0.008,
            "vllm-new": -0.0153,
            "vllm-old": 0.007
        },
        "generation": {
            "ada": -0.0038,
            "ampere": 0.055,
            "ampere-gddr": 0.0153,
            "ascend": -0.0904,
            "blackwell": 0.0275,
            "blackwell-gddr": -0.0337,
            "cdna2": -0.1345,
            "cdna3": 0.096,
            "gaudi": 0.0252,
            "hopper": -0.005,
            "ponte-vecchio": -0.0232,
            "sn40": 0.0497
        },
        "pair": {
            "deepspeed|gaudi": 0.0109,
            "lmdeploy|ampere": -0.0007,
            "mii|ampere": 0.0112,
            "sambaflow|sn40": 0.0229,
            "sglang|ampere": -0.027,
            "sglang|hopper": 0.019,
            "trtllm-new|ampere": 0.0084,
            "trtllm-new|blackwell": 0.0119,
            "trtllm-new|blackwell-gddr": -0.0149,
            "trtllm-new|hopper": -0.0383,
            "trtllm-old|ampere": 0.018,
            "trtllm-old|hopper": -0.0314,
            "vllm-new|ampere": 0.0119,
            "vllm-new|ascend": -0.0403,
            "vllm-new|cdna3": 0.0019,
            "vllm-new|hopper": -0.0011,
            "vllm-old|ada": -0.0016,
            "vllm-old|ampere": -0.0203,
            "vllm-old|ampere-gddr": 0.0069,
            "vllm-old|cdna2": -0.0596,
            "vllm-old|cdna3": 0.0428,
            "vllm-old|hopper": 0.0499,
            "vllm-old|ponte-vecchio": -0.0104
        },
        "precision": {
            "fp8": -0.2078,
            "int4": 0.0566,
            "int8": -0.0513,
            "mxfp4": 0.04,
            "nvfp4": -0.1366,
            "w8": -0.0001
        },
        "vendor": {
            "AMD": -0.0156,
            "Huawei": -0.0629,
            "Intel": 0.0028,
            "NVIDIA": 0.0455,
            "SambaNova": 0.0352
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
