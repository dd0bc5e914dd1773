"""`approve` and `apply` are accepted and act on nothing yet: the log, the API and the page say so in words."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rig import Rig

from advisor.web.api import create_api

NOTHING = "it recommends and changes nothing"


def said_and_shown(
    operation: str, caplog: pytest.LogCaptureFixture
) -> tuple[list[str], dict[str, Any], str]:
    """What the loop warns of as it starts, and the API's tick and the page after one round."""
    rig = Rig(None, operation=operation)

    async def one_round() -> None:
        stop = asyncio.Event()
        await rig.loop.run(stop, on_tick=lambda _: stop.set())

    with caplog.at_level(logging.WARNING, logger="advisor"):
        asyncio.run(one_round())
    app = create_api(rig.loop.ticks, rig.config.shown(), lambda: ("stock", "faster"))
    with TestClient(app) as client:
        return caplog.messages, client.get("/api/v1/tick").json(), client.get("/").text


@pytest.mark.parametrize("operation", ["approve", "apply"])
def test_a_mode_that_does_not_act_says_so_wherever_it_is_shown(
    operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    [warned], tick, page = said_and_shown(operation, caplog)
    assert f"operation is {operation}" in warned
    assert tick["operation"] == operation
    assert tick["operation_means"] == f"{NOTHING}, as advise does: acting on it is not built yet"
    assert f"{operation} mode: it recommends; acting on it is not built yet" in page


def test_advise_needs_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    warned, tick, page = said_and_shown("advise", caplog)
    assert warned == []
    assert tick["operation_means"] == NOTHING
    assert f"advise mode: {NOTHING}" in page
