"""Slack and the webhook: what is sent keeps the receivers' rules, what is refused is kept, and the URLs stay secret."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_server import Answer, Local, Request, answering, in_turn, mute, nobody
from standardwebhooks import Webhook, WebhookVerificationError

from advisor.adapters.slack import SlackNotifier, message
from advisor.adapters.webhook import WebhookNotifier
from advisor.core.learning import NOTHING_LEARNED
from advisor.core.objective import Budget, CapacityType, Latency, Mode, Slo
from advisor.core.observation import Observation
from advisor.core.recommendation import (
    Action,
    Basis,
    Candidate,
    Decision,
    Offer,
    Prediction,
    Recommendation,
)
from advisor.core.shared_budget import ModelOption, Share, cut_to
from advisor.errors import ConfigError, NotificationError
from advisor.loop import Notifier
from advisor.tick import Tick
from advisor.web.render import tick_json

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PATH = "/services/T000/B000/hunter2"
CANDIDATE = Candidate(
    accelerator="L4-24GB",
    tp_degree=1,
    replicas=2,
    mode=Mode.ALWAYS_ON,
    offer=Offer(
        provider="gcp",
        region="us-central1",
        instance_type="g2-standard-8",
        accelerator="L4-24GB",
        accelerator_count=1,
        capacity_type=CapacityType.ON_DEMAND,
        usd_per_hour=0.85,
        observed_on="2026-11-01",
        source="a price list",
    ),
    usd_per_hour=1.7,
    prediction=Prediction(
        ttft_s=0.12,
        tpot_s=0.02,
        e2e_s=3.0,
        batch=4.0,
        output_tokens_per_s=200.0,
        max_requests_per_s=3.0,
        basis=Basis.MODELLED,
    ),
    reasons=(),
)
RECOMMENDATION = Recommendation(
    best=CANDIDATE,
    feasible=True,
    shortfall=None,
    runners_up=(),
    rejected=(),
    reasons=("cheapest that keeps TTFT p95 <= 300 ms", "2 replicas carry 5 requests/s"),
    prices_from="2026-11-01 to 2026-11-20",
)
TICK = Tick(
    learned=NOTHING_LEARNED,
    number=7,
    at_s=1_780_000_000.0,
    duration_s=0.1,
    model="org/tiny",
    operation="advise",
    budget=Budget(usd_per_hour=5.0),
    slos=(Slo(latency=Latency.TTFT, bound_s=0.3, percentile=95),),
    observation=Observation(at_s=1_780_000_000.0, source="ray"),
    workload=None,
    fleet=None,
    recommendation=RECOMMENDATION,
    decision=Decision(action=Action.HOLD, reason="advise mode"),
    problems=(),
    changed=True,
)


def scaled_to(replicas: int, **changes: Any) -> Tick:
    best = dataclasses.replace(CANDIDATE, replicas=replicas)
    recommendation = dataclasses.replace(RECOMMENDATION, best=best)
    return dataclasses.replace(TICK, recommendation=recommendation, **changes)


def send(notifier: Notifier, *ticks: Tick) -> None:
    async def all_of_them() -> None:
        for tick in ticks:
            await notifier.notify(tick)

    asyncio.run(all_of_them())


def refused(notifier: Notifier, tick: Tick = TICK) -> str:
    with pytest.raises(NotificationError) as caught:
        send(notifier, tick)
    said = str(caught.value)
    assert "hunter2" not in said
    assert "\n" not in said
    return said


# --- Slack --------------------------------------------------------------------------------------------------------------


def broken_rule(payload: dict[str, Any]) -> str | None:
    """What Slack would object to: its documented limits of incoming webhooks and Block Kit."""
    blocks = payload.get("blocks", [])
    if not payload.get("text"):
        return "no_text"
    if not 1 <= len(blocks) <= 50:
        return "invalid_blocks"
    for block in blocks:
        text = block["text"]["text"]
        limit = {"header": 150, "section": 3000}[block["type"]]
        if not 1 <= len(text) <= limit:
            return "invalid_blocks"
        if block["text"]["type"] == "mrkdwn" and ("<" in text or ">" in text):
            return "unescaped"
    return None


def slack(request: Request) -> Answer:
    """A fake of Slack's incoming webhook."""
    if request.path != PATH:
        return Answer(404, "no_service")
    rule = broken_rule(json.loads(request.body))
    return Answer(400, rule) if rule else Answer(200, "ok")


