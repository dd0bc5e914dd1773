"""The client's view of every generation request, taken by one ASGI middleware: TTFT, TPOT, end-to-end latency, tokens.

It stands in the engine's replica (direct streaming) or in the ingress (stock path), outside everything else, and is the
only code of ours that tokens pass through: a token costs it one clock reading and two searches for a short byte string.

Only the engine knows how many tokens a stream held: a server-sent event carries one token or, under load, several. So
the middleware asks for the count on the client's behalf (`stream_options.include_usage`) and takes the event that
brings it out of the stream again, unless the client had asked for it too.

No ray and no vllm here: the same class is tested against plain ASGI apps.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from advisor import metrics
from advisor.metrics import Exporter

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# Paths that generate, and whether they know `stream_options`: a Responses stream always ends with its usage.
GENERATION_PATHS = {"/v1/chat/completions": True, "/v1/completions": True, "/v1/responses": False}
OTHER_MODEL = "other"  # a name the client made up must not become a series of its own

_USAGE = b'"usage":{'  # JSON escapes quotes inside text, so generated text can never contain this
_ERROR = b'data: {"error"'
_DONE = b"data: [DONE]"


class ClientView:
    """ASGI middleware that measures every generation request of the given models into `exporter`."""

    def __init__(self, app: ASGIApp, *, exporter: Exporter, models: Collection[str]) -> None:
        self.app = app
        self.exporter = exporter
        self.models = frozenset(models)
        self.in_flight = dict.fromkeys(self.models, 0)
        for model in self.models:  # a gauge at 0 proves a replica without traffic alive
            exporter.set(metrics.REQUESTS_IN_FLIGHT, 0, {"model": model})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return await self.app(scope, receive, send)
        knows_stream_options = GENERATION_PATHS.get(
            scope["path"].removeprefix(scope.get("root_path", ""))
        )
        if knows_stream_options is None:
            return await self.app(scope, receive, send)

        arrived_s = time.perf_counter()
        body = await _read_body(receive)
        if body is None:
            return await self.app(scope, _disconnected, send)  # gone before the request was whole
        request = _json_object(body)
        call = _Call(arrived_s=arrived_s, streamed=request.get("stream") is True, send=send)
        if call.streamed and knows_stream_options:
            body = call.ask_for_usage(request, body)
            scope = {**scope, "headers": _with_content_length(scope["headers"], len(body))}

        model = self._label(request.get("model"))
        self._add_in_flight(model, 1)
        try:
            await self.app(scope, _replay(body, receive), call.on_send)
        except BaseException as error:
            call.failed = not _is_disconnect(error)
            raise
        finally:
            self._add_in_flight(model, -1)
            call.record(self.exporter, model)

    def _label(self, model: object) -> str:
        if model is None and len(self.models) == 1:
            return next(iter(self.models))
        return model if isinstance(model, str) and model in self.models else OTHER_MODEL

    def _add_in_flight(self, model: str, change: int) -> None:
        self.in_flight[model] = self.in_flight.get(model, 0) + change
        self.exporter.set(metrics.REQUESTS_IN_FLIGHT, self.in_flight[model], {"model": model})


class _Call:
    """What is learnt of one request while its answer passes by."""

    def __init__(self, *, arrived_s: float, streamed: bool, send: Send) -> None:
        self.arrived_s = arrived_s
        self.streamed = streamed
        self.send = send
        self.status = 0
        self.first_token_s: float | None = None
        self.last_token_s: float | None = None
        self.usage: dict[str, Any] | None = None
        self.hide_usage = False
        self.whole = bytearray()  # an answer that is not streamed, until its usage is read
        self.failed = False
        self.finished = False

    def ask_for_usage(self, request: dict[str, Any], body: bytes) -> bytes:
        """The request's body, changed so that the stream ends with its token counts."""
        options = request.get("stream_options") or {}
        if not isinstance(options, dict) or options.get("include_usage"):
            return body
        self.hide_usage = True
        return json.dumps(
            {**request, "stream_options": {**options, "include_usage": True}}
        ).encode()

    async def on_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            if self.streamed and self.status == 200:
                message = self._see_events(message)
            else:
                self.whole += message.get("body", b"")
            self.finished = not message.get("more_body", False)
            if self.finished:
                self._see_whole()
        await self.send(message)

    def _see_events(self, message: Message) -> Message:
        body: bytes = message.get("body", b"")
        if _USAGE in body:
            body, usage = _without_usage(body) if self.hide_usage else (body, _usage_of(body))
            self.usage = usage or self.usage
            message = {**message, "body": body}
        if _ERROR in body:
            self.failed = True
        elif body and not body.startswith(_DONE):
            self.last_token_s = time.perf_counter()
            if self.first_token_s is None:
                self.first_token_s = self.last_token_s
        return message

    def _see_whole(self) -> None:
        if self.whole and self.status == 200 and not self.streamed:
            self.usage = _json_object(bytes(self.whole)).get("usage")
        self.whole.clear()

    @property
    def outcome(self) -> str:
        if self.failed or self.status >= 400:
            return "error"
        return "ok" if self.finished else "cancelled"

    def record(self, exporter: Exporter, model: str) -> None:
        labels = {"model": model}
        exporter.add(metrics.REQUESTS, 1, {**labels, "outcome": self.outcome})
        usage = self.usage if isinstance(self.usage, dict) else {}
        num_input = usage.get("prompt_tokens") or usage.get("input_tokens") or 0
        num_output = usage.get("completion_tokens") or usage.get("output_tokens") or 0
        if num_input:
            exporter.add(metrics.INPUT_TOKENS, num_input, labels)
        if num_output:
            exporter.add(metrics.OUTPUT_TOKENS, num_output, labels)
        if self.outcome != "ok":
            return
        exporter.observe(metrics.E2E, time.perf_counter() - self.arrived_s, labels)
        if self.first_token_s is None or self.last_token_s is None:
            return
        exporter.observe(metrics.TTFT, self.first_token_s - self.arrived_s, labels)
        if num_output >= 2:
            tpot_s = (self.last_token_s - self.first_token_s) / (num_output - 1)
            exporter.observe(metrics.TPOT, tpot_s, labels)


