"""The two ways tokens can take, which of them runs, and what the other would give."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

FLAGS_FILE = Path(__file__).with_name("direct_streaming.env")


class DataPath(StrEnum):
    DIRECT_STREAMING = "direct-streaming"
    STOCK = "stock"

    @property
    def comparison(self) -> str:
        """What the other path would give, measured: docs/log.md, `make bench-serve`."""
        if self is DataPath.DIRECT_STREAMING:
            return "The stock path would pass every token through Serve's proxy and ingress, at about half the tokens/s."
        return (
            "Direct streaming would give about twice the tokens/s: set the flags of serve_apps/direct_streaming.env "
            "in the environment of `serve run` and of every node."
        )


def data_path(environment: Mapping[str, str] = os.environ) -> DataPath:
    """The path Ray Serve takes in a process with this environment: it needs both flags for direct streaming."""
    flags = ("RAY_SERVE_LLM_ENABLE_DIRECT_STREAMING", "RAY_SERVE_ENABLE_HA_PROXY")
    return (
        DataPath.DIRECT_STREAMING
        if all(environment.get(flag) == "1" for flag in flags)
        else DataPath.STOCK
    )


def direct_streaming_flags() -> dict[str, str]:
    """The variables of direct_streaming.env."""
    lines = [line.strip() for line in FLAGS_FILE.read_text().splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
