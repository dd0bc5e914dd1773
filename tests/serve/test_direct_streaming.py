"""The main job on real Ray Serve, real vLLM and a real Prometheus: served, measured, advised on, told, and cleaned up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import harness
import httpx
import psutil
import pytest
import tiny_model
from openai import AsyncOpenAI, OpenAI
from standardwebhooks import Webhook

from advisor.metrics import NEEDED_REPLICAS
from advisor.ports import holder_of
from dashboards.advisor_board import queries
from serve_apps import processes

pytestmark = [pytest.mark.serve, pytest.mark.timeout(600)]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# Sized as this, so that the load decides how many replicas are needed; the tiny model would never need two.
LLAMA_70B = {
    "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 8192, "intermediate_size": 28672,
    "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8, "max_position_embeddings": 131072,
    "tie_word_embeddings": False, "dtype": "bfloat16",
}  # fmt: skip


@dataclass(frozen=True)
class Product:
    up: harness.Up
    prometheus: str
    webhook: harness.Receiver
    slack: harness.Receiver


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("direct")
    sized_as = folder / "llama-70b"
    sized_as.mkdir()
    (sized_as / "config.json").write_text(json.dumps(LLAMA_70B))
    with harness.receiver() as webhook, harness.receiver() as slack:
        config = harness.tiny_config(
            tiny_model.make(folder / "tiny"),
            model_source=str(sized_as),
            budget="1000000/month",
            slo=[{"latency": latency, "at_most": "2s"} for latency in ("ttft", "tpot", "e2e")],
            notify={
                "webhook": {"url": webhook.url, "secret_env": "HOOK_SECRET"},
                "slack": {"url": slack.url},
            },
        )
        with (
            harness.up(config, folder, HOOK_SECRET=SECRET) as up,
            harness.prometheus(folder) as prometheus,
        ):
            yield Product(up=up, prometheus=prometheus, webhook=webhook, slack=slack)


@dataclass
class Seen:
    """What the official client saw of a load."""

    num_requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    ttfts_s: list[float] = None  # type: ignore[assignment]


async def load(num_requests: int, concurrency: int, max_tokens: int = 16) -> Seen:
    client = AsyncOpenAI(base_url=f"{harness.BASE}/v1", api_key="none", max_retries=0)
    seen, pending = Seen(ttfts_s=[]), iter(range(num_requests))

    async def worker() -> None:
        for number in pending:
            sent_s = time.perf_counter()
            stream = await client.chat.completions.create(
                model=harness.MODEL,
                messages=[{"role": "user", "content": f"request {number} " + "x" * (number % 7)}],
                max_tokens=max_tokens,
                stream=True,
                stream_options={"include_usage": True},
            )
            first_s = None
            async for chunk in stream:
                first_s = first_s or time.perf_counter() - sent_s
                if chunk.usage is not None:
                    seen.input_tokens += chunk.usage.prompt_tokens
                    seen.output_tokens += chunk.usage.completion_tokens
            assert first_s is not None
            seen.ttfts_s.append(first_s)
            seen.num_requests += 1

    async with client:
        await asyncio.gather(*[worker() for _ in range(concurrency)])
    return seen


def counted(prometheus: str) -> tuple[float, float, float]:
    names = ("advisor_requests_total", "advisor_input_tokens_total", "advisor_output_tokens_total")
    requests, tokens_in, tokens_out = (
        harness.total(prometheus, f'ray_{name}{{model="tiny"}}') for name in names
    )
    return requests, tokens_in, tokens_out


def tick() -> dict[str, object]:
    return httpx.get(f"{harness.BASE}/advisor/api/v1/tick", timeout=10).json()


def test_prometheus_counts_what_the_openai_client_counted_to_the_token(product: Product) -> None:
    before = counted(product.prometheus)
    seen = asyncio.run(load(200, 8))
    assert seen.num_requests == 200
    expected = (before[0] + 200, before[1] + seen.input_tokens, before[2] + seen.output_tokens)
    harness.eventually(
        lambda: counted(product.prometheus) == expected, 30, f"Prometheus counts {expected}"
    )


def test_an_answer_that_is_not_streamed_counts_too(product: Product) -> None:
    before = counted(product.prometheus)
    with OpenAI(base_url=f"{harness.BASE}/v1", api_key="none", max_retries=0) as client:
        answer = client.chat.completions.create(
            model=harness.MODEL, messages=[{"role": "user", "content": "whole"}], max_tokens=5
        )
    assert answer.usage is not None
    expected = (
        before[0] + 1,
        before[1] + answer.usage.prompt_tokens,
        before[2] + answer.usage.completion_tokens,
    )
    harness.eventually(
        lambda: counted(product.prometheus) == expected, 30, f"Prometheus counts {expected}"
    )


def test_a_stream_brings_its_usage_only_to_a_client_that_asked(product: Product) -> None:
    with OpenAI(base_url=f"{harness.BASE}/v1", api_key="none", max_retries=0) as client:
        stream = client.completions.create(
            model=harness.MODEL, prompt="hello", max_tokens=4, stream=True
        )
        assert all(chunk.usage is None and chunk.choices for chunk in stream)


def test_page_api_and_metrics_agree_and_follow_the_load(product: Product) -> None:
    asyncio.run(load(4, 1))
    low = harness.eventually(_advised, 60, "a recommendation at low load")

    async def high() -> dict[str, object]:
        running = asyncio.create_task(load(600, 32, max_tokens=32))
        found = await asyncio.to_thread(
            harness.eventually,
            lambda: _changed_from(low),
            90,
            "another recommendation at high load",
        )
        await running
        return found

    changed = asyncio.run(high())
    best = changed["recommendation"]["best"]
    assert best["usd_per_hour"] > low["recommendation"]["best"]["usd_per_hour"]
    told = [message["data"]["recommendation"]["best"] for message in product.webhook.messages()]
    assert told, "the webhook was told of the change"
    for earlier, later in pairwise(told):
        keys = ("accelerator", "tp_degree", "replicas", "mode")
        assert any(earlier[key] != later[key] for key in keys), "the same choice was told twice"
    harness.eventually(
        lambda: len(product.slack.bodies) == len(product.webhook.bodies),
        20,
        "Slack was told as often",
    )

    def agree() -> bool:
        shown = tick()
        best = shown["recommendation"]["best"]
        page = httpx.get(f"{harness.BASE}/advisor/", timeout=10).text
        on_page = best["accelerator"] in page and f"round {shown['number']}," in page
        promql = f'ray_advisor_recommendation_info{{accelerator="{best["accelerator"]}"}} == 1'
        replicas = harness.total(product.prometheus, "ray_advisor_recommended_replicas")
        return (
            on_page
            and bool(harness.query(product.prometheus, promql))
            and replicas == best["replicas"]
        )

    harness.eventually(agree, 60, "page, API and metrics show the same recommendation")


def _advised() -> dict[str, object] | None:
    shown = tick()
    return shown if shown["recommendation"] and shown["recommendation"]["best"] else None


def _changed_from(earlier: dict[str, object]) -> dict[str, object] | None:
    shown = _advised()
    if shown is None:
        return None
    keys = ("accelerator", "tp_degree", "replicas")
    then, now = earlier["recommendation"]["best"], shown["recommendation"]["best"]
    dearer = now["usd_per_hour"] > then["usd_per_hour"]
    return shown if dearer and any(then[key] != now[key] for key in keys) else None


def test_every_query_of_the_board_returns_data_from_the_real_prometheus(product: Product) -> None:
    board = (harness.ROOT / "dashboards" / "json" / "advisor.json").read_text()
    # On a CPU the scaling policy has no replica model, so it needs nothing that is known.
    missing = {
        promql
        for promql in queries(board, model=harness.MODEL)
        if NEEDED_REPLICAS.name not in promql
    }
    assert len(missing) > 20

    def look() -> bool:
        missing.difference_update(
            [promql for promql in missing if harness.query(product.prometheus, promql)]
        )
        return not missing

    async def under_load() -> None:
        running = asyncio.create_task(load(500, 4, max_tokens=32))
        try:
            await asyncio.to_thread(harness.eventually, look, 60, "every query returns data")
        except AssertionError:
            raise AssertionError(f"no data from: {sorted(missing)}") from None
        finally:
            await running

    asyncio.run(under_load())


def test_the_webhook_verifies_with_the_official_library(product: Product) -> None:
    body, headers = product.webhook.bodies[-1], product.webhook.headers[-1]
    lower = {name.lower(): value for name, value in headers.items()}
    assert Webhook(SECRET).verify(body, lower)["type"] == "advisor.recommendation.changed"


def test_the_slack_message_keeps_to_block_kit(product: Product) -> None:
    message = product.slack.messages()[-1]
    assert message["text"]
    header, *sections = message["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert all(len(section["text"]["text"]) <= 3000 for section in sections if "text" in section)


def test_only_loopback_serves_the_endpoint_and_haproxys_helper_ports(product: Product) -> None:
    listening = {
        (c.laddr.ip, c.laddr.port)
        for c in psutil.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN
    }
    for port in (8000, 8265, 8404, 9101):
        assert [ip for ip, p in listening if p == port] == ["127.0.0.1"], port


def test_the_api_names_the_data_path_and_two_routers_run(product: Product) -> None:
    assert tick()["data_path"]["runs"] == "direct-streaming"
    status = httpx.get(
        "http://127.0.0.1:8265/api/serve/applications/",
        headers={"Authorization": f"Bearer {harness.ray_token()}"},
        timeout=10,
    ).json()
    routers = status["applications"]["llm"]["deployments"]["LLMRouter"]["replicas"]
    assert [router["state"] for router in routers] == ["RUNNING", "RUNNING"]


def test_the_advisor_comes_back_from_a_kill_and_serving_does_not_notice(product: Product) -> None:
    async def under_load() -> Seen:
        running = asyncio.create_task(load(80, 8))
        await asyncio.sleep(0)
        os.kill(_advisor_pid(), signal.SIGKILL)
        return await running

    killed = _advisor_pid()
    assert asyncio.run(under_load()).num_requests == 80
    harness.eventually(lambda: _advisor_pid() not in (None, killed), 60, "a new advisor replica")
    harness.eventually(_advisor_answers, 60, "the advisor's API answers")


def _advisor_pid() -> int | None:
    for process in psutil.process_iter(["cmdline"]):
        if process.info["cmdline"] and process.info["cmdline"][0].startswith(
            "ray::ServeReplica:advisor"
        ):
            return process.pid
    return None


def _advisor_answers() -> bool:
    try:
        return httpx.get(f"{harness.BASE}/advisor/api/v1/tick", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def test_ctrl_c_leaves_no_process_and_no_port(product: Product) -> None:
    marker = f"{product.up.process.pid}:{psutil.Process(product.up.process.pid).create_time():.2f}"
    assert len(processes.of_run(marker)) > 10
    shared_memory = processes.shared_memory_of(processes.of_run(marker))
    assert shared_memory, "vLLM's engine talks to its worker through it"
    product.up.process.send_signal(signal.SIGINT)
    assert product.up.process.wait(timeout=60) == 0
    assert processes.of_run(marker) == []
    assert not any(file.exists() for file in shared_memory)
    assert [port for port in (8000, 8265, 8404, 9101) if holder_of(port)] == []


def test_a_crash_is_cleaned_up_by_the_next_start_which_says_so(
    product: Product, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("crash")
    config = harness.tiny_config(tiny_model.make(folder / "tiny"))
    with harness.up(config, folder) as first:
        os.kill(
            first.process.pid, signal.SIGKILL
        )  # the launcher itself: nobody is left to clean up
        first.process.wait()
        [left] = processes.leftovers().values()
        shared_memory = processes.shared_memory_of(left)
        assert shared_memory
        again = tmp_path_factory.mktemp("again")
        with harness.up(config, again) as second:
            assert "left by an earlier run" in second.said()
            with OpenAI(base_url=f"{harness.BASE}/v1", api_key="none") as client:
                assert client.completions.create(
                    model=harness.MODEL, prompt="again", max_tokens=2
                ).usage
            os.kill(second.serve_run(), signal.SIGKILL)
            assert second.process.wait(timeout=60) != 0
            assert "serve run ended" in second.said()
    assert processes.leftovers() == {}
    assert not any(file.exists() for file in shared_memory)
    assert [port for port in (8000, 8265, 8404, 9101) if holder_of(port)] == []
