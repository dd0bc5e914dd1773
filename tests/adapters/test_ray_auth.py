"""A person is told that Ray wants a token, and where it stands; the token itself is never shown."""

from __future__ import annotations

import pytest
from local_server import Answer, answering, nobody

from advisor.adapters.ray_auth import asks_for_token, token_place


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ('{"authentication_mode": "token"}', True),
        ('{"authentication_mode": "disabled"}', False),
        ("[]", False),
        ("<html>", False),
    ],
)
def test_the_dashboard_says_whether_it_asks_for_a_token(body: str, wanted: bool) -> None:
    with answering(lambda _: Answer(body=body)) as dashboard:
        assert asks_for_token(dashboard.url) is wanted
        [asked] = dashboard.requests
    assert asked.path == "/api/authentication_mode"
    assert not asks_for_token(nobody())


def test_the_place_of_the_token_is_the_one_ray_looks_at_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    assert token_place() == "~/.ray/auth_token"
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", "/secrets/ray")
    assert token_place() == "/secrets/ray"
    monkeypatch.setenv("RAY_AUTH_TOKEN", "tok3n")
    assert token_place() == "the variable RAY_AUTH_TOKEN"
