"""The token of a Ray cluster, found where Ray itself looks for it."""

from __future__ import annotations

import os
from pathlib import Path


def bearer_headers() -> dict[str, str]:
    """The Authorization header Ray's HTTP endpoints want; empty where there is no token."""
    token = os.environ.get("RAY_AUTH_TOKEN", "").strip()
    if not token:
        path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
        try:
            token = path.read_text().strip()
        except OSError:
            return {}
    return {"Authorization": f"Bearer {token}"} if token else {}


def token_hint(status: int) -> str:
    """What to do about Ray's refusal to answer without its token; empty for any other answer."""
    return (
        ": Ray wants its token (RAY_AUTH_TOKEN, or ~/.ray/auth_token)"
        if status in (401, 403)
        else ""
    )
