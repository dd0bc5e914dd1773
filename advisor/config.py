"""The advisor's configuration: validated once, refused whole, each mistake in one line that names file and field.

The same mapping stands under `args` of the advisor's application in a `serve run` file, or alone in a file of its own. It
describes one `model`, or several `models` under one budget, each with what is said of one model.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from advisor import quantities, yaml_file
from advisor.config_parts import (
    ExpectedLoad,
    NotifyConfig,
    Seconds,
    SlackConfig,
    SloConfig,
    SpotConfig,
    Strict,
    WebhookConfig,
    environment_value,
    spot_in_full,
)
from advisor.core.hardware import find
from advisor.core.model_spec import ModelSpec
from advisor.core.objective import Budget, CapacityType, Slo, said_twice
from advisor.core.pricing import OfferFilter
from advisor.core.quantization import Quantization
from advisor.core.recommend import Constraints
from advisor.core.workload import Workload, WorkloadSource
from advisor.errors import ConfigError, UnknownAcceleratorError
from advisor.near_names import near

ADVISOR_APP_PREFIX = "serve_apps.advisor:"
EXAMPLES = {
    "budget": ", for example: budget: 5000/month",
    "model": ": the model's name, or models: a list of several",
}


class SharedConfig(Strict):
    """What holds for every model. `budget` comes first: without a cap there is nothing to recommend within."""

    budget: Annotated[Budget, BeforeValidator(quantities.budget)]
    operation: Literal["advise", "approve", "apply"] = "advise"
    interval: Seconds = 15.0
    window: Seconds = 60.0
    prometheus_url: str | None = Field(default=None, pattern=r"^https?://[^\s/]+")
    prometheus_token_env: str | None = None
    ray_dashboard_url: str = Field(default="http://127.0.0.1:8265", pattern=r"^https?://[^\s/]+")
    # a file with prices of one's own; before `providers`, which it may name
    prices: Path | None = None
    providers: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    capacity_types: tuple[CapacityType, ...] = (CapacityType.ON_DEMAND,)
    spot: Annotated[SpotConfig | None, BeforeValidator(spot_in_full)] = None
    journal: Path | None = None  # where decisions are remembered, for `advisor history`
    notify: NotifyConfig = NotifyConfig()

    @field_validator("prices", "journal")
    @classmethod
    def _in_full(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        """A relative path counts from the folder of the file that says it; beside a `serve run` file nothing does: a
        replica of Serve has a working folder of its own, where it would be lost."""
        if file is None:
            return None
        try:
            file = file.expanduser()
        except RuntimeError as error:  # the home of a user who does not exist
            raise ValueError(str(error)) from None
        folder = (info.context or {}).get("folder")
        if not file.is_absolute() and folder is None:
            raise ValueError(
                f"{str(file)!r} is relative, and a replica of Serve has a folder of its own: say the whole path"
            )
        return file if folder is None else (folder / file).absolute()

    @field_validator("prices")
    @classmethod
    def _readable(cls, file: Path | None) -> Path | None:
        from advisor.price_book import load_price_book

        try:
            if file is not None:
                load_price_book(today=datetime.now(UTC).date(), own=file)
        except ConfigError as error:
            raise ValueError("; ".join(str(error).split("\n"))) from None
        return file

    @field_validator("providers", "regions")
    @classmethod
    def _in_the_price_book(
        cls, names: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        from advisor.price_book import load_price_book

        book = load_price_book(today=datetime.now(UTC).date(), own=info.data.get("prices"))
        what = "provider" if info.field_name == "providers" else "region"
        known = sorted({getattr(offer, what) for offer in book.offers})
        for name in names or ():
            if name not in known:
                names_near = ", ".join(near(name, known, count=3) or known)
                raise ValueError(f"no {what} {name!r} in the price book; near names: {names_near}")
        return names

    @field_validator("spot")
    @classmethod
    def _priced_one_way(cls, spot: SpotConfig | None, info: ValidationInfo) -> SpotConfig | None:
        if spot is not None and CapacityType.SPOT in info.data.get("capacity_types", ()):
            raise ValueError(
                "capacity_types has spot too, there at face value: name it in one of the two"
            )
        return spot

    def shown(self) -> dict[str, Any]:
        """JSON-safe and without secrets: addresses of webhooks are secrets too."""
        shown: dict[str, Any] = self.model_dump(mode="json", exclude={"budget"})
        shown["budget"] = {
            "usd_per_hour": self.budget.usd_per_hour,
            "usd_per_month": self.budget.usd_per_month,
        }
        if self.prometheus_url is not None:
            shown["prometheus_url"] = re.sub(r"//[^/@]*@", "//", self.prometheus_url)
        return shown

    def check_environment(self) -> None:
        """ConfigError for what this machine has not: a secret's environment variable, a place for the journal."""
        if self.notify.webhook is not None:
            self.notify.webhook.secret()
        if self.notify.slack is not None:
            self.notify.slack.address()
        if self.prometheus_token_env is not None:
            environment_value(self.prometheus_token_env, "prometheus_token_env")
        if self.journal is not None:
            from advisor.adapters.journal import why_not_kept

            if (problem := why_not_kept(self.journal)) is not None:
                raise ConfigError(f"journal: {self.journal}: {problem}")


