"""What a measured row depends on, as a hash: code without comments and docstrings, and the trace file's bytes.

A row is taken up again only while its stamp still holds. So a change of our policy runs ours again and no baseline, a
change of a baseline that one alone, and a change of the simulator everything.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
from functools import cache
from pathlib import Path

from policy_grid import ROOT, TRACES, Case

from advisor.backtest.policies import BASELINES, OURS
from advisor.core import capacity

BACKTEST = ROOT / "advisor" / "backtest"
# What runs a policy, and not the policy itself.
WORLD = (
    "bounds",
    "conditions",
    "contest",
    "fleet",
    "guarded",
    "score",
    "simulator",
    "trace",
    "watch",
)
SEARCH = "clairvoyant"


def stamp(case: Case, policy: str) -> str:
    """Sixteen digits that change when a row of this case and policy has to be measured again."""
    parts = [_world(), _file(TRACES / f"{case.trace.partition('/')[0]}.parquet")]
    if policy == OURS:
        parts.append(_closure(ROOT / "advisor" / "policy.py"))
    elif policy == SEARCH:
        parts.append(_code(BACKTEST / f"{SEARCH}.py"))
    elif policy in BASELINES:
        parts.append(_baseline(policy))
    else:
        raise ValueError(f"{policy}: nothing is known of what it depends on")
    return _hash(*parts)[:16]


@cache
def _world() -> str:
    engine = sorted((BACKTEST / "engine").glob("*.py"))
    files = [*engine, *(BACKTEST / f"{name}.py" for name in WORLD), ROOT / "advisor/core/step.py"]
    grid = Path(__file__).with_name("policy_grid.py")
    files += [ROOT / "advisor/core/replica_model.py", grid]
    # Of the capacity model, which is our policy's, the simulator and the baselines use these two.
    shared = (inspect.getsource(each) for each in (capacity.ServiceObjective, capacity.scaled))
    return _hash(*map(_code, files), *map(_meaning, shared))


@cache
def _baseline(name: str) -> str:
    made = inspect.getmodule(BASELINES[name].make)
    assert made is not None
    assert made.__file__ is not None
    setting = _code(BACKTEST / "policies" / "setting.py")
    return _hash(_code(Path(made.__file__)), setting, f"{BASELINES[name].default:g}")


@cache
def _closure(file: Path) -> str:
    """The file and every module of `advisor` that it draws in, directly or not."""
    seen: dict[Path, str] = {}
    waiting = [file]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen[one] = _code(one)
            waiting += _imported(one)
    return _hash(*(seen[one] for one in sorted(seen)))


def _imported(file: Path) -> list[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
        elif isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
    files = (ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("advisor"))
    return sorted(path for path in files if path.is_file())


@cache
def _file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@cache
def _code(path: Path) -> str:
    return _meaning(path.read_text(encoding="utf-8"))


def _meaning(source: str) -> str:
    tree = ast.parse(inspect.cleandoc(source) if source[:1].isspace() else source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                value.value = ""
    return _hash(ast.dump(tree))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
