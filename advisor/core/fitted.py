"""The fitted efficiencies and intervals: written by `python -m advisor.calibrate`, from 6971 public measurements.

Values are logarithms, see `efficiency.py` and `interval.py`. A module and not a data file, because the core reads no files.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor.core.efficiency import EfficiencyTable
from advisor.core.interval import Intervals

# fmt: off
BASE: Mapping[str, float] = {
    "expert_mbu": -0.2557,
    "half_tokens": 3.1819,
    "hop_s": -10.703,
    "kv_mbu": -0.5056,
    "layer_s": -10.0313,
    "link": -0.9818,
    "mfu": -0.6912,
    "pace": -0.0007,
    "request_s": -4.5785,
    "seq_s": -10.6671,
    "step_s": -6.8207,
    "wait": 0.3951,
    "weight_mbu": -0.2806
}
EFFECTS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "expert_mbu": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0,
            "mii": 0.2217,
            "sambaflow": 0.0,
            "sglang": 0.0152,
            "trtllm-new": -0.3055,
            "trtllm-old": 0.2064,
            "vllm-new": -0.1484,
            "vllm-old": 0.0503
        },
        "precision": {
            "fp8": -0.1788,
            "int4": 0.0,
            "int8": 0.0,
            "mxfp4": -0.0275,
            "nvfp4": 0.0876,
            "w8": 0.0
        },
        "unit": {
            "fp8|ampere": -0.0845,
            "fp8|cdna3": 0.0,
            "fp8|hopper": -0.0377,
            "int4|ampere": 0.0,
            "int4|ampere-gddr": 0.0,
            "int8|ampere": 0.0,
            "mxfp4|ampere": 0.0634,
            "mxfp4|blackwell": 0.0029,
            "mxfp4|hopper": -0.0941,
            "nvfp4|blackwell": 0.0702,
            "nvfp4|blackwell-gddr": -0.0133,
            "w8|ampere": 0.0
        },
        "vendor": {
            "AMD": -0.0092,
            "Huawei": -0.0276,
            "Intel": 0.0,
            "NVIDIA": 0.0555,
            "SambaNova": 0.0
        }
    },
    "half_tokens": {
        "precision": {
            "fp8": 0.014,
            "int4": -0.263,
            "int8": 0.0156,
            "mxfp4": 0.007,
            "nvfp4": 0.0529,
            "w8": -0.0047
        },
        "vendor": {
            "AMD": -0.3577,
            "Huawei": 0.0062,
            "Intel": 0.0206,
            "NVIDIA": 0.2231,
            "SambaNova": -0.0016
        }
    },
    "hop_s": {
        "era": {
            "deepspeed": -0.3229,
            "lmdeploy": 0.0305,
            "mii": 0.4471,
            "sambaflow": -0.3541,
            "sglang": 0.047,
            "trtllm-new": -0.2774,
            "trtllm-old": 0.3826,
            "vllm-new": 0.1804,
            "vllm-old": 0.4638
        },
        "wire": {
            "AMD links": 0.3266,
            "Huawei links": -0.0146,
            "Intel links": 1.2497,
            "NVIDIA links": -0.3174,
            "network": 0.048,
            "pcie": -0.3643
        }
    },
    "kv_mbu": {
        "engine": {
            "deepspeed": -0.092,
            "lmdeploy": 0.0756,
            "mii": 0.1224,
            "sambaflow": -0.1003,
            "sglang": -0.0985,
            "trtllm": 0.1884,
            "vllm": -0.0626
        },
        "era": {
            "deepspeed": -0.0591,
            "lmdeploy": 0.0482,
            "mii": 0.0905,
            "sambaflow": -0.0641,
            "sglang": -0.0634,
            "trtllm-new": 0.1422,
            "trtllm-old": -0.0377,
            "vllm-new": 0.0202,
            "vllm-old": -0.0603
        },
        "generation": {
            "ada": -0.0096,
            "ampere": 0.0663,
            "ampere-gddr": -0.0608,
            "ascend": 0.0239,
            "blackwell": 0.0083,
            "blackwell-gddr": 0.0262,
            "cdna2": 0.0504,
            "cdna3": 0.013,
            "gaudi": -0.0334,
            "hopper": 0.0302,
            "ponte-vecchio": -0.0775,
            "sn40": -0.036
        },
        "pair": {
            "deepspeed|gaudi": -0.0591,
            "lmdeploy|ampere": 0.0482,
            "mii|ampere": 0.0905,
            "sambaflow|sn40": -0.0641,
            "sglang|ampere": 0.0156,
            "sglang|hopper": -0.0799,
            "trtllm-new|ampere": 0.0032,
            "trtllm-new|blackwell": 0.0154,
            "trtllm-new|blackwell-gddr": 0.0351,
            "trtllm-new|hopper": 0.0417,
            "trtllm-old|ampere": -0.0195,
            "trtllm-old|hopper": -0.0225,
            "vllm-new|ampere": -0.0373,
            "vllm-new|ascend": 0.0425,
            "vllm-new|cdna3": 0.012,
            "vllm-new|hopper": 0.0032,
            "vllm-old|ada": -0.0171,
            "vllm-old|ampere": 0.0308,
            "vllm-old|ampere-gddr": -0.108,
            "vllm-old|cdna2": 0.0896,
            "vllm-old|cdna3": 0.0114,
            "vllm-old|hopper": 0.0685,
            "vllm-old|ponte-vecchio": -0.1378
        },
        "vendor": {
            "AMD": 0.0282,
            "Huawei": 0.0106,
            "Intel": -0.0493,
            "NVIDIA": 0.0326,
            "SambaNova": -0.016
        }
    },
    "layer_s": {
        "era": {
            "deepspeed": -0.1378,
            "lmdeploy": 0.0258,
            "mii": 0.3414,
            "sambaflow": -0.3476,
            "sglang": 0.1709,
            "trtllm-new": -0.2829,
            "trtllm-old": 0.1995,
            "vllm-new": -0.1467,
            "vllm-old": 0.4584
        },
        "kind": {
            "dense": -0.0716,
            "moe": 0.4371,
            "moe speculative": 0.0028
        },
        "pair": {
            "deepspeed|gaudi": -0.0773,
            "lmdeploy|ampere": 0.0146,
            "mii|ampere": 0.1826,
            "sambaflow|sn40": -0.2007,
            "sglang|ampere": 0.0159,
            "sglang|hopper": 0.0828,
            "trtllm-new|ampere": -0.0021,
            "trtllm-new|blackwell": 0.0077,
            "trtllm-new|blackwell-gddr": 0.0035,
            "trtllm-new|hopper": -0.176,
            "trtllm-old|ampere": 0.1477,
            "trtllm-old|hopper": -0.0306,
            "vllm-new|ampere": -0.0867,
            "vllm-new|ascend": 0.0063,
            "vllm-new|cdna3": -0.0015,
            "vllm-new|hopper": 0.0011,
            "vllm-old|ada": -0.1199,
            "vllm-old|ampere": -0.0102,
            "vllm-old|ampere-gddr": -0.0644,
            "vllm-old|cdna2": 0.2618,
            "vllm-old|cdna3": -0.0992,
            "vllm-old|hopper": 0.0476,
            "vllm-old|ponte-vecchio": 0.2613
        },
        "vendor": {
            "AMD": 0.0715,
            "Huawei": 0.0028,
            "Intel": 0.0814,
            "NVIDIA": 0.0191,
            "SambaNova": -0.0916
        }
    },
    "link": {
        "era": {
            "deepspeed": 0.027,
            "lmdeploy": -0.0775,
            "mii": -0.0366,
            "sambaflow": 0.1219,
            "sglang": -0.0401,
            "trtllm-new": 0.4655,
            "trtllm-old": 0.0603,
            "vllm-new": -0.3922,
            "vllm-old": -0.2157
        },
        "wire": {
            "AMD links": -0.2042,
            "Huawei links": -0.2101,
            "Intel links": 0.0123,
            "NVIDIA links": 0.0852,
            "network": 0.0444,
            "pcie": 0.0902
        }
    },
    "mfu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.0391,
            "A100-SXM-40GB": -0.0025,
            "A100-SXM-80GB": 0.0534,
            "A10G-24GB": 0.0072,
            "ASCEND-910B-64GB": 0.0089,
            "B200-SXM-180GB": 0.0016,
            "GAUDI2-96GB": -0.001,
            "GB200-186GB": -0.0072,
            "H100-SXM-80GB": -0.013,
            "H200-SXM-141GB": 0.0096,
            "L4-24GB": -0.0032,
            "MAX1550-128GB": -0.0032,
            "MI250-128GB": 0.0103,
            "MI300X-192GB": -0.0403,
            "RTXPRO6000-SERVER-96GB": 0.0006,
            "SN40L-64GB": 0.0002
        },
        "engine": {
            "deepspeed": -0.0038,
            "lmdeploy": 0.0075,
            "mii": -0.0276,
            "sambaflow": 0.0009,
            "sglang": 0.0519,
            "trtllm": -0.019,
            "vllm": -0.0729
        },
        "era": {
            "deepspeed": -0.0038,
            "lmdeploy": 0.0075,
            "mii": -0.0276,
            "sambaflow": 0.0009,
            "sglang": 0.0519,
            "trtllm-new": -0.0424,
            "trtllm-old": 0.0231,
            "vllm-new": 0.0458,
            "vllm-old": -0.118
        },
        "generation": {
            "ada": -0.0199,
            "ampere": 0.073,
            "ampere-gddr": 0.0451,
            "ascend": 0.0559,
            "blackwell": -0.0318,
            "blackwell-gddr": 0.0035,
            "cdna2": 0.0645,
            "cdna3": -0.249,
            "gaudi": -0.0059,
            "hopper": -0.0187,
            "ponte-vecchio": -0.0202,
            "sn40": 0.0014
        },
        "kind": {
            "dense": 0.0118,
            "moe": -0.3164,
            "moe speculative": 0.0068
        },
        "pair": {
            "deepspeed|gaudi": -0.0222,
            "lmdeploy|ampere": 0.0473,
            "mii|ampere": -0.1876,
            "sambaflow|sn40": 0.0057,
            "sglang|ampere": 0.0827,
            "sglang|hopper": 0.2402,
            "trtllm-new|ampere": 0.0736,
            "trtllm-new|blackwell": -0.1269,
            "trtllm-new|blackwell-gddr": 0.0144,
            "trtllm-new|hopper": -0.2166,
            "trtllm-old|ampere": 0.2175,
            "trtllm-old|hopper": -0.0747,
            "vllm-new|ampere": 0.0532,
            "vllm-new|ascend": 0.2245,
            "vllm-new|cdna3": 0.0704,
            "vllm-new|hopper": -0.0683,
            "vllm-old|ada": -0.0795,
            "vllm-old|ampere": 0.0114,
            "vllm-old|ampere-gddr": 0.1817,
            "vllm-old|cdna2": 0.2592,
            "vllm-old|cdna3": -1.0594,
            "vllm-old|hopper": 0.0397,
            "vllm-old|ponte-vecchio": -0.0811
        },
        "precision": {
            "fp8": -0.0974,
            "int4": 0.0395,
            "int8": -0.0239,
            "mxfp4": -0.1079,
            "nvfp4": -0.3206,
            "w8": 0.0207
        },
        "unit": {
            "fp8|ampere": -0.1887,
            "fp8|cdna3": 0.0313,
            "fp8|hopper": 0.0613,
            "int4|ampere": -0.1383,
            "int4|ampere-gddr": 0.1777,
            "int8|ampere": -0.0239,
            "mxfp4|ampere": -0.0478,
            "mxfp4|blackwell": 0.2682,
            "mxfp4|hopper": -0.3309,
            "nvfp4|blackwell": -0.3262,
            "nvfp4|blackwell-gddr": 0.0063,
            "w8|ampere": 0.0207
        },
        "vendor": {
            "AMD": -0.118,
            "Huawei": 0.0357,
            "Intel": -0.0168,
            "NVIDIA": 0.0319,
            "SambaNova": 0.0009
        }
    },
    "pace": {
        "family": {
            "aquila": -0.0148,
            "bloom": -0.0061,
            "decilm": 0.0186,
            "deepseek": 0.0777,
            "falcon": 0.0199,
            "glm": 0.076,
            "gpt": -0.0319,
            "internlm": -0.0116,
            "llama": -0.0216,
            "meta": 0.0398,
            "minimax": -0.0027,
            "mistral": 0.0313,
            "mixtral": -0.1866,
            "openhermes": -0.0279,
            "opt": -0.0174,
            "qwen1.5": -0.0142,
            "qwen2": 0.0314,
            "qwen2.5": 0.0015,
            "qwen3": 0.0219,
            "qwen3.5": 0.0087
        },
        "kind": {
            "dense": -0.049,
            "moe": 0.0351,
            "moe speculative": -0.0024
        },
        "pair": {
            "deepspeed|gaudi": -0.2068,
            "lmdeploy|ampere": -0.0177,
            "mii|ampere": 0.1808,
            "sambaflow|sn40": -0.6039,
            "sglang|ampere": 0.3107,
            "sglang|hopper": -0.1717,
            "trtllm-new|ampere": -0.1187,
            "trtllm-new|blackwell": -0.3521,
            "trtllm-new|blackwell-gddr": -0.364,
            "trtllm-new|hopper": -0.3146,
            "trtllm-old|ampere": 0.0875,
            "trtllm-old|hopper": -0.1182,
            "vllm-new|ampere": 0.1042,
            "vllm-new|ascend": 0.2192,
            "vllm-new|cdna3": -0.218,
            "vllm-new|hopper": 0.063,
            "vllm-old|ada": -0.1133,
            "vllm-old|ampere": -0.0818,
            "vllm-old|ampere-gddr": -0.1154,
            "vllm-old|cdna2": 0.2728,
            "vllm-old|cdna3": 0.2902,
            "vllm-old|hopper": -0.1144,
            "vllm-old|ponte-vecchio": 1.2308
        }
    },
    "request_s": {
        "era": {
            "deepspeed": -0.0044,
            "lmdeploy": -0.0159,
            "mii": 0.0225,
            "sambaflow": -0.0085,
            "sglang": 0.7341,
            "trtllm-new": 0.0009,
            "trtllm-old": -0.8708,
            "vllm-new": 0.0306,
            "vllm-old": 0.1194
        }
    },
    "seq_s": {
        "era": {
            "deepspeed": -0.2577,
            "lmdeploy": 0.0082,
            "mii": 0.3539,
            "sambaflow": -0.0577,
            "sglang": 0.5597,
            "trtllm-new": -0.4365,
            "trtllm-old": -1.1916,
            "vllm-new": 0.5481,
            "vllm-old": 0.9731
        }
    },
    "step_s": {
        "era": {
            "deepspeed": -0.2398,
            "lmdeploy": 0.0034,
            "mii": 1.1416,
            "sambaflow": -0.5019,
            "sglang": 0.12,
            "trtllm-new": -0.2375,
            "trtllm-old": -0.5606,
            "vllm-new": -0.1674,
            "vllm-old": 0.4143
        },
        "vendor": {
            "AMD": 0.0017,
            "Huawei": 0.0031,
            "Intel": 0.0362,
            "NVIDIA": 0.0343,
            "SambaNova": -0.0861
        }
    },
    "wait": {
        "era": {
            "deepspeed": 0.0,
            "lmdeploy": 0.0133,
            "mii": 0.0,
            "sambaflow": 0.0,
            "sglang": 0.0884,
            "trtllm-new": 0.0208,
            "trtllm-old": 0.0008,
            "vllm-new": 0.0245,
            "vllm-old": -0.0696
        }
    },
    "weight_mbu": {
        "accelerator": {
            "A100-PCIE-80GB": -0.021,
            "A100-SXM-40GB": 0.033,
            "A100-SXM-80GB": -0.0016,
            "A10G-24GB": 0.0037,
            "ASCEND-910B-64GB": -0.0159,
            "B200-SXM-180GB": 0.009,
            "GAUDI2-96GB": 0.0004,
            "GB200-186GB": -0.0024,
            "H100-SXM-80GB": -0.0381,
            "H200-SXM-141GB": 0.0413,
            "L4-24GB": 0.0003,
            "MAX1550-128GB": -0.0071,
            "MI250-128GB": -0.0162,
            "MI300X-192GB": 0.0192,
            "RTXPRO6000-SERVER-96GB": -0.0033,
            "SN40L-64GB": 0.0091
        },
        "engine": {
            "deepspeed": 0.0014,
            "lmdeploy": -0.0038,
            "mii": 0.0286,
            "sambaflow": 0.0234,
            "sglang": -0.0077,
            "trtllm": -0.0067,
            "vllm": -0.027
        },
        "era": {
            "deepspeed": 0.0014,
            "lmdeploy": -0.0038,
            "mii": 0.0286,
            "sambaflow": 0.0234,
            "sglang": -0.0077,
            "trtllm-new": 0.0218,
            "trtllm-old": -0.028,
            "vllm-new": -0.0162,
            "vllm-old": -0.0117
        },
        "generation": {
            "ada": 0.0015,
            "ampere": 0.031,
            "ampere-gddr": 0.0151,
            "ascend": -0.0634,
            "blackwell": 0.027,
            "blackwell-gddr": -0.0133,
            "cdna2": -0.0629,
            "cdna3": 0.0623,
            "gaudi": 0.0022,
            "hopper": 0.0126,
            "ponte-vecchio": -0.0279,
            "sn40": 0.0322
        },
        "pair": {
            "deepspeed|gaudi": 0.0072,
            "lmdeploy|ampere": -0.0139,
            "mii|ampere": 0.0522,
            "sambaflow|sn40": 0.0712,
            "sglang|ampere": -0.1138,
            "sglang|hopper": 0.0865,
            "trtllm-new|ampere": 0.0379,
            "trtllm-new|blackwell": 0.0756,
            "trtllm-new|blackwell-gddr": -0.0364,
            "trtllm-new|hopper": 0.0015,
            "trtllm-old|ampere": 0.0214,
            "trtllm-old|hopper": -0.1362,
            "vllm-new|ampere": 0.0934,
            "vllm-new|ascend": -0.1758,
            "vllm-new|cdna3": 0.004,
            "vllm-new|hopper": 0.0153,
            "vllm-old|ada": 0.0043,
            "vllm-old|ampere": -0.0596,
            "vllm-old|ampere-gddr": 0.0424,
            "vllm-old|cdna2": -0.1735,
            "vllm-old|cdna3": 0.121,
            "vllm-old|hopper": 0.0604,
            "vllm-old|ponte-vecchio": -0.0756
        },
        "precision": {
            "fp8": -0.1994,
            "int4": 0.0551,
            "int8": -0.0603,
            "mxfp4": 0.0051,
            "nvfp4": 0.0169,
            "w8": -0.0
        },
        "vendor": {
            "AMD": -0.005,
            "Huawei": -0.0441,
            "Intel": -0.0168,
            "NVIDIA": 0.053,
            "SambaNova": 0.0234
        }
    }
}
SPREADS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "e2e-tail|any": {
        "far": (
            1.4323,
            0.2429
        ),
        "known": (
            0.6466,
            0.3987
        ),
        "near": (
            1.1671,
            0.1979
        )
    },
    "e2e-tail|open": {
        "far": (
            1.4323,
            0.2429
        ),
        "known": (
            0.6466,
            0.3987
        ),
        "near": (
            1.1671,
            0.1979
        )
    },
    "e2e|any": {
        "far": (
            2.4378,
            0.0405
        ),
        "known": (
            1.1839,
            0.1719
        ),
        "near": (
            1.9864,
            0.033
        )
    },
    "throughput|any": {
        "far": (
            1.1555,
            0.8384
        ),
        "known": (
            0.4993,
            0.4588
        ),
        "near": (
            0.9415,
            0.6832
        )
    },
    "throughput|burst": {
        "far": (
            0.9702,
            0.4703
        ),
        "known": (
            0.6228,
            0.4044
        ),
        "near": (
            0.7906,
            0.3832
        )
    },
    "throughput|closed": {
        "far": (
            2.1165,
            0.0639
        ),
        "known": (
            1.4995,
            0.03
        ),
        "near": (
            1.7246,
            0.0521
        )
    },
    "throughput|saturated": {
        "far": (
            0.2938,
            1.0928
        ),
        "known": (
            0.2667,
            0.5211
        ),
        "near": (
            0.2394,
            0.8904
        )
    },
    "throughput|split": {
        "far": (
            0.0405,
            1.2188
        ),
        "known": (
            0.1818,
            0.7578
        ),
        "near": (
            0.033,
            0.9931
        )
    },
    "throughput|static": {
        "far": (
            1.7663,
            0.5674
        ),
        "known": (
            0.4099,
            0.3627
        ),
        "near": (
            1.4392,
            0.4623
        )
    },
    "tpot-tail|any": {
        "far": (
            0.8138,
            1.7994
        ),
        "known": (
            0.4715,
            1.2642
        ),
        "near": (
            0.6631,
            1.4662
        )
    },
    "tpot-tail|burst": {
        "far": (
            0.5307,
            3.362
        ),
        "known": (
            0.4012,
            2.0305
        ),
        "near": (
            0.4324,
            2.7394
        )
    },
    "tpot-tail|closed": {
        "far": (
            0.0405,
            1.6311
        ),
        "known": (
            0.03,
            1.1221
        ),
        "near": (
            0.033,
            1.329
        )
    },
    "tpot-tail|open": {
        "far": (
            1.1738,
            0.5641
        ),
        "known": (
            0.5776,
            0.6566
        ),
        "near": (
            0.9565,
            0.4597
        )
    },
    "tpot-tail|split": {
        "far": (
            1.2507,
            0.3601
        ),
        "known": (
            0.8036,
            0.4353
        ),
        "near": (
            1.0191,
            0.2935
        )
    },
    "tpot|any": {
        "far": (
            0.8773,
            1.2752
        ),
        "known": (
            0.6051,
            0.8712
        ),
        "near": (
            0.7148,
            1.039
        )
    },
    "tpot|burst": {
        "far": (
            0.4841,
            2.145
        ),
        "known": (
            0.4719,
            1.3375
        ),
        "near": (
            0.3944,
            1.7477
        )
    },
    "tpot|closed": {
        "far": (
            0.9527,
            1.5942
        ),
        "known": (
            0.8046,
            1.0447
        ),
        "near": (
            0.7763,
            1.299
        )
    },
    "tpot|open": {
        "far": (
            1.3302,
            0.5644
        ),
        "known": (
            0.6835,
            0.4249
        ),
        "near": (
            1.0838,
            0.4599
        )
    },
    "tpot|split": {
        "far": (
            1.0902,
            0.1582
        ),
        "known": (
            0.6186,
            0.2255
        ),
        "near": (
            0.8883,
            0.1289
        )
    },
    "ttft-tail|any": {
        "far": (
            1.7292,
            2.3884
        ),
        "known": (
            1.3468,
            1.7535
        ),
        "near": (
            1.409,
            1.9461
        )
    },
    "ttft-tail|burst": {
        "far": (
            1.7575,
            0.7938
        ),
        "known": (
            1.4818,
            0.6359
        ),
        "near": (
            1.432,
            0.6468
        )
    },
    "ttft-tail|closed": {
        "far": (
            0.0405,
            2.7835
        ),
        "known": (
            0.03,
            1.986
        ),
        "near": (
            0.033,
            2.2681
        )
    },
    "ttft-tail|open": {
        "far": (
            4.3676,
            0.0405
        ),
        "known": (
            2.2326,
            0.3431
        ),
        "near": (
            3.5588,
            0.033
        )
    },
    "ttft-tail|split": {
        "far": (
            2.5517,
            3.5347
        ),
        "known": (
            1.8724,
            2.7679
        ),
        "near": (
            2.0792,
            2.8801
        )
    },
    "ttft|any": {
        "far": (
            1.5849,
            2.6417
        ),
        "known": (
            1.0847,
            1.9142
        ),
        "near": (
            1.2914,
            2.1525
        )
    },
    "ttft|burst": {
        "far": (
            1.978,
            0.8735
        ),
        "known": (
            1.5772,
            0.6091
        ),
        "near": (
            1.6117,
            0.7117
        )
    },
    "ttft|closed": {
        "far": (
            0.0405,
            4.7048
        ),
        "known": (
            0.03,
            3.3898
        ),
        "near": (
            0.033,
            3.8335
        )
    },
    "ttft|open": {
        "far": (
            1.683,
            0.7176
        ),
        "known": (
            0.9001,
            0.5874
        ),
        "near": (
            1.3714,
            0.5847
        )
    },
    "ttft|split": {
        "far": (
            2.2814,
            2.0477
        ),
        "known": (
            1.5887,
            1.6559
        ),
        "near": (
            1.8589,
            1.6685
        )
    },
    "ttft|static": {
        "far": (
            0.9978,
            0.0882
        ),
        "known": (
            0.4415,
            0.1488
        ),
        "near": (
            0.813,
            0.0719
        )
    }
}
# fmt: on

TABLE = EfficiencyTable(base=BASE, effects=EFFECTS)
INTERVALS = Intervals(spreads=SPREADS)
