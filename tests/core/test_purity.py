"""The core is pure: it imports nothing that knows a clock, a file, a socket, a log or an engine."""

import ast
from pathlib import Path

import advisor.core

ALLOWED = {
    "__future__", "bisect", "collections", "dataclasses", "datetime", "difflib", "enum", "functools", "itertools",
    "math", "numpy", "re", "scipy", "statistics", "typing",
}  # fmt: skip
ALLOWED_OF_OURS = ("advisor.core", "advisor.errors")


def test_core_imports_only_pure_modules() -> None:
    folder = Path(next(iter(advisor.core.__path__)))
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                pure = name.split(".")[0] in ALLOWED or name.startswith(ALLOWED_OF_OURS)
                assert pure, f"{file.name} imports {name}"
