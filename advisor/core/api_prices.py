"""Pay-per-token prices, and from which volume on serving the model yourself costs less.

An API costs by the token and nothing when idle; a replica costs by the hour, busy or not. With p dollars a request at the
API, M dollars a month a replica and c requests a month that one can carry:

    one replica pays off from M / p requests a month, if it can carry as many: M / p <= c

which is also whether it ever does, since n replicas cost n M and carry n c. Beyond, every further replica starts
nearly empty, so the API may win again for a while after each step, until the n-th no longer matters: n M <= (n - 1) c p.

Names of one model differ by host; `model_key` makes them one by stated rules, and nothing else is taken for the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from advisor.core.objective import HOURS_PER_MONTH

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPrice:
    """What one host asks for a million tokens of one model: its base tier, no batch or priority price."""

    provider: str
    model: str  # as the host names it
    usd_per_mtok_input: float
    usd_per_mtok_output: float
    usd_per_mtok_cached_input: float | None
    context_tokens: int | None
    observed_on: str  # ISO date of the data set
    source: str

    def usd_per_request(self, *, isl: float, osl: float, cached_share: float = 0.0) -> float:
        """Dollars of one request; `cached_share` of its prompt hits the host's prefix cache, where it has that price."""
        cached = self.usd_per_mtok_cached_input
        cached = self.usd_per_mtok_input if cached is None else cached
        per_mtok_in = self.usd_per_mtok_input * (1 - cached_share) + cached * cached_share
        return (isl * per_mtok_in + osl * self.usd_per_mtok_output) / 1e6


def api_price_from_row(row: Mapping[str, str]) -> ApiPrice:
    """One row of api_prices.csv; KeyError or ValueError when a column is missing or not what it should be."""
    cached, context = row["usd_per_mtok_cached_input"], row["context_tokens"]
    return ApiPrice(
        provider=row["provider"],
        model=row["model"],
        usd_per_mtok_input=float(row["usd_per_mtok_input"]),
        usd_per_mtok_output=float(row["usd_per_mtok_output"]),
        usd_per_mtok_cached_input=float(cached) if cached else None,
        context_tokens=int(context) if context else None,
        observed_on=row["observed_on"],
        source=row["source"],
    )


# --- one model under many names

# Vendors that Bedrock, OCI and others write before a dot: "meta.llama-3.1-8b-instruct", "global.zai.glm-5.3".
_VENDOR = re.compile(
    r"^(global|us|eu|meta|google|openai|qwen|mistral|deepseek|moonshotai|zai)\.(?=[a-z])"
)
_HOST = re.compile(r"^(databricks|zai|meta|google|openai|mistralai)-(?=[a-z])")
# What a name says about tuning for dialogue, number format or the host's speed tier, but not about the model's size.
_DRESS = re.compile(
    r"-(instruct|chat|it|hf|maas|turbo|ultra|instant|versatile|highspeed|128k|dottxt|dynamic|fp8|fp4|nvfp4|mxfp4|bf16|awq"
    r"|gptq|gguf|int4|int8|w4a16|w8a8|4bit|8bit)(?=-|$)"
)
# The same weights under a shorter name, each looked up by hand.
_SHORT = {
    "r1": "deepseek-r1",  # Bedrock: "deepseek.r1-v1:0"
    "llama-4-maverick": "llama-4-maverick-17b-128e",
    "llama-4-maverick-17b": "llama-4-maverick-17b-128e",
    "llama-4-scout": "llama-4-scout-17b-16e",
    "llama-4-scout-17b": "llama-4-scout-17b-16e",
    "mistral-nemo": "mistral-nemo-2407",
    "mistral-small-3.2-24b": "mistral-small-3.2-24b-2506",
    "mistral-small-3.1-24b": "mistral-small-3.1-24b-2503",
}  # fmt: skip