def test_slack_is_told_what_is_recommended_what_it_costs_and_why() -> None:
    with answering(slack) as server:
        send(SlackNotifier(server.url + PATH), TICK)
        [request] = server.requests
    said = request.body.decode()
    for part in ("org/tiny", "2 replicas on L4-24GB", "always-on", "$1.70/h", "$1,224/month"):
        assert part in said
    assert "cheapest that keeps TTFT p95 &lt;= 300 ms" in said
    assert "Before" not in said


def test_slack_is_told_what_changed() -> None:
    with answering(slack) as server:
        send(SlackNotifier(server.url + PATH), TICK, scaled_to(3))
        second = server.requests[1].body.decode()
    assert "3 replicas on L4-24GB" in second
    assert "*Before*\\norg/tiny: 2 replicas on L4-24GB" in second


def test_slack_tells_each_model_what_changed_of_it() -> None:
    other = dataclasses.replace(scaled_to(5), model="org/other")
    with answering(slack) as server:
        send(SlackNotifier(server.url + PATH), TICK, other, scaled_to(3))
        [_, second, third] = [request.body.decode() for request in server.requests]
    assert "Before" not in second
    assert "*Before*\\norg/tiny: 2 replicas on L4-24GB" in third


def test_slack_is_told_who_is_cut_to_what_and_what_giving_it_back_costs() -> None:
    wish = ModelOption(key="4 x L4-24GB", usd_per_hour=3.4)
    given_ = ModelOption(key="2 x L4-24GB", usd_per_hour=1.7, shortfall=0.5)
    cut = cut_to("org/tiny", wish=wish, given=given_, weight=1.0)
    share = Share(usd_per_hour=1.7, wish=wish, cut=cut, keeps=False, better_split_for_s=0.0)
    with answering(slack) as server:
        send(SlackNotifier(server.url + PATH), dataclasses.replace(TICK, share=share))
        said = server.requests[0].body.decode()
    assert "*Cut*" in said
    assert "2 x L4-24GB for $1.70/h instead of 4 x L4-24GB for $3.40/h" in said
    assert "$1.70/h more would give it back" in said


def test_a_tick_without_a_recommendation_can_be_told() -> None:
    silent = dataclasses.replace(TICK, recommendation=None, problems=("no metrics",))
    with answering(slack) as server:
        send(SlackNotifier(server.url + PATH), silent)
        assert "no recommendation" in server.requests[0].body.decode()


text = st.text(max_size=4000)


@given(
    st.builds(
        dataclasses.replace,
        st.just(TICK),
        model=text.filter(bool),
        problems=st.lists(text, max_size=5).map(tuple),
        recommendation=st.one_of(
            st.none(),
            st.builds(
                dataclasses.replace,
                st.just(RECOMMENDATION),
                best=st.sampled_from([CANDIDATE, None]),
                reasons=st.lists(text, max_size=60).map(tuple),
                shortfall=st.one_of(st.none(), text),
            ),
        ),
    ),
    st.one_of(st.none(), text),
)
def test_any_message_keeps_slacks_limits(tick: Tick, before: str | None) -> None:
    headline, blocks = message(tick, before=before)
    assert broken_rule({"text": headline, "blocks": blocks}) is None


def test_a_short_wait_that_slack_asks_for_is_waited_out() -> None:
    began_s = time.monotonic()
    with answering(in_turn(Answer(429, "", {"Retry-After": "1"}), Answer(200, "ok"))) as server:
        send(SlackNotifier(server.url + PATH), TICK)
        assert len(server.requests) == 2
    assert time.monotonic() - began_s >= 1


@pytest.mark.parametrize("retry_after", ["3600", "tomorrow", ""])
def test_a_long_wait_does_not_hold_up_the_loop_and_is_kept_to(retry_after: str) -> None:
    with answering(lambda _: Answer(429, "", {"Retry-After": retry_after})) as server:
        notifier = SlackNotifier(server.url + PATH)
        began_s = time.monotonic()
        assert "asks to wait" in refused(notifier)
        assert "asked for silence" in refused(notifier)
        assert time.monotonic() - began_s < 5
        assert len(server.requests) == 1


def test_slacks_refusal_is_reported_in_its_words() -> None:
    with answering(lambda _: Answer(400, "invalid_blocks")) as server:
        assert refused(SlackNotifier(server.url + PATH)) == "slack answers 400 invalid_blocks"
    assert "slack:" in refused(SlackNotifier(nobody() + PATH))
    assert "slack:" in refused(SlackNotifier("not a url, hunter2"))


