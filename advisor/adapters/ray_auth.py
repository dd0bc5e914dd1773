"""The token of a Ray cluster, found where Ray itself looks for it."""

from __future__ import annotations

import os
from pathlib import Path

import httpx

TIMEOUT_S = 2.0


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


def asks_for_token(dashboard_url: str) -> bool:
    """Whether Ray's dashboard wants the token before it shows anything; False where it does not answer."""
    try:
        answer = httpx.get(f"{dashboard_url}/api/authentication_mode", timeout=TIMEOUT_S).json()
    except (httpx.HTTPError, ValueError):
        return False
    return isinstance(answer, dict) and answer.get("authentication_mode") == "token"


def token_place() -> str:
    """Where the token stands, for a person to look it up; never the token itself."""
    if os.environ.get("RAY_AUTH_TOKEN", "").strip():
        return "the variable RAY_AUTH_TOKEN"
    return os.environ.get("RAY_AUTH_TOKEN_PATH") or "~/.ray/auth_token"


def token_hint(status: int) -> str:
    """What to do about Ray's refusal to answer without its token; empty for any other answer."""
    return (
        ": Ray wants its token (RAY_AUTH_TOKEN, or ~/.ray/auth_token)"
        if status in (401, 403)
        else ""
    )
