"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6972 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.3178,
    "half_tokens": 3.1102,
    "hop_s": -10.8491,
    "kv_mbu": -0.5168,
    "layer_s": -9.738,
    "link": -0.9586,
    "mfu": -0.6936,
    "pace": -0.0003,
    "request_s": -4.8797,
    "seq_s": -11.0149,
    "step_s": -7.0612,
    "wait": 0.3956,
    "weight_mbu": -0.319
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.2416,
            "sambaflow": 0.0,
            "sglang": -0.0446,
            "trtllm-new": -0.3113,
            "trtllm-old": 0.2213,
            "vllm-new": -0.2338,
            "vllm-old": 0.0511
        },
        "precision": {
            "fp8": -0.1823,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": 0.1059,
            "nvfp4": 0.0112,
            "w8": 0.0
        },
        "unit": {
            "fp8|ampere": 0.0013,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.1235,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": -0.0061,
            "mxfp4|blackwell": 0.2084,
            "mxfp4|hopper": -0.1371,
            "nvfp4|blackwell": -0.0818,
            "nvfp4|blackwell-gddr": 0.0859,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": -0.018,
            "Huawei": -0.0346,
            "Intel": 0.0,
            "NVIDIA": 0.055,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.0344,
            "int4": -0.2701,
            "int8": 0.013,
            "mxfp4": 0.0513,
            "nvfp4": 0.1124,
            "w8": 0.0017
        },
        "vendor": {
            "AMD": -0.4139,
            "Huawei": 0.0112,
            "Intel": 0.0478,
            "NVIDIA": 0.2453,
            "SambaNova": -0.002
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": -0.4803,
            "lmdeploy": 0.0317,
            "mii": 0.3763,
            "sambaflow": -0.4153,
            "sglang": 0.0153,
            "trtllm-new": -0.0914,
            "trtllm-old": 0.4343,
            "vllm-new": -0.0094,
            "vllm-old": 0.6032
        },
        "wire": {
            "AMD links": 0.2204,
            "Huawei links": -0.0114,
            "Intel links": 1.432,
            "NVIDIA links": -0.4331,
            "network": 0.0074,
            "pcie": -0.4083
        }
    },
    "kv_mbu": {
        "engine": {
            "deepspeed": -0.062,
            "lmdeploy": 0.0738,
            "mii": 0.1027,
            "sambaflow": -0.0992,
            "sglang": -0.0974,
            "trtllm": 0.1208,
            "vllm": -0.0879
        },
        "era": {
            "deepspeed": -0.0399,
            "lmdeploy": 0.0463,
            "mii": 0.0726,
            "sambaflow": -0.0634,
            "sglang": -0.0641,
            "trtllm-new": 0.1001,
            "trtllm-old": 0.0005,
            "vllm-new": 0.056,
            "vllm-old": -0.1167
        },
        "generation": {
            "ada": -0.002,
            "ampere": 0.0718,
            "ampere-gddr": -0.0518,
            "ascend": 0.0144,
            "blackwell": 0.0044,
            "blackwell-gddr": 0.0506,
            "cdna2": 0.0529,
            "cdna3": 0.0048,
            "gaudi": -0.0226,
            "hopper": 0.0639,
            "ponte-vecchio": -0.1563,
            "sn40": -0.0357
        },
        "pair": {
            "deepspeed|gaudi": -0.0399,
            "lmdeploy|ampere": 0.0463,
            "mii|ampere": 0.0726,
            "sambaflow|sn40": -0.0634,
            "sglang|ampere": 0.0029,
            "sglang|hopper": -0.0683,
            "trtllm-new|ampere": 0.0222,
            "trtllm-new|blackwell": 0.0184,
            "trtllm-new|blackwell-gddr": 0.0712,
            "trtllm-new|hopper": 0.0746,
            "trtllm-old|ampere": -0.0197,
            "trtllm-old|hopper": 0.0106,
            "vllm-new|ampere": -0.0401,
            "vllm-new|ascend": 0.0256,
            "vllm-new|cdna3": 0.0138,
            "vllm-new|hopper": 0.0551,
            "vllm-old|ada": -0.0035,
            "vllm-old|ampere": 0.0935,
            "vllm-old|ampere-gddr": -0.0917,
            "vllm-old|cdna2": 0.0938,
            "vllm-old|cdna3": -0.005,
            "vllm-old|hopper": 0.0711,
            "vllm-old|ponte-vecchio": -0.2793
        },
        "vendor": {
            "AMD": 0.0256,
            "Huawei": 0.0064,
            "Intel": -0.0795,
            "NVIDIA": 0.0515,
            "SambaNova": -0.0158
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": -0.3042,
            "lmdeploy": 0.0213,
            "mii": 0.5768,
            "sambaflow": -0.5217,
            "sglang": 0.1066,
            "trtllm-new": 0.044,
            "trtllm-old": 0.1392,
            "vllm-new": -0.166,
            "vllm-old": 0.5965
        },
        "kind": {
            "dense": 0.0199,
            "moe": 0.4495,
            "moe speculative": 0.0028
        },
        "pair": {
            "deepspeed|gaudi": -0.1717,
            "lmdeploy|ampere": 0.0122,
            "mii|ampere": 0.3249,
            "sambaflow|sn40": -0.297,
            "sglang|ampere": 0.0634,
            "sglang|hopper": 0.0024,
            "trtllm-new|ampere": -0.0128,
            "trtllm-new|blackwell": 0.1741,
            "trtllm-new|blackwell-gddr": 0.0239,
            "trtllm-new|hopper": -0.1715,
            "trtllm-old|ampere": 0.1303,
            "trtllm-old|hopper": -0.0476,
            "vllm-new|ampere": -0.0789,
            "vllm-new|ascend": 0.0234,
            "vllm-new|cdna3": -0.0375,
            "vllm-new|hopper": 0.0031,
            "vllm-old|ada": -0.2053,
            "vllm-old|ampere": -0.1178,
            "vllm-old|ampere-gddr": -0.1126,
            "vllm-old|cdna2": 0.2437,
            "vllm-old|cdna3": -0.1553,
            "vllm-old|hopper": -0.0951,
            "vllm-old|ponte-vecchio": 0.8111
        },
        "vendor": {
            "AMD": 0.0244,
            "Huawei": 0.0104,
            "Intel": 0.2866,
            "NVIDIA": -0.0436,
            "SambaNova": -0.1341
        }
    },
    "link": {
        "era": {
            "deepspeed": 0.031,
            "lmdeploy": -0.082,
            "mii": -0.0535,
            "sambaflow": 0.3852,
            "sglang": -0.157,
            "trtllm-new": 0.3871,
            "trtllm-old": -0.0444,
            "vllm-new": -0.3339,
            "vllm-old": -0.3684
        },
        "wire": {
            "AMD links": -0.3732,
            "Huawei links": -0.2075,
            "Intel links": 0.0107,
            "NVIDIA links": 0.1776,
            "network": -0.0136,
            "pcie": 0.2134
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0438,
            "A100-SXM-40GB": -0.0004,
            "A100-SXM-80GB": 0.0514,
            "A10G-24GB": 0.0076,
            "ASCEND-910B-64GB": 0.0069,
            "B200-SXM-180GB": -0.0018,
            "GAUDI2-96GB": 0.0012,
            "GB200-186GB": -0.0024,
            "H100-SXM-80GB": -0.011,
            "H200-SXM-141GB": 0.016,
            "L4-24GB": -0.0032,
            "MAX1550-128GB": -0.0116,
            "MI250-128GB": 0.0101,
            "MI300X-192GB": -0.0393,
            "RTXPRO6000-SERVER-96GB": 0.0009,
            "SN40L-64GB": 0.0011
        },
        "engine": {
            "deepspeed": 0.0048,
            "lmdeploy": 0.0062,
            "mii": -0.0451,
            "sambaflow": 0.0043,
            "sglang": 0.0239,
            "trtllm": 0.0139,
            "vllm": -0.078
        },
        "era": {
            "deepspeed": 0.0048,
            "lmdeploy": 0.0062,
            "mii": -0.0451,
            "sambaflow": 0.0043,
            "sglang": 0.0239,
            "trtllm-new": 0.0053,
            "trtllm-old": 0.0094,
            "vllm-new": 0.0783,
            "vllm-old": -0.1568
        },
        "generation": {
            "ada": -0.0198,
            "ampere": 0.0449,
            "ampere-gddr": 0.0474,
            "ascend": 0.044,
            "blackwell": -0.0204,
            "blackwell-gddr": 0.007,
            "cdna2": 0.063,
            "cdna3": -0.2438,
            "gaudi": 0.0076,
            "hopper": 0.0293,
            "ponte-vecchio": -0.0727,
            "sn40": 0.0066
        },
        "kind": {
            "dense": 0.0219,
            "moe": -0.3102,
            "moe speculative": -0.0023
        },
        "pair": {
            "deepspeed|gaudi": 0.0316,
            "lmdeploy|ampere": 0.0392,
            "mii|ampere": -0.2904,
            "sambaflow|sn40": 0.0266,
            "sglang|ampere": 0.0102,
            "sglang|hopper": 0.1467,
            "trtllm-new|ampere": 0.1516,
            "trtllm-new|blackwell": -0.071,
            "trtllm-new|blackwell-gddr": 0.0273,
            "trtllm-new|hopper": -0.0751,
            "trtllm-old|ampere": 0.1856,
            "trtllm-old|hopper": -0.1232,
            "vllm-new|ampere": 0.0387,
            "vllm-new|ascend": 0.1788,
            "vllm-new|cdna3": 0.0762,
            "vllm-new|hopper": 0.1952,
            "vllm-old|ada": -0.0793,
            "vllm-old|ampere": 0.0435,
            "vllm-old|ampere-gddr": 0.1896,
            "vllm-old|cdna2": 0.2505,
            "vllm-old|cdna3": -1.0479,
            "vllm-old|hopper": -0.0285,
            "vllm-old|ponte-vecchio": -0.295
        },
        "precision": {
            "fp8": -0.1033,
            "int4": 0.0324,
            "int8": -0.021,
            "mxfp4": -0.0671,
            "nvfp4": -0.3784,
            "w8": -0.002
        },
        "unit": {
            "fp8|ampere": -0.1921,
            "fp8|cdna3": 0.0339,
            "fp8|hopper": 0.0556,
            "int4|ampere": -0.1467,
            "int4|ampere-gddr": 0.1811,
            "int8|ampere": -0.021,
            "mxfp4|ampere": -0.187,
            "mxfp4|blackwell": 0.3535,
            "mxfp4|hopper": -0.2366,
            "nvfp4|blackwell": -0.3909,
            "nvfp4|blackwell-gddr": 0.0125,
            "w8|ampere": -0.002
        },
        "vendor": {
            "AMD": -0.1162,
            "Huawei": 0.028,
            "Intel": -0.0423,
            "NVIDIA": 0.0578,
            "SambaNova": 0.0043
        }
    },
    "pace": {
        "family": {
            "aquila": -0.017,
            "bloom": -0.0078,
            "decilm": 0.0277,
            "deepseek": 0.0521,
            "falcon": 0.0215,
            "glm": 0.0864,
            "gpt": -0.0565,
            "internlm": -0.0095,
            "llama": -0.02,
            "meta": 0.042,
            "minimax": 0.0012,
            "mistral": 0.0311,
            "mixtral": -0.1723,
            "openhermes": -0.027,
            "opt": -0.025,
            "qwen1.5": -0.0164,
            "qwen2": 0.0291,
            "qwen2.5": 0.0003,
            "qwen3": 0.0547,
            "qwen3.5": 0.0015
        },
        "kind": {
            "dense": -0.0317,
            "moe": 0.0316,
            "moe speculative": 0.0011
        },
        "pair": {
            "deepspeed|gaudi": -0.1988,
            "lmdeploy|ampere": -0.0181,
            "mii|ampere": 0.0725,
            "sambaflow|sn40": -0.3468,
            "sglang|ampere": 0.1842,
            "sglang|hopper": -0.0826,
            "trtllm-new|ampere": -0.0931,
            "trtllm-new|blackwell": -0.1678,
            "trtllm-new|blackwell-gddr": -0.0634,
            "trtllm-new|hopper": 0.0055,
            "trtllm-old|ampere": 0.0329,
            "trtllm-old|hopper": -0.1319,
            "vllm-new|ampere": 0.0425,
            "vllm-new|ascend": 0.1299,
            "vllm-new|cdna3": -0.1011,
            "vllm-new|hopper": -0.0833,
            "vllm-old|ada": -0.0702,
            "vllm-old|ampere": -0.0875,
            "vllm-old|ampere-gddr": -0.08,
            "vllm-old|cdna2": 0.1829,
            "vllm-old|cdna3": 0.2208,
            "vllm-old|hopper": -0.1499,
            "vllm-old|ponte-vecchio": 0.7785
        }
    },
    "request_s": {
        "era": {
            "deepspeed": -0.0047,
            "lmdeploy": 0.0553,
            "mii": 0.019,
            "sambaflow": -0.0133,
            "sglang": 0.294,
            "trtllm-new": 0.0015,
            "trtllm-old": -0.775,
            "vllm-new": 0.0358,
            "vllm-old": 0.2293
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": -0.0562,
            "lmdeploy": 0.0069,
            "mii": 0.0759,
            "sambaflow": -0.0287,
            "sglang": 0.0857,
            "trtllm-new": -0.3129,
            "trtllm-old": -0.6448,
            "vllm-new": 0.146,
            "vllm-old": 1.0556
        }
    },
    "step_s": {
        "era": {
            "deepspeed": -0.2586,
            "lmdeploy": -0.0141,
            "mii": 1.135,
            "sambaflow": -0.5825,
            "sglang": 0.0358,
            "trtllm-new": -0.1732,
            "trtllm-old": -0.5407,
            "vllm-new": -0.075,
            "vllm-old": 0.411
        },
        "vendor": {
            "AMD": 0.0087,
            "Huawei": 0.0055,
            "Intel": 0.0196,
            "NVIDIA": 0.0221,
            "SambaNova": -0.0951
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0113,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.1175,
            "trtllm-new": 0.0163,
            "trtllm-old": 0.0015,
            "vllm-new": -0.0005,
            "vllm-old": -0.0688
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0243,
            "A100-SXM-40GB": 0.0432,
            "A100-SXM-80GB": -0.0003,
            "A10G-24GB": 0.0066,
            "ASCEND-910B-64GB": -0.0215,
            "B200-SXM-180GB": 0.0095,
            "GAUDI2-96GB": 0.0076,
            "GB200-186GB": -0.0022,
            "H100-SXM-80GB": -0.0264,
            "H200-SXM-141GB": 0.0284,
            "L4-24GB": 0.0003,
            "MAX1550-128GB": -0.0068,
            "MI250-128GB": -0.0335,
            "MI300X-192GB": 0.0276,
            "RTXPRO6000-SERVER-96GB": -0.0071,
            "SN40L-64GB": 0.016
        },
        "engine": {
            "deepspeed": 0.0219,
            "lmdeploy": 0.0041,
            "mii": 0.032,
            "sambaflow": 0.0414,
            "sglang": -0.0112,
            "trtllm": -0.0441,
            "vllm": 0.0004
        },
        "era": {
            "deepspeed": 0.0219,
            "lmdeploy": 0.0041,
            "mii": 0.032,
            "sambaflow": 0.0414,
            "sglang": -0.0112,
            "trtllm-new": -0.0332,
            "trtllm-old": -0.0139,
            "vllm-new": -0.027,
            "vllm-old": 0.0256
        },
        "generation": {
            "ada": 0.0017,
            "ampere": 0.0507,
            "ampere-gddr": 0.0264,
            "ascend": -0.0858,
            "blackwell": 0.0306,
            "blackwell-gddr": -0.0281,
            "cdna2": -0.1342,
            "cdna3": 0.1108,
            "gaudi": 0.032,
            "hopper": 0.0045,
            "ponte-vecchio": -0.0277,
            "sn40": 0.0565
        },
        "pair": {
            "deepspeed|gaudi": 0.0138,
            "lmdeploy|ampere": 0.0026,
            "mii|ampere": 0.0244,
            "sambaflow|sn40": 0.0276,
            "sglang|ampere": -0.0274,
            "sglang|hopper": 0.0202,
            "trtllm-new|ampere": 0.0105,
            "trtllm-new|blackwell": 0.0133,
            "trtllm-new|blackwell-gddr": -0.0126,
            "trtllm-new|hopper": -0.0348,
            "trtllm-old|ampere": 0.0277,
            "trtllm-old|hopper": -0.0354,
            "vllm-new|ampere": 0.0187,
            "vllm-new|ascend": -0.0382,
            "vllm-new|cdna3": 0.0024,
            "vllm-new|hopper": -0.0008,
            "vllm-old|ada": 0.0006,
            "vllm-old|ampere": -0.022,
            "vllm-old|ampere-gddr": 0.0117,
            "vllm-old|cdna2": -0.0596,
            "vllm-old|cdna3": 0.0468,
            "vllm-old|hopper": 0.0532,
            "vllm-old|ponte-vecchio": -0.0122
        },
        "precision": {
            "fp8": -0.215,
            "int4": 0.0597,
            "int8": -0.0529,
            "mxfp4": 0.054,
            "nvfp4": -0.1193,
            "w8": -0.0001
        },
        "vendor": {
            "AMD": -0.0159,
            "Huawei": -0.0596,
            "Intel": -0.0028,
            "NVIDIA": 0.063,
            "SambaNova": 0.0414
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
