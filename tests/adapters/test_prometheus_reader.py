"""Reading from a Prometheus server: honest ages from a real one, one clear line from one that is down, slow or lying."""

from __future__ import annotations

import asyncio
import json
import math
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from local_server import Answer, answering, in_turn, mute, nobody
from prometheus_server import MODEL, RayLikeExporter, ask, eventually, prometheus, serving

from advisor import metrics
from advisor.adapters.prometheus import PrometheusReader
from advisor.core import series
from advisor.core.observation import Observation, Scrape
from advisor.core.observe import observe
from advisor.errors import ObservationError


def read(
    url: str, *, now_s: float, window_s: float = 60.0, token: str | None = None
) -> tuple[Scrape | None, Scrape]:
    async def once() -> tuple[Scrape | None, Scrape]:
        reader = PrometheusReader(url, token, longest_s=2.0)
        try:
            return await reader.read(now_s=now_s, window_s=window_s)
        finally:
            await reader.aclose()

    return asyncio.run(once())


def look(url: str, *, now_s: float, window_s: float) -> Observation:
    then, now = read(url, now_s=now_s, window_s=window_s)
    return observe(then=then, now=now, model=MODEL, source="prometheus")


@pytest.mark.prometheus
@pytest.mark.timeout(120)
def test_a_real_server_is_observed_with_honest_ages(tmp_path: Path) -> None:
    exporter = RayLikeExporter()
    exporter.work(100)
    with ExitStack() as exporting:
        target = exporting.enter_context(serving(exporter))
        with prometheus(tmp_path, target) as url:
            newest = 'max(timestamp({__name__="ray_advisor_requests_total"}))'
            first_s = eventually(lambda: number(url, newest), "the first scrape")
            exporter.work(50)
            total = f'min({{__name__="ray_advisor_requests_total", model="{MODEL}"}})'
            eventually(lambda: number(url, total) == 150, "the second scrape")
            now_s = time.time()
            expect_the_work_of_the_window(url, now_s=now_s, window_s=now_s - first_s)

            # A series that its target no longer exports is over, though the server remembers it.
            exporter.drop(metrics.REQUESTS_IN_FLIGHT, {"model": MODEL})
            eventually(
                lambda: look(url, now_s=time.time(), window_s=1.0).requests_in_flight is None,
                "the gauge is over",
            )

            # Asked about a minute from now, the exporter dead: all a minute old, its replica silent.
            exporting.close()
            seen = look(url, now_s=time.time() + 60, window_s=30.0)
            assert seen.kv_cache_usage is not None
            assert seen.kv_cache_usage.age_s >= 59
            assert seen.requests_per_s is None
            assert seen.silent_targets == ("replica w1",)
            assert look(url, now_s=time.time() + 3600, window_s=30.0).num_replicas_seen is None
        with pytest.raises(ObservationError, match=r"cannot be reached"):
            read(url, now_s=time.time())


def expect_the_work_of_the_window(url: str, *, now_s: float, window_s: float) -> None:
    """Three outcomes of 50 requests each, one token a request and kind, 50 in each histogram."""
    seen = look(url, now_s=now_s, window_s=window_s)
    assert seen.num_replicas_seen == 1
    assert seen.silent_targets == ()
    assert seen.mean_isl is not None
    assert seen.mean_isl.value == 1.0
    assert seen.ttft is not None
    assert seen.ttft.num_requests == 50
    rate = seen.requests_per_s
    assert rate is not None
    scrapes_apart_s = 150 / rate.value
    assert scrapes_apart_s == pytest.approx(round(scrapes_apart_s), abs=0.1)  # whole intervals
    assert scrapes_apart_s <= window_s
    assert 0 <= rate.age_s < 5
    names = {sample.name for sample in read(url, now_s=now_s)[1].samples}
    assert names == series.NAMES - {series.ROUTER_WAIT_MS}


def number(url: str, query: str) -> float | None:
    result = ask(url, query)
    return float(result[0]["value"][1]) if result else None


# --- servers that are down, slow, or lie --------------------------------------------------------------------------------


def error_of(url: str, **options: Any) -> str:
    with pytest.raises(ObservationError) as caught:
        read(url, now_s=1e9, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_unreachable_server_is_named_without_its_credentials() -> None:
    url = nobody().replace("http://", "http://user:hunter2@")
    said = error_of(url + "/?key=hunter2")
    assert "cannot be reached" in said
    assert "127.0.0.1" in said
    assert "hunter2" not in said


def test_a_slow_server_costs_a_bounded_time() -> None:
    began_s = time.monotonic()
    with mute() as url:
        assert "did not answer within 2 s" in error_of(url)
    assert time.monotonic() - began_s < 4


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(200, "<html>hello</html>"), "does not answer like Prometheus"),
        (Answer(200, "[]"), "does not answer like Prometheus"),
        (Answer(200, "{}"), "does not answer like Prometheus"),
        (Answer(200, '{"status": "success"}'), "does not answer like Prometheus"),
        (Answer(200, '{"status": "success", "data": {"result": 7}}'), "does not answer like"),
        (Answer(404, "not here"), "does not answer like Prometheus"),
        (Answer(401, ""), "answers 401: it wants another token"),
        (Answer(500, "boom"), "answers 500"),
        (Answer(429, ""), "answers 429"),
        (Answer(302, "", {"Location": "http://127.0.0.1:1/"}), "does not answer like Prometheus"),
        (Answer(400, '{"status": "error", "error": "parse error"}'), "400: parse error"),
    ],
)
def test_an_odd_answer_is_one_clear_line(answer: Answer, says: str) -> None:
    with answering(lambda _: answer) as server:
        said = error_of(server.url)
    assert says in said
    assert server.url in said


@pytest.mark.parametrize(
    "entry",
    [
        7,
        {},
        {"metric": 7, "values": [[1, "1"]]},
        {"metric": {}, "values": [[1, "1"]]},
        {"metric": {"__name__": "advisor_requests_total"}, "values": []},
        {"metric": {"__name__": "advisor_requests_total"}, "values": [[1, "many"]]},
        {"metric": {"__name__": "advisor_requests_total"}, "values": [[1]]},
        {"metric": {"__name__": "advisor_requests_total"}, "value": [1, "1"]},
    ],
)
def test_a_lying_answer_is_one_clear_line(entry: object) -> None:
    with answering(lambda _: Answer(200, result(entry))) as server:
        assert "does not answer like Prometheus" in error_of(server.url)


def result(*entries: object) -> str:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": entries}})


def test_a_passing_error_is_asked_again() -> None:
    with answering(in_turn(Answer(503), Answer(503), Answer(200, result()))) as server:
        then, now = read(server.url, now_s=1e9)
    assert (then, now.samples) == (None, ())


def test_the_token_goes_along() -> None:
    with answering(lambda _: Answer(200, result())) as server:
        read(server.url, now_s=1e9, token="s3cret")
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer s3cret"}


def test_values_that_are_no_numbers_are_left_to_the_observation_to_refuse() -> None:
    labels = {"__name__": "ray_advisor_requests_in_flight", "model": MODEL, "WorkerId": "w1"}
    entry = {"metric": labels, "values": [[999_999_990, "3"], [999_999_999, "NaN"]]}
    with answering(lambda _: Answer(200, result(entry))) as server:
        _, now = read(server.url, now_s=1e9)
        seen = look(server.url, now_s=1e9, window_s=60)
    [sample] = now.samples
    assert math.isnan(sample.value)
    assert (sample.name, sample.at_s) == ("advisor_requests_in_flight", 999_999_999)
    assert seen.requests_in_flight is None
