"""Mean lengths of requests: of a fleet that just began, and later."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.core.step import StepObservation
from advisor.core.workload import RequestMix

INTERVAL_S, TOKEN_S, PER_S, MEAN_TOKENS = 15.0, 0.05, 20.0, 4000.0  # an answer takes 200 s


def a_fleet_that_begins(seconds: float) -> tuple[RequestMix, float]:
    """Answers of exponential length from second 0 on; the mean of those that ended beside what is made of it."""
    rng = np.random.default_rng(1)
    came_s = np.cumsum(rng.exponential(1 / PER_S, round(2 * PER_S * seconds)))
    lengths = rng.exponential(MEAN_TOKENS, len(came_s))
    mix, ended_s = RequestMix(), came_s + lengths * TOKEN_S
    for now_s in np.arange(INTERVAL_S, seconds + 1, INTERVAL_S):
        before_s = now_s - INTERVAL_S
        ended = (before_s < ended_s) & (ended_s <= now_s)
        decoding_s = np.clip(np.minimum(ended_s, now_s) - np.maximum(came_s, before_s), 0, None)
        mix.add(
            StepObservation(
                now_s=float(now_s),
                interval_s=INTERVAL_S,
                num_arrivals=float(np.sum((before_s < came_s) & (came_s <= now_s))),
                replicas_running=10,
                replicas_starting=0,
                input_tokens=1000.0,
                num_finished=float(ended.sum()),
                finished_output_tokens=float(lengths[ended].sum()),
                output_tokens=float(decoding_s.sum() / TOKEN_S),
            ),
            kv_capacity_tokens=400_000,
        )
    return mix, float(lengths[ended_s <= seconds].mean())


def test_long_answers_of_a_fleet_that_begins_are_not_taken_for_short_ones() -> None:
    mix, of_those_that_ended = a_fleet_that_begins(180.0)
    found = mix.mix()
    assert found is not None
    assert of_those_that_ended < 0.5 * MEAN_TOKENS
    assert found.output_tokens == pytest.approx(MEAN_TOKENS, rel=0.1)


def test_of_a_fleet_that_has_run_it_is_the_mean_of_the_answers() -> None:
    mix, _ = a_fleet_that_begins(3 * 3600.0)
    found = mix.mix()
    assert found is not None
    assert found.output_tokens == pytest.approx(MEAN_TOKENS, rel=0.05)