# --- the webhook ----------------------------------------------------------------------------------------------------------


def hook(url: str) -> WebhookNotifier:
    return WebhookNotifier(url, SECRET, tick_json)


def ids_of(server: Local) -> set[str]:
    return {request.headers["webhook-id"] for request in server.requests}


def test_the_official_library_verifies_the_webhook() -> None:
    with answering(lambda _: Answer(204)) as server:
        send(hook(server.url + PATH), TICK)
        [request] = server.requests
    told = Webhook(SECRET).verify(request.body, dict(request.headers))
    assert told["type"] == "advisor.recommendation.changed"
    assert told["data"]["recommendation"]["best"]["replicas"] == 2
    tampered = request.body.replace(b'"replicas": 2', b'"replicas": 9')
    assert tampered != request.body
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(tampered, dict(request.headers))


def test_an_attempt_repeats_the_id_and_is_signed_anew() -> None:
    answers = in_turn(Answer(503), Answer(429), Answer(200))
    with answering(answers) as server:
        send(hook(server.url), TICK)
        assert len(server.requests) == 3
        assert len(ids_of(server)) == 1
        for request in server.requests:
            Webhook(SECRET).verify(request.body, dict(request.headers))


def test_a_message_kept_for_hours_is_still_accepted_with_the_same_id() -> None:
    """The tick is years old; a receiver refuses signatures older than five minutes."""
    old = dataclasses.replace(TICK, at_s=1_600_000_000.0)
    with answering(in_turn(Answer(400), Answer(200))) as server:
        notifier = hook(server.url)
        assert "answers 400" in refused(notifier, old)
        send(notifier, old)
        assert len(ids_of(server)) == 1
        Webhook(SECRET).verify(server.requests[1].body, dict(server.requests[1].headers))


def test_another_change_has_another_id() -> None:
    with answering(lambda _: Answer(200)) as server:
        send(hook(server.url), TICK, scaled_to(3, number=8))
        assert len(ids_of(server)) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(status: int) -> None:
    with answering(lambda _: Answer(200)) as elsewhere:
        moved = Answer(status, "", {"Location": elsewhere.url})
        with answering(lambda _: moved) as server:
            assert f"answers {status}" in refused(hook(server.url + PATH))
            assert len(server.requests) == 1
        assert elsewhere.requests == []


def test_gone_means_never_again() -> None:
    with answering(lambda _: Answer(410)) as server:
        notifier = hook(server.url)
        assert "answers 410" in refused(notifier)
        assert "nothing more is sent" in refused(notifier)
        assert len(server.requests) == 1


def test_failures_cost_a_bounded_number_of_attempts() -> None:
    with answering(lambda _: Answer(500)) as server:
        assert "answers 500" in refused(hook(server.url))
        assert len(server.requests) == 3
    assert "ConnectError" in refused(hook(nobody() + PATH))


def test_a_mute_receiver_costs_a_bounded_time() -> None:
    began_s = time.monotonic()
    with mute() as url:
        assert "Timeout" in refused(hook(url))
    assert time.monotonic() - began_s < 12


def test_without_a_secret_nothing_is_signed() -> None:
    with answering(lambda _: Answer(200)) as server:
        send(WebhookNotifier(server.url, None, tick_json), TICK)
        assert "webhook-signature" not in server.requests[0].headers


@pytest.mark.parametrize(
    "url", ["", "hooks.example/hunter2", "ftp://hunter2", "http://x:port/", "https://"]
)
def test_a_url_that_is_none_is_a_mistake_of_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError, match=r"notify\.webhook\.url: ") as caught:
        hook(url)
    assert "hunter2" not in str(caught.value)


# --- secrets --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [SlackNotifier, hook], ids=["slack", "webhook"])
def test_the_url_and_the_secret_show_in_no_log_and_no_repr(
    make: Callable[[str], Notifier], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (Answer(200, "ok"), Answer(429, "", {"Retry-After": "0"}), Answer(404)):
        with answering(in_turn(answer, Answer(200, "ok"))) as server:
            notifier = make(server.url + PATH)
            with suppress(NotificationError):
                send(notifier, TICK)
            assert "hunter2" not in repr(notifier)
    assert "hunter2" not in caplog.text
    assert SECRET.removeprefix("whsec_") not in caplog.text
