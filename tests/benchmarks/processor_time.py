"""Processor time of a serving stack by what its processes do: where the distance between two servers goes."""

from __future__ import annotations

import os

import psutil

# In a process's command line or title: what it does. The first that fits counts.
ROLES = (
    ("VLLM::Worker", "engine: model"),
    ("VLLM::EngineCore", "engine: scheduler"),
    ("vllm.entrypoints.openai.api_server", "server or replica"),
    ("LLMServer:", "server or replica"),
    ("LLMRouter", "routers"),
    ("OpenAiIngress", "ingress"),
    ("haproxy", "proxy"),
    ("HAProxyManager", "proxy"),
    ("ProxyActor", "proxy"),
    ("ray::", "rest of Ray"),
    ("raylet", "rest of Ray"),
    ("gcs_server", "rest of Ray"),
    ("/ray/", "rest of Ray"),
)
CLIENT = "client"
ALL_ROLES = (*dict.fromkeys(role for _, role in ROLES), CLIENT)

Snapshot = dict[tuple[int, float], tuple[str, float]]


def snapshot() -> Snapshot:
    """(pid, start) of every process with a role: the role, and the seconds of processor time it has had."""
    found: Snapshot = {}
    for process in psutil.process_iter(["pid", "create_time", "cmdline", "cpu_times"]):
        info = process.info
        role = CLIENT if info["pid"] == os.getpid() else _role(" ".join(info["cmdline"] or []))
        if role and info["cpu_times"]:
            times = info["cpu_times"]
            found[info["pid"], info["create_time"]] = (role, times.user + times.system)
    return found


def between(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """Seconds of processor time by role from one snapshot to a later one."""
    spent = dict.fromkeys(ALL_ROLES, 0.0)
    for process, (role, seconds) in after.items():
        spent[role] += seconds - before.get(process, (role, 0.0))[1]
    return spent


def _role(command: str) -> str | None:
    return next((role for words, role in ROLES if words in command), None)
