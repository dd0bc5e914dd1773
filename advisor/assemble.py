"""From a configuration to a loop with its models and readers; what both `advisor run` and the Serve application use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.adapters.journal import Journal
from advisor.adapters.prometheus import PrometheusReader
from advisor.adapters.ray_metrics import RayMetricsReader
from advisor.adapters.ray_serve import ServeFleetReader
from advisor.config import AdvisorConfig, Config
from advisor.config_parts import environment_value
from advisor.core.hardware import Accelerator
from advisor.core.recommendation import Offer
from advisor.errors import ConfigError, UnsupportedModelError
from advisor.look import Catalogue
from advisor.loop import AdvisorLoop, MetricsReader, Notifier
from advisor.metrics import Exporter
from advisor.plan.weights import variants_of
from advisor.price_book import load_price_book
from advisor.web.render import tick_json


def assemble(config: Config, exporter: Exporter) -> AdvisorLoop:
    """The loop, nothing started yet; ConfigError when a model cannot be sized or a named variable is not set."""
    accelerators = data.accelerators()
    offers = load_price_book(today=datetime.now(UTC).date(), own=config.prices).offers
    models = config.each()
    return AdvisorLoop(
        config=config,
        catalogues={
            one.model: _catalogue(one, partial(config.field_of, one.model), accelerators, offers)
            for one in models
        },
        fleet_readers={
            one.model: ServeFleetReader(config.ray_dashboard_url, one.model) for one in models
        },
        metrics_reader=_metrics_reader(config),
        notifiers=_notifiers(config),
        exporter=exporter,
        memory=None if config.journal is None else Journal(config.journal),
    )


def _catalogue(
    config: AdvisorConfig,
    field: Callable[[str], str],
    accelerators: Sequence[Accelerator],
    offers: Sequence[Offer],
) -> Catalogue:
    try:
        spec = load_model_spec(config.model_source or config.model)
    except UnsupportedModelError as error:
        raise ConfigError(f"{field('model_source')}: {error}") from None
    variants, _ = variants_of(spec, config.quantizations, field=field("quantizations"))
    return Catalogue(spec=spec, variants=variants, accelerators=accelerators, offers=offers)


def _metrics_reader(config: Config) -> MetricsReader:
    if config.prometheus_url is None:
        return RayMetricsReader(config.ray_dashboard_url)
    token = None
    if config.prometheus_token_env is not None:
        token = environment_value(config.prometheus_token_env, "prometheus_token_env")
    return PrometheusReader(config.prometheus_url, token)


def _notifiers(config: Config) -> list[Notifier]:
    found: list[Notifier] = []
    if (webhook := config.notify.webhook) is not None:
        from advisor.adapters.webhook import WebhookNotifier

        found.append(WebhookNotifier(webhook.url.get_secret_value(), webhook.secret(), tick_json))
    if (slack := config.notify.slack) is not None:
        from advisor.adapters.slack import SlackNotifier

        found.append(SlackNotifier(slack.address()))
    return found
