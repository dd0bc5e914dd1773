"""From a configuration to a loop with its readers and notifiers; what both `advisor run` and the Serve application use."""

from __future__ import annotations

from datetime import UTC, datetime

from advisor import data
from advisor.adapters.hub import load_model_spec
from advisor.adapters.journal import Journal
from advisor.adapters.prometheus import PrometheusReader
from advisor.adapters.ray_metrics import RayMetricsReader
from advisor.adapters.ray_serve import ServeFleetReader
from advisor.config import AdvisorConfig, environment_value
from advisor.errors import ConfigError, UnsupportedModelError
from advisor.loop import AdvisorLoop, Catalogue, MetricsReader, Notifier
from advisor.metrics import Exporter
from advisor.plan.weights import variants_of
from advisor.price_book import load_price_book
from advisor.web.render import tick_json


def assemble(config: AdvisorConfig, exporter: Exporter) -> AdvisorLoop:
    """The loop, nothing started yet; ConfigError when the model cannot be sized or a named variable is not set."""
    try:
        spec = load_model_spec(config.model_source or config.model)
    except UnsupportedModelError as error:
        raise ConfigError(f"model_source: {error}") from None
    variants, _ = variants_of(spec, config.quantizations, field="quantizations")
    return AdvisorLoop(
        config=config,
        catalogue=Catalogue(
            spec=spec,
            variants=variants,
            accelerators=data.accelerators(),
            offers=load_price_book(today=datetime.now(UTC).date(), own=config.prices).offers,
        ),
        metrics_reader=_metrics_reader(config),
        fleet_reader=ServeFleetReader(config.ray_dashboard_url, config.model),
        notifiers=_notifiers(config),
        exporter=exporter,
        memory=None if config.journal is None else Journal(config.journal),
    )


def _metrics_reader(config: AdvisorConfig) -> MetricsReader:
    if config.prometheus_url is None:
        return RayMetricsReader(config.ray_dashboard_url)
    token = None
    if config.prometheus_token_env is not None:
        token = environment_value(config.prometheus_token_env, "prometheus_token_env")
    return PrometheusReader(config.prometheus_url, token)


def _notifiers(config: AdvisorConfig) -> list[Notifier]:
    found: list[Notifier] = []
    if (webhook := config.notify.webhook) is not None:
        from advisor.adapters.webhook import WebhookNotifier

        found.append(WebhookNotifier(webhook.url.get_secret_value(), webhook.secret(), tick_json))
    if (slack := config.notify.slack) is not None:
        from advisor.adapters.slack import SlackNotifier

        found.append(SlackNotifier(slack.address()))
    return found
