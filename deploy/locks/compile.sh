#!/bin/sh
# Rewrites the locks from pyproject.toml. Needs uv, and WHEELS: a folder or index page that holds torch's +cpu wheel.
# torch-cpu.txt (the CPU build) and torch-pypi.txt (PyPI's build with its CUDA packages) are two ways to the same torch.
set -eu
cd "$(dirname "$0")/../.."
compile() {
    uv pip compile --generate-hashes --no-header --no-annotate --no-emit-index-url \
        --python-version 3.11 --python-platform x86_64-manylinux_2_28 "$@"
}
compile pyproject.toml --extra serve --extra cpu --extra demo --extra dev --find-links "$WHEELS" \
    --no-emit-package torch -o deploy/locks/cpu.txt
compile pyproject.toml --extra dev -o deploy/locks/core.txt
echo "torch==2.13.0" | compile - -o deploy/locks/torch-pypi.txt
echo "torch==2.13.0+cpu" | compile - --no-deps --find-links "$WHEELS" -o deploy/locks/torch-cpu.txt
