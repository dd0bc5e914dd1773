"""The parts of a configuration that stand alone: an objective, an expected load, spot, and who is told."""

from __future__ import annotations

import base64
import os
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from advisor import quantities
from advisor.core.objective import Latency, Slo
from advisor.core.spot_fleet import SpotUse
from advisor.errors import ConfigError


def _seconds(value: object) -> float:
    if isinstance(value, int | float):
        raise ValueError(f"a duration with its unit is needed (300ms, 1.5s, 2m, 1h), got {value}")
    return quantities.seconds(value)


Seconds = Annotated[float, BeforeValidator(_seconds)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class SloConfig(Strict):
    """`percentile` % of the requests have this latency at most."""

    latency: Latency
    at_most: Seconds
    percentile: float = Field(default=95.0, gt=0, lt=100)  # nothing bounds the slowest of all

    def slo(self) -> Slo:
        return Slo(latency=self.latency, bound_s=self.at_most, percentile=self.percentile)


class ExpectedLoad(Strict):
    """The load to plan for until traffic is observed."""

    requests_per_s: float = Field(ge=0, le=1e6)
    isl: float = Field(ge=1, le=1e7)
    osl: float = Field(ge=1, le=1e7)


class SpotConfig(Strict):
    """Spot may carry replicas beside on-demand ones of the same provider and region. `spot: true` takes the defaults.

    A region's spot may go all at once, so a floor and a share stay on demand.
    """

    on_demand_floor: int = Field(default=1, ge=0, le=100_000)  # replicas that are never spot
    on_demand_share: float = Field(default=0.5, ge=0, le=1)  # of the replicas needed, never spot
    # Of one replica, and of the time; where they are not said, the worst that was measured (`core/spot.py`).
    interruptions_per_hour: float | None = Field(default=None, ge=0, le=60)
    available_share: float | None = Field(default=None, ge=0, le=1)

    def use(self) -> SpotUse:
        return SpotUse(**self.model_dump())


def spot_in_full(value: object) -> object:
    if value is True:
        return SpotConfig()
    return None if value is False else value


class WebhookConfig(Strict):
    url: SecretStr
    secret_env: str | None = None  # the environment variable that holds the signing secret

    def secret(self) -> str | None:
        """The signing secret, `whsec_` and base64; ConfigError when it is not that."""
        if self.secret_env is None:
            return None
        secret = environment_value(self.secret_env, "notify.webhook.secret_env")
        try:
            base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise ConfigError(
                f"notify.webhook.secret_env: {self.secret_env} is not base64, as whsec_... is"
            ) from None
        return secret


class SlackConfig(Strict):
    url: SecretStr | None = None
    # the environment variable that holds the incoming webhook's address
    url_env: str | None = None

    def address(self) -> str:
        if self.url is not None:
            return self.url.get_secret_value()
        if self.url_env is None:
            raise ConfigError("notify.slack: url or url_env is required")
        return environment_value(self.url_env, "notify.slack.url_env")


class NotifyConfig(Strict):
    webhook: WebhookConfig | None = None
    slack: SlackConfig | None = None


def environment_value(name: str, field: str) -> str:
    """The value of an environment variable that the configuration names; ConfigError when it is not set."""
    value = os.environ.get(name)
    if not value:
        raise ConfigError(f"{field}: the environment variable {name} is not set")
    return value