async def _read_body(receive: Receive) -> bytes | None:
    """The whole request body; None when the client left before it had sent it."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body again, then whatever still comes (the client's going away)."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed


async def _disconnected() -> Message:
    return {"type": "http.disconnect"}


def _with_content_length(
    headers: Collection[tuple[bytes, bytes]], length: int
) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(length).encode())]


def _json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; empty for anything else, which the server itself will refuse."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _event_usage(event: bytes) -> tuple[dict[str, Any] | None, bool]:
    """The token counts in one server-sent event, and whether the event brings nothing else."""
    if _USAGE not in event:
        return None, False
    data = _json_object(event.partition(b"data:")[2])
    usage = data.get("usage") or (data.get("response") or {}).get("usage")
    return (usage if isinstance(usage, dict) else None), data.get("choices") == []


def _usage_of(body: bytes) -> dict[str, Any] | None:
    found = [usage for event in body.split(b"\n\n") if (usage := _event_usage(event)[0])]
    return found[-1] if found else None


def _without_usage(body: bytes) -> tuple[bytes, dict[str, Any] | None]:
    """`body` without the events that bring only token counts, and the last of those counts."""
    kept, found = [], None
    for event in body.split(b"\n\n"):
        usage, only_usage = _event_usage(event)
        found = usage or found
        if not only_usage:
            kept.append(event)
    return b"\n\n".join(kept), found


def _is_disconnect(error: BaseException) -> bool:
    """Whether an exception out of the app is the client's going away rather than a failure of ours."""
    return (
        isinstance(error, asyncio.CancelledError | OSError)
        or type(error).__name__ == "ClientDisconnect"
    )
