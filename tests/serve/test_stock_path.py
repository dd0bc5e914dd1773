"""The same file without the flags: Ray's stock path, with the same metrics on it."""

from __future__ import annotations

import harness
import httpx
import pytest
import tiny_model
from openai import OpenAI

pytestmark = [pytest.mark.serve, pytest.mark.timeout(600)]


def test_the_stock_path_serves_counts_and_says_which_path_it_is(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("stock")
    config = harness.tiny_config(tiny_model.make(folder / "tiny"), operation="apply")
    with harness.up(config, folder, "--stock") as up, harness.prometheus(folder) as prometheus:
        assert "data path: stock. Direct streaming would give" in up.said()
        assert "operation is apply: it recommends and changes nothing" in up.said()
        assert "(Ray's own; it asks for the token in ~/.ray/auth_token)" in up.said()
        assert harness.ray_token() not in up.said()
        assert _running() == {"llm": True, "advisor": True}, "said to be up, and is"
        with OpenAI(base_url=f"{harness.BASE}/v1", api_key="none", max_retries=0) as client:
            whole = client.chat.completions.create(
                model=harness.MODEL, messages=[{"role": "user", "content": "hello"}], max_tokens=8
            )
            chunks = list(
                client.completions.create(
                    model=harness.MODEL,
                    prompt="hello",
                    max_tokens=8,
                    stream=True,
                    extra_body={"ignore_eos": True},
                )
            )
        assert all(chunk.usage is None for chunk in chunks)
        assert whole.usage is not None
        expected = (2.0, whole.usage.completion_tokens + 8.0, 1.0)

        def counted() -> tuple[float, float, float]:
            requests = harness.total(
                prometheus, 'ray_advisor_requests_total{model="tiny",outcome="ok"}'
            )
            tokens = harness.total(prometheus, 'ray_advisor_output_tokens_total{model="tiny"}')
            return requests, tokens, harness.total(prometheus, "ray_advisor_ttft_seconds_count")

        harness.eventually(lambda: counted() == expected, 30, f"Prometheus counts {expected}")
        shown = httpx.get(f"{harness.BASE}/advisor/api/v1/tick", timeout=10).json()
        assert shown["data_path"]["runs"] == "stock"
        assert shown["fleet"]["data_path"] == "stock"


def _running() -> dict[str, bool]:
    """Which of the applications have every deployment up, as Serve has it."""
    shown = httpx.get(
        "http://127.0.0.1:8265/api/serve/applications/",
        headers={"Authorization": f"Bearer {harness.ray_token()}"},
        timeout=10,
    ).json()
    return {name: app["status"] == "RUNNING" for name, app in shown["applications"].items()}