class ModelConfig(Strict):
    """What is said of one model: what it is, what it must hold, and what it may run on."""

    model: str = Field(min_length=1)
    model_source: str | None = None
    slo: tuple[SloConfig, ...]
    accelerators: tuple[str, ...] | None = None
    quantizations: tuple[Quantization, ...] = ()  # other weights that may be recommended
    max_replicas: int | None = Field(default=None, ge=1)
    cold_start: Seconds = 90.0
    expected: ExpectedLoad | None = None

    @field_validator("slo")
    @classmethod
    def _said_once(cls, slos: tuple[SloConfig, ...]) -> tuple[SloConfig, ...]:
        if not slos:
            raise ValueError("one objective at least is needed")
        if (bounded := said_twice(entry.slo() for entry in slos)) is not None:
            raise ValueError(f"{bounded} has two bounds: keep one")
        return slos

    @field_validator("accelerators")
    @classmethod
    def _known_accelerators(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        from advisor import data

        try:
            return (
                None
                if names is None
                else tuple(find(name, data.accelerators()).name for name in names)
            )
        except UnknownAcceleratorError as error:
            raise ValueError(str(error)) from None

    @field_validator("model", "model_source")
    @classmethod
    def _not_blank(cls, name: str | None) -> str | None:
        if name is not None and not name.strip():
            raise ValueError("is blank: a name is needed")
        return name

    def too_long_for(self, spec: ModelSpec) -> str | None:
        """Why the expected load cannot be served: its mean request is longer than the model's context."""
        most, load = spec.max_context_tokens, self.expected
        if load is None or most is None or load.isl + load.osl <= most:
            return None
        if load.isl > most:
            return f"expected.isl: {load.isl:g} tokens, the model's context is {most}"
        return f"expected: isl + osl are {load.isl + load.osl:g} tokens, the model's context is {most}"

    def slos(self) -> tuple[Slo, ...]:
        return tuple(entry.slo() for entry in self.slo)

    def expected_workload(self) -> Workload | None:
        if self.expected is None:
            return None
        return Workload(**self.expected.model_dump(), source=WorkloadSource.EXPECTED)


class AdvisorConfig(ModelConfig, SharedConfig):
    """Everything the advisor is told of one model."""

    def each(self) -> tuple[AdvisorConfig, ...]:
        return (self,)

    def weights(self) -> Mapping[str, float]:
        return {self.model: 1.0}

    def field_of(self, model: str, name: str) -> str:
        """How the file calls a field of a model."""
        return name

    def constraints(self) -> Constraints:
        return Constraints(
            offers=OfferFilter(
                providers=self.providers, regions=self.regions, capacity_types=self.capacity_types
            ),
            accelerators=self.accelerators,
            max_replicas=self.max_replicas,
            cold_start_s=self.cold_start,
            spot=None if self.spot is None else self.spot.use(),
        )


class SharingConfig(ModelConfig):
    """One of several models; `weight` is what a missed share of its requests is worth beside the others'."""

    weight: float = Field(default=1.0, gt=0, le=1e6, allow_inf_nan=False)


class SeveralConfig(SharedConfig):
    """Several models under one budget."""

    models: tuple[SharingConfig, ...]

    @field_validator("models")
    @classmethod
    def _told_apart(cls, models: tuple[SharingConfig, ...]) -> tuple[SharingConfig, ...]:
        """Serve names a model's deployment after it, and not every letter survives that."""
        if not models:
            raise ValueError("one model at least is needed")
        seen: dict[str, str] = {}
        for entry in models:
            served_as = entry.model.replace("/", "--").replace(".", "_")
            if (other := seen.get(served_as)) is not None:
                also = "twice" if other == entry.model else f"and {other!r}, the same to Serve"
                raise ValueError(f"{entry.model!r} {also}: give every model a name of its own")
            seen[served_as] = entry.model
        return models

    def each(self) -> tuple[AdvisorConfig, ...]:
        """The configuration of each model as if it were alone; the budget is the whole one."""
        shared = {name: getattr(self, name) for name in SharedConfig.model_fields}
        return tuple(
            AdvisorConfig.model_construct(
                **shared, **{name: getattr(entry, name) for name in ModelConfig.model_fields}
            )
            for entry in self.models
        )

    def weights(self) -> Mapping[str, float]:
        return {entry.model: entry.weight for entry in self.models}

    def field_of(self, model: str, name: str) -> str:
        return f"models.{[entry.model for entry in self.models].index(model)}.{name}"


Config = AdvisorConfig | SeveralConfig


def parse_config(args: object, *, where: str, folder: Path | None = None) -> Config:
    """The configuration in a mapping, of one `model` or of several `models`; ConfigError with one line per mistake:
    `where: field: what is wrong`. Relative paths count from `folder`; without one they are a mistake."""
    if not isinstance(args, Mapping):
        raise ConfigError(f"{where}: the advisor's configuration must be a mapping of fields")
    kind: type[Config] = SeveralConfig if "models" in args else AdvisorConfig
    fields = dict(args)
    lines = list(_taken_out(fields)) if kind is SeveralConfig else []
    try:
        config = kind.model_validate(fields, context={"folder": folder})
    except ValidationError as error:
        lines += [_line(problem, kind) for problem in error.errors()]
    if lines:
        raise ConfigError("\n".join(f"{where}: {_printable(line)}" for line in lines))
    if config.interval < 1:
        raise ConfigError(f"{where}: interval: must be 1s or more")
    return config


def _taken_out(fields: dict[str, Any]) -> Iterator[str]:
    """Takes what belongs to one model out from beside `models`, and says where it belongs."""
    for name in SharingConfig.model_fields:
        if name in fields:
            del fields[name]
            yield (
                "model: there are models too: keep model for one, models for several"
                if name == "model"
                else f"{name}: belongs to one model: say it in each entry of models"
            )


def load_config(file: Path) -> Config:
    """The advisor's part of a `serve run` file, or a file with nothing else; ConfigError for anything wrong in it."""
    content = yaml_file.read(file)
    if isinstance(content, Mapping) and isinstance(content.get("applications"), list):
        for application in content["applications"]:
            if isinstance(application, Mapping) and str(application.get("import_path")).startswith(
                ADVISOR_APP_PREFIX
            ):
                return parse_config(application.get("args") or {}, where=str(file))
        raise ConfigError(
            f"{file}: applications: none has import_path {ADVISOR_APP_PREFIX}build_app"
        )
    return parse_config(content, where=str(file), folder=file.parent)


def _printable(text: str) -> str:
    """On one line, whatever a field or a file is called."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _line(problem: Any, kind: type[Config]) -> str:
    named = ".".join(map(str, problem["loc"]))
    field = named or "(top level)"
    if problem["type"] == "extra_forbidden":
        known = _known_at(problem["loc"][:-1], kind)
        close = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1)
        return f"{field}: unknown field; " + (
            f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        )
    if problem["type"] == "missing":
        return f"{field}: required{EXAMPLES.get(field, '')}"
    if problem["loc"][0] == "models" and problem["type"] in ("tuple_type", "model_type"):
        return f"{field}: a list is needed, each entry with the fields of one model, as in - model: chat"
    return f"{field}: {problem['msg'].removeprefix('Value error, ')}"


def _known_at(path: tuple[int | str, ...], kind: type[Config]) -> list[str]:
    nested: dict[str, type[BaseModel]] = {
        "models": SharingConfig,
        "slo": SloConfig,
        "expected": ExpectedLoad,
        "spot": SpotConfig,
        "notify": NotifyConfig,
        "webhook": WebhookConfig,
        "slack": SlackConfig,
    }
    names = [part for part in path if isinstance(part, str)]
    if names:
        return list(nested.get(names[-1], kind).model_fields)
    return list(dict.fromkeys([*kind.model_fields, "models"]))