def model_key(name: str) -> str:
    """One name for one model: `meta-llama/Llama-3.1-8B-Instruct` and `meta.llama-3.1-8b-instruct` are `llama-3.1-8b`.

    Equal keys are the same architecture and size, whatever number format the host serves. Dates and words as "thinking" or
    "coder" stay: those are other weights.
    """
    key = name.strip().lower().rsplit("/", 1)[-1]
    while (shorter := _VENDOR.sub("", key)) != key:
        key = shorter
    key = re.sub(r"(-v\d+)?(-\d+)?:\d+$", "", key)  # a version of the host: "-v1:0", "-1:0"
    key = re.sub(r"(?<=\d)[p_](?=\d)", ".", key).replace("_", "-")  # 3p1, 3_1
    while (shorter := _HOST.sub("", key)) != key:
        key = shorter
    key = re.sub(r"-(v?\d)-(\d)(?=-|$)", r"-\1.\2", key)  # llama-3-1-8b, glm-5-2
    key = re.sub(r"^qwen(\d)(\d)-", r"qwen\1.\2-", key)  # qwen35-122b
    key = re.sub(r"^llama-?v?(\d)", r"llama-\1", key)
    key = re.sub(r"^qwen-(\d)", r"qwen\1", key)
    key = _DRESS.sub("", key)
    return _SHORT.get(key, key)


def prices_of(model: str, prices: Iterable[ApiPrice]) -> list[ApiPrice]:
    """The hosts of that model, whatever they call it."""
    key = model_key(model)
    return [price for price in prices if model_key(price.model) == key]


# --- the break-even


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Where a replica and an API cost the same; None: never, at any volume."""

    price: ApiPrice
    api_usd_per_request: float
    own_usd_per_request: float  # of a replica that is full all month
    requests_per_month: float | None  # one replica costs less from here
    always_from_requests_per_month: float | None  # and whatever the number of replicas from here
    tokens_per_month: float | None  # in and out, at the first break-even
    busy_share: float | None  # of the replica's capacity, there

    @property
    def reason(self) -> str:
        if self.requests_per_month is None:
            return (
                f"never: even full, a request costs ${self.own_usd_per_request * 1e3:.3g} per thousand here and "
                f"${self.api_usd_per_request * 1e3:.3g} at {self.price.provider}"
            )
        return (
            f"from {self.requests_per_month:,.0f} requests a month on ({self.busy_share:.0%} of one replica) less than "
            f"{self.price.provider}"
        )


def break_even(
    price: ApiPrice,
    *,
    isl: float,
    osl: float,
    replica_usd_per_hour: float,
    replica_requests_per_s: float,
    cached_share: float = 0.0,
) -> BreakEven:
    """From which volume on replicas of this price and rate cost less than the API; ValueError for absurd input."""
    if not (isl >= 0 and osl >= 0 and isl + osl > 0):
        raise ValueError("a request has tokens in or out")
    if not (replica_usd_per_hour > 0 and replica_requests_per_s > 0):
        raise ValueError("a replica has a price and a rate above zero")
    api = price.usd_per_request(isl=isl, osl=osl, cached_share=cached_share)
    monthly = replica_usd_per_hour * HOURS_PER_MONTH
    capacity = replica_requests_per_s * SECONDS_PER_MONTH
    gain = api * capacity / monthly  # what a full replica saves, as a factor
    first = monthly / api if gain >= 1 else None
    # at 1 the steps never end
    always = None if gain <= 1 else (_last_step(gain) - 1) * monthly / api
    return BreakEven(
        price=price,
        api_usd_per_request=api,
        own_usd_per_request=monthly / capacity,
        requests_per_month=first,
        always_from_requests_per_month=always,
        tokens_per_month=None if first is None else first * (isl + osl),
        busy_share=None if first is None else 1 / gain,
    )


def _last_step(gain: float) -> int:
    """The first number of replicas, two at least, that costs less from its first request: n <= (n - 1) gain."""
    return max(2, math.ceil(gain / (gain - 1) - 1e-9))
