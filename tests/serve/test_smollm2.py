"""The quickstart as it ships: SmolLM2 gives sensible English, and our TTFT is the one the client sees."""

from __future__ import annotations

import asyncio
import bisect
import os
import statistics
import time
from pathlib import Path

import harness
import psutil
import pytest
import yaml
from openai import AsyncOpenAI, OpenAI

from advisor import metrics
from serve_apps import demo_model

pytestmark = [pytest.mark.serve, pytest.mark.timeout(600)]

MODEL = "smollm2-135m-instruct"


def test_smollm2_answers_in_english_and_its_ttft_is_the_clients(tmp_path: Path) -> None:
    assert demo_model.is_whole(demo_model.prepare())
    config = yaml.safe_load(harness.QUICKSTART.read_text())
    with harness.up(config, tmp_path), harness.prometheus(tmp_path) as prometheus:
        with OpenAI(base_url=f"{harness.BASE}/v1", api_key="none") as client:
            answer = client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "user", "content": "What is the capital of France?"}],
                max_tokens=16,
                temperature=0,
            )
        assert "Paris" in (answer.choices[0].message.content or "")
        assert _engine_threads() == {str(len(os.sched_getaffinity(0)))}

        ttfts_s = asyncio.run(_load(48, 8))
        count = f'ray_advisor_ttft_seconds_count{{model="{MODEL}"}}'
        harness.eventually(
            lambda: harness.total(prometheus, count) == 48, 30, "all 48 are in the histogram"
        )
        ours_s = _median(prometheus, "ray_advisor_ttft_seconds_bucket")
        wait_s = (
            _median(
                prometheus, 'ray_serve_haproxy_ingress_router_latency_ms_bucket{application="llm"}'
            )
            / 1e3
        )
        apart = _bucket(ours_s + wait_s) - _bucket(statistics.median(ttfts_s))
        assert abs(apart) <= 1, (ours_s, wait_s, statistics.median(ttfts_s))


def _engine_threads() -> set[str | None]:
    """OMP_NUM_THREADS of every worker of vLLM on this machine."""
    workers = [
        p for p in psutil.process_iter(["name"]) if "VLLM::Worker" in (p.info["name"] or "")
    ]
    return {worker.environ().get("OMP_NUM_THREADS") for worker in workers}


def _median(prometheus: str, selector: str) -> float:
    return harness.total(prometheus, f"histogram_quantile(0.5, sum by (le) ({selector}))")


def _bucket(seconds: float) -> int:
    return bisect.bisect_left(metrics.TTFT_BOUNDS, seconds)


async def _load(num_requests: int, concurrency: int) -> list[float]:
    found, pending = [], iter(range(num_requests))
    async with AsyncOpenAI(base_url=f"{harness.BASE}/v1", api_key="none", max_retries=0) as client:

        async def worker() -> None:
            for number in pending:
                sent_s = time.perf_counter()
                stream = await client.chat.completions.create(
                    model=MODEL,
                    messages=[{"role": "user", "content": f"Tell me about the number {number}."}],
                    max_tokens=16,
                    stream=True,
                )
                first_s = None
                async for _ in stream:
                    first_s = first_s or time.perf_counter() - sent_s
                assert first_s is not None
                found.append(first_s)

        await asyncio.gather(*[worker() for _ in range(concurrency)])
    return found
