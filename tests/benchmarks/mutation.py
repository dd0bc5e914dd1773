"""Can the tests fail? Every guard is broken on purpose, one small change at a time, and a test must notice (C4).

mutmut (https://github.com/boxed/mutmut) makes the changes; it is no dependency of the project. Once, in a folder of yours:

    python3.11 -m venv MUTMUT && MUTMUT/bin/pip install mutmut==3.8.1

and then, from the project's folder, with the light environment built (`make env-core`):

    MUTMUT/bin/python tests/benchmarks/mutation.py [decide guards ...]

It works on a copy in a temporary folder and takes some minutes. Prints a table, each survivor with its change, and those
that change nothing (EQUIVALENT, with the reason). mutmut changes what stands in functions; constants, decorators and what
is decorated (properties) it leaves alone. The exit status is 1 under 90 %, or under 100 % in clamp and missing-data code.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIGHT = ROOT / ".venv-core"
TESTS = {
    "decide": ["test_decide.py"],
    "guards": ["test_guards.py", "test_decide.py"],
    "replacement": ["test_replacement.py"],
    "rollback": ["test_rollback.py"],
    "verdict": ["test_verdict.py"],
    "spot": ["test_spot.py"],
    "shared_budget": ["test_shared_budget.py"],
}
SAFETY = ["decide", "guards", "replacement", "rollback", "verdict"]  # the others by name
# Clamp and missing-data code: here every change must be noticed.
WHOLE = {
    "guards": {
        "problem_with", "_bad_count", "_count_problem", "_bad_optional", "_bad_tokens", "_finite", "present",
        "replicas_with_silent", "Bounds.clamp", "affordable",
    },
    "decide": {"_wanted", "affordable_replicas", "Memory.saw"},
}  # fmt: skip
# Changes that change nothing, by the line that was put in; each with the reason.
EQUIVALENT = {
    "decide: if best.replicas <= fleet.running_replicas and workload.source is not WorkloadSource.OBSERVED:": (
        "equal counts were answered just before"
    ),
    'decide: return f"it takes more than {PAYBACK_S / 3601:.0f} h to pay for running both"': (
        "the text rounds to whole hours"
    ),
    "guards: if abs(with_silent - 1.0) <= tolerance or (ratio < 1.0) != (with_silent <= 1.0):": (
        "at 1 exactly the tolerance has answered"
    ),
    "decide: fewer = scaled.target_replicas is not None and scaled.target_replicas <= running": (
        "a scaling is never to what runs"
    ),
    "rollback: self._failed_s.popitem(last=None)": "as false as False",
    "decide: change = 2 if before is None else fleet.running_replicas - before": (
        "only its sign is looked at"
    ),
}
CONFTEST = """
from hypothesis import HealthCheck, Phase, settings
settings.register_profile(
    "mutants", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # that it fails is enough, how is not asked
)
settings.load_profile("mutants")
"""
NOTICED = {1, 3, 24, -24, 36, 152, 255, 37}  # a test failed, or never ended


def prepare(folder: Path, modules: list[str]) -> None:
    """A copy with what is needed, and mutmut's settings."""
    shutil.copytree(
        ROOT / "advisor", folder / "advisor", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(
        ROOT / "tests" / "core",
        folder / "tests" / "core",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (folder / "tests" / "conftest.py").write_text(CONFTEST)
    (folder / "tests" / "core" / "conftest.py").unlink(missing_ok=True)
    files = sorted({name for module in modules for name in TESTS[module]})
    mutated = "\n".join(f"    advisor/core/{module}.py" for module in modules)
    selected = "\n".join(f"    tests/core/{name}" for name in files)
    (folder / "setup.cfg").write_text(
        f"[mutmut]\nsource_paths=\n    advisor\nonly_mutate=\n{mutated}\n"
        f"pytest_add_cli_args_test_selection=\n{selected}\n"
        "pytest_add_cli_args=\n    -p\n    no:cacheprovider\n"
        "use_git_change_detection=False\n\n"
        "[tool:pytest]\npythonpath = . tests/core\n"  # mutmut copies this file, not pytest.ini
    )


def mutmut(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    packages = next((LIGHT / "lib").glob("python3*/site-packages"))
    command = [sys.executable, "-m", "mutmut", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def function_of(mutant: str) -> str:
    """`Bounds.clamp` of `advisor.core.guards.xǁBoundsǁclamp__mutmut_3`."""
    name = mutant.rpartition("__mutmut_")[0].rpartition(".")[2]
    return name[2:].replace("ǁ", ".") if name.startswith("xǁ") else name.removeprefix("x_")


def change_of(folder: Path, mutant: str) -> str:
    """The changed lines, as a diff has them."""
    shown = mutmut(folder, "show", mutant).stdout
    lines = [line for line in shown.splitlines() if re.match(r"[-+][^-+]", line)]
    return "\n".join(lines)


def judge(folder: Path, module: str) -> tuple[Counter[str], list[str]]:
    """How many were noticed, in all and in the code where all must be, and what was not."""
    meta = json.loads((folder / "mutants" / "advisor" / "core" / f"{module}.py.meta").read_text())
    counts: Counter[str] = Counter()
    survivors = []
    for mutant, code in meta["exit_code_by_key"].items():
        whole = function_of(mutant) in WHOLE.get(module, set())
        kinds = ["all", "whole"] if whole else ["all"]
        if code in NOTICED:
            counts.update(f"{kind} noticed" for kind in kinds)
            counts.update(kinds)
            continue
        change = change_of(folder, mutant)
        reason = EQUIVALENT.get(f"{module}: {change.splitlines()[-1][1:].strip()}")
        if reason is not None:
            counts["equivalent"] += 1
            survivors.append(f"equivalent: {function_of(mutant)}: {reason}\n{change}")
            continue
        counts.update(kinds)
        where = "MUST BE NOTICED: " if whole else ""
        survivors.append(f"{where}{module}.{function_of(mutant)} (exit {code})\n{change}")
    return counts, survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", default=[], help=", ".join(TESTS))
    parser.add_argument("--processes", type=int, default=1)
    asked = parser.parse_args()
    modules = asked.modules or SAFETY
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, modules)
        done = mutmut(folder, "run", "--max-children", str(asked.processes))
        if done.returncode:
            lines = (done.stdout + done.stderr).splitlines()
            sys.exit("\n".join(line for line in lines if "Running" not in line)[-3000:])
        judged = {module: judge(folder, module) for module in modules}
    print(
        f"{'module':16}{'mutants':>9}{'noticed':>9}{'':>8}{'equivalent':>12}{'clamp, missing data':>22}"
    )
    failed = False
    for module, (counts, _) in judged.items():
        share = counts["all noticed"] / max(1, counts["all"])
        whole = f"{counts['whole noticed']} of {counts['whole']}" if counts["whole"] else ""
        print(
            f"{module:16}{counts['all']:>9}{counts['all noticed']:>9}{share:>8.1%}{counts['equivalent']:>12}{whole:>22}"
        )
        failed |= share < 0.9 or counts["whole noticed"] < counts["whole"]
    for _, survivors in judged.values():
        for survivor in survivors:
            print(f"\n{survivor}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
