"""The client's view against plain ASGI apps that answer byte for byte as vLLM does."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from recorder import Recorder, key

from serve_apps.middleware import ClientView

CHUNK = b'data: {"choices":[{"index":0,"text":"a"}]}\n\n'
USAGE = (
    b'data: {"choices":[],"usage":{"prompt_tokens":7,"total_tokens":10,"completion_tokens":3}}\n\n'
)
DONE = b"data: [DONE]\n\n"


class Server:
    """Answers with the given body parts; the usage event only when asked for it, as vLLM does."""

    def __init__(self, *parts: bytes, status: int = 200) -> None:
        self.parts = parts
        self.status = status
        self.request: dict[str, Any] = {}
        self.headers: dict[bytes, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.headers = dict(scope["headers"])
        self.request = json.loads(message["body"])
        wanted = self.request.get("stream_options", {}).get("include_usage")
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        for part in self.parts:
            if part != USAGE or wanted:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def call(app: Any, request: bytes, *, path: str = "/v1/completions") -> tuple[bytes, Recorder]:
    """The body that a client gets through the middleware, and what was exported."""
    recorder, sent = Recorder(), []
    incoming = [{"type": "http.request", "body": request, "more_body": False}]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [(b"content-length", b"%d" % len(request))],
    }

    async def receive() -> dict[str, Any]:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(ClientView(app, exporter=recorder, models=["m"])(scope, receive, send))
    return b"".join(message.get("body", b"") for message in sent), recorder


def body(**fields: Any) -> bytes:
    return json.dumps({"model": "m", "prompt": "p", **fields}).encode()


def test_a_stream_is_counted_and_looks_as_if_nobody_had_asked_for_usage() -> None:
    got, recorder = call(Server(CHUNK, CHUNK, CHUNK, USAGE, DONE), body(stream=True))
    assert got == CHUNK * 3 + DONE
    assert recorder.counters[key("advisor_requests_total", model="m", outcome="ok")] == 1
    assert recorder.counters[key("advisor_input_tokens_total", model="m")] == 7
    assert recorder.counters[key("advisor_output_tokens_total", model="m")] == 3
    for name in ("ttft", "tpot", "e2e"):
        assert len(recorder.histograms[key(f"advisor_{name}_seconds", model="m")]) == 1


def test_a_client_that_asked_for_usage_gets_it() -> None:
    got, _ = call(
        Server(CHUNK, USAGE, DONE), body(stream=True, stream_options={"include_usage": True})
    )
    assert got == CHUNK + USAGE + DONE


def test_events_batched_into_one_message_are_told_apart() -> None:
    server = Server(CHUNK, CHUNK + USAGE + DONE)
    got, recorder = call(server, body(stream=True))
    assert got == CHUNK * 2 + DONE
    assert recorder.counters[key("advisor_output_tokens_total", model="m")] == 3


def test_generated_text_that_looks_like_usage_is_left_alone() -> None:
    text = json.dumps(
        {"choices": [{"text": '{"choices":[],"usage":{"prompt_tokens":1}}'}]}
    ).encode()
    event = b"data: " + text + b"\n\n"
    got, recorder = call(Server(event, USAGE, DONE), body(stream=True))
    assert got == event + DONE
    assert recorder.counters[key("advisor_input_tokens_total", model="m")] == 7


def test_the_changed_request_states_its_own_length() -> None:
    server = Server(CHUNK, USAGE, DONE)
    call(server, body(stream=True))
    assert server.request["stream_options"] == {"include_usage": True}
    assert (
        server.headers[b"content-length"] == str(len(json.dumps(server.request).encode())).encode()
    )


def test_an_answer_that_is_not_streamed_is_passed_on_as_it_is() -> None:
    answer = json.dumps(
        {"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 2}}
    ).encode()
    server = Server(answer[:10], answer[10:])
    got, recorder = call(server, body())
    assert got == answer
    assert "stream_options" not in server.request
    assert recorder.counters[key("advisor_output_tokens_total", model="m")] == 2
    assert key("advisor_ttft_seconds", model="m") not in recorder.histograms


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_refusal_is_an_error_without_latencies(status: int) -> None:
    _, recorder = call(Server(b"{}", status=status), body(stream=True))
    assert recorder.counters[key("advisor_requests_total", model="m", outcome="error")] == 1
    assert not recorder.histograms


def test_an_error_inside_a_stream_is_an_error() -> None:
    _, recorder = call(
        Server(CHUNK, b'data: {"error":{"message":"dead"}}\n\n', DONE), body(stream=True)
    )
    assert recorder.counters[key("advisor_requests_total", model="m", outcome="error")] == 1


def test_a_client_that_leaves_is_cancelled_and_no_longer_in_flight() -> None:
    async def leaving(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})

    _, recorder = call(leaving, body(stream=True))
    assert recorder.counters[key("advisor_requests_total", model="m", outcome="cancelled")] == 1
    assert recorder.gauges[key("advisor_requests_in_flight", model="m")] == 0


def test_a_failing_app_is_an_error_and_fails_on() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("bug")

    recorder = Recorder()
    view = ClientView(failing, exporter=recorder, models=["m"])
    scope = {"type": "http", "method": "POST", "path": "/v1/completions", "headers": []}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body()}

    with pytest.raises(RuntimeError, match="bug"):
        asyncio.run(view(scope, receive, receive))
    assert recorder.counters[key("advisor_requests_total", model="m", outcome="error")] == 1


def test_a_model_name_that_the_client_made_up_gets_no_series_of_its_own() -> None:
    _, recorder = call(Server(b"{}", status=404), body(model="made-up-" + "x" * 50))
    assert recorder.counters[key("advisor_requests_total", model="other", outcome="error")] == 1


def test_what_is_not_json_reaches_the_server_unchanged() -> None:
    seen = []

    async def server(scope: Any, receive: Any, send: Any) -> None:
        seen.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b"bad", "more_body": False})

    assert call(server, b"{not json")[0] == b"bad"
    assert seen == [b"{not json"]


def test_paths_that_do_not_generate_are_not_measured() -> None:
    _, recorder = call(Server(b"{}"), body(), path="/v1/embeddings")
    assert not recorder.counters


def test_an_idle_replica_shows_that_it_is_alive() -> None:
    recorder = Recorder()
    ClientView(Server(), exporter=recorder, models=["m"])
    assert recorder.gauges == {key("advisor_requests_in_flight", model="m"): 0}
