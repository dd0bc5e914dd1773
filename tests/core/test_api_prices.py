"""$3: pay-per-token prices, one model under many names, and the volume from which serving it oneself costs less."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor import data
from advisor.core.api_prices import ApiPrice, break_even, model_key, prices_of
from advisor.core.objective import HOURS_PER_MONTH


def price(input_usd: float, output_usd: float, cached: float | None = None) -> ApiPrice:
    return ApiPrice(
        provider="host",
        model="m",
        usd_per_mtok_input=input_usd,
        usd_per_mtok_output=output_usd,
        usd_per_mtok_cached_input=cached,
        context_tokens=None,
        observed_on="2026-11-10",
        source="test",
    )


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (
            "llama-3.1-8b",
            [
                "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Meta-Llama-3.1-8B", "meta.llama-3.1-8b-instruct",
                "@cf/meta/llama-3.1-8b-instruct-fp8", "llama-3.1-8b-instant", "llama-v3p1-8b-instruct",
                "databricks-meta-llama-3-1-8b-instruct", "hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4",
            ],
        ),
        ("llama-3.1-70b", ["Meta-Llama-3_1-70B-Instruct", "meta-llama/Llama-3.1-70B-Instruct"]),
        ("llama-4-maverick-17b-128e", ["databricks-llama-4-maverick", "meta.llama4-maverick-17b-instruct-v1:0"]),
        ("gpt-oss-20b", ["openai/gpt-oss-20b", "openai.gpt-oss-20b-1:0", "databricks-gpt-oss-20b"]),
        ("deepseek-r1", ["deepseek.r1-v1:0", "deepseek-ai/DeepSeek-R1", "deepseek/deepseek-r1-turbo"]),
        ("glm-5.3-flash", ["zai-glm-5-3-flash", "glm-5p3-flash", "zai-org/GLM-5.3-Flash"]),
        ("qwen2.5-7b", ["Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4", "qwen/qwen-2.5-7b-instruct"]),
        ("qwen3.5-122b-a10b", ["databricks-qwen35-122b-a10b", "Qwen/Qwen3.5-122B-A10B"]),
        ("kimi-k3", ["global.moonshotai.kimi-k3", "moonshotai/Kimi-K3"]),
    ],
)  # fmt: skip
def test_hosts_names_of_one_model_have_one_key(key: str, names: list[str]) -> None:
    assert {model_key(name) for name in names} == {key}


@pytest.mark.parametrize(
    "names",
    [
        ["Qwen/Qwen3-30B-A3B", "Qwen/Qwen3-30B-A3B-Instruct-2507", "Qwen/Qwen3-30B-A3B-Thinking-2507",
         "Qwen/Qwen3-Coder-30B-A3B-Instruct", "Qwen/Qwen3-VL-30B-A3B-Instruct"],
        ["deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1-0528", "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
         "deepseek-ai/DeepSeek-V3", "deepseek-ai/DeepSeek-V3.1"],
        ["meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-70B-Instruct", "meta-llama/Llama-3.3-70B-Instruct"],
        ["gpt-oss-20b", "gpt-oss-120b"],
        ["glm-5", "glm-5.1", "glm-5.2"],
    ],
)  # fmt: skip
def test_other_weights_have_other_keys(names: list[str]) -> None:
    assert len({model_key(name) for name in names}) == len(names)


@given(st.text(max_size=40))
def test_any_name_has_a_plain_key(name: str) -> None:
    key = model_key(name)
    assert "/" not in key
    assert key == key.lower()


def test_shipped_names_are_keys_that_stay() -> None:
    for one in data.api_prices():
        key = model_key(one.model)
        assert key
        assert model_key(key) == key, one.model


def test_shipped_api_prices_have_date_source_and_sense() -> None:
    assert len(data.api_prices()) == 559
    for one in data.api_prices():
        assert 0 < one.usd_per_mtok_input <= 100, one
        assert 0 < one.usd_per_mtok_output <= 200, one
        assert (
            one.usd_per_mtok_cached_input is None
            or 0 <= one.usd_per_mtok_cached_input <= one.usd_per_mtok_input
        )
        assert one.observed_on.startswith("2026-11")
        assert one.source.startswith(("genai-prices", "litellm"))  # both MIT


def test_a_well_known_model_has_several_hosts() -> None:
    hosts = {
        one.provider for one in prices_of("meta-llama/Llama-3.1-8B-Instruct", data.api_prices())
    }
    assert len(hosts) >= 5
    assert prices_of("nobody/Unknown-9B", data.api_prices()) == []


# --- the break-even


def own_usd_per_month(requests: float, usd_per_hour: float, rate: float) -> float:
    capacity = rate * HOURS_PER_MONTH * 3600
    return math.ceil(requests / capacity - 1e-12) * usd_per_hour * HOURS_PER_MONTH


rates = st.floats(0.1, 50)
dollars = st.floats(0.2, 60)
tokens = st.floats(1, 20_000)


@given(st.floats(0.01, 20), st.floats(0.01, 60), tokens, tokens, dollars, rates)
def test_at_the_break_even_both_cost_the_same_and_below_it_the_api_less(
    input_usd: float, output_usd: float, isl: float, osl: float, usd_per_hour: float, rate: float
) -> None:
    api = price(input_usd, output_usd)
    found = break_even(
        api, isl=isl, osl=osl, replica_usd_per_hour=usd_per_hour, replica_requests_per_s=rate
    )
    monthly = usd_per_hour * HOURS_PER_MONTH
    per_request = api.usd_per_request(isl=isl, osl=osl)
    if found.requests_per_month is None:
        # Never: full replicas are the best they can do, and still dearer.
        assert found.own_usd_per_request > per_request
        assert "never" in found.reason
        return
    assert found.requests_per_month * per_request == pytest.approx(monthly)
    assert 0.999 * found.requests_per_month * per_request < monthly
    assert found.busy_share is not None
    assert 0 < found.busy_share <= 1
    assert found.tokens_per_month == pytest.approx(found.requests_per_month * (isl + osl))


@given(st.floats(1.02, 40), dollars, rates, st.floats(1.001, 30))
def test_from_the_last_break_even_on_self_hosting_never_costs_more(
    gain: float, usd_per_hour: float, rate: float, beyond: float
) -> None:
    capacity = rate * HOURS_PER_MONTH * 3600
    per_request = gain * usd_per_hour * HOURS_PER_MONTH / capacity
    found = break_even(
        price(per_request * 1e6, 0.0), isl=1, osl=0, replica_usd_per_hour=usd_per_hour,
        replica_requests_per_s=rate,
    )  # fmt: skip
    always = found.always_from_requests_per_month
    assert always is not None
    volume = always * beyond
    assert own_usd_per_month(volume, usd_per_hour, rate) <= volume * per_request * (1 + 1e-9)
    # and just below it there is a volume at which the API costs less
    below = always * (1 - 1e-6)
    assert own_usd_per_month(below, usd_per_hour, rate) > below * per_request * (1 - 1e-9)


def test_an_hour_at_4_50_against_20_cents_a_million() -> None:
    """8B at 0.2 $/Mtok both ways, 512 in and 256 out: 3,240 $ a month are 16.2 billion tokens."""
    found = break_even(
        price(0.2, 0.2), isl=512, osl=256, replica_usd_per_hour=4.5, replica_requests_per_s=40
    )
    assert found.tokens_per_month == pytest.approx(16.2e9)
    assert found.busy_share == pytest.approx(16.2e9 / (40 * 768 * 2_592_000), rel=1e-9)


def test_a_prompt_in_the_hosts_cache_costs_less() -> None:
    cached = price(1.0, 2.0, cached=0.1)
    assert cached.usd_per_request(isl=1e6, osl=0) == 1.0
    assert cached.usd_per_request(isl=1e6, osl=0, cached_share=0.5) == pytest.approx(0.55)
    assert price(1.0, 2.0).usd_per_request(isl=1e6, osl=0, cached_share=0.5) == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"isl": 0, "osl": 0},
        {"isl": -1, "osl": 5},
        {"replica_usd_per_hour": 0},
        {"replica_requests_per_s": 0},
    ],
)
def test_absurd_input_is_refused(wrong: dict[str, float]) -> None:
    asked = {"isl": 1, "osl": 1, "replica_usd_per_hour": 1, "replica_requests_per_s": 1, **wrong}
    with pytest.raises(ValueError, match=r"tokens in or out|above zero"):
        break_even(price(1, 1), **asked)
