"""A model by name or folder: from a local folder, the shipped table, the hub's cache, or the hub, in that order.

Nothing of the model's own is ever run: config.json is read as data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.core.model_spec import ModelSpec, model_spec_from_config
from advisor.data import models
from advisor.errors import UnsupportedModelError

# the largest real config.json, one line per quantised module, is 3 MB
MAX_CONFIG_BYTES = 4_000_000
HUB_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A spec and where its config is from, for whoever must believe it."""

    spec: ModelSpec
    origin: (
        str  # one line: the folder, the table's source with the rule that led to it, or the hub
    )


def load_model_spec(source: str, *, offline: bool = False) -> ModelSpec:
    """The spec of a local model folder or a hub id; UnsupportedModelError says what is missing or not understood."""
    return load_model(source, offline=offline).spec


def load_model(source: str, *, offline: bool = False) -> LoadedModel:
    """The same with its origin. `offline` asks no network: the table and the hub's cache only."""
    if source.startswith(("~", "/", ".")) or _is_folder(source):
        folder = Path(source).expanduser()
        spec = model_spec_from_config(_read_config(folder / "config.json", source), name=source)
        return LoadedModel(spec=spec, origin=f"{folder / 'config.json'}")
    found = models.find_model(source)
    if found is not None:
        origin = f"shipped table: {found.model.source}"
        origin = f"{found.rule}; {origin}" if found.rule else origin
        return LoadedModel(spec=models.found_spec(found, name=source), origin=origin)
    path, where = _from_hub(source, offline=offline)
    return LoadedModel(spec=model_spec_from_config(_read_config(path, source), name=source), origin=where)  # fmt: skip


def _is_folder(source: str) -> bool:
    try:
        return Path(source, "config.json").is_file()
    except OSError:  # a name that no file system takes
        return False


def _read_config(path: Path, source: str) -> Mapping[str, object]:
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise UnsupportedModelError(
                f"{source}: config.json is larger than {MAX_CONFIG_BYTES} bytes"
            )
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UnsupportedModelError(f"{source}: no model here: there is no config.json") from None
    except (ValueError, RecursionError):
        raise UnsupportedModelError(f"{source}: config.json is not valid JSON") from None
    if not isinstance(config, dict):
        raise UnsupportedModelError(f"{source}: config.json holds no object")
    return config


def _from_hub(source: str, *, offline: bool) -> tuple[Path, str]:
    """The hub's cache first: it answers at once, and without a network."""
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise _unknown(source, "huggingface_hub is not installed") from None
    try:
        return Path(
            hf_hub_download(source, "config.json", local_files_only=True)
        ), "the hub's cache"
    except Exception as error:  # the hub's client raises a dozen kinds; all mean: not in the cache
        if offline:
            raise _unknown(source, f"not in the hub's cache ({type(error).__name__})") from None
    if (unreachable := _why_unreachable()) is not None:
        raise _unknown(source, f"the hub cannot be reached ({unreachable})")
    try:
        path = hf_hub_download(source, "config.json", etag_timeout=HUB_TIMEOUT_S)
    except Exception as error:  # likewise: no config.json to be had
        raise _unknown(source, f"the hub gives no config.json ({type(error).__name__})") from None
    return Path(path), "the hub"


def _why_unreachable() -> str | None:
    """Asked first, because the hub's client retries for twenty seconds before it says so. Any answer will do."""
    import httpx
    from huggingface_hub import constants

    try:
        httpx.head(constants.ENDPOINT, timeout=HUB_TIMEOUT_S)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None


def _unknown(source: str, problem: str) -> UnsupportedModelError:
    near = ", ".join(models.near_names(source)) or "none"
    return UnsupportedModelError(
        f"{source}: neither a local folder with a config.json nor in the shipped table, and {problem}; near names: {near}"
    )
