"""The model's config.json: from a local folder, or from the hub's cache or the hub itself where huggingface_hub is there."""

from __future__ import annotations

import json
from pathlib import Path

from advisor.core.model_spec import ModelSpec, model_spec_from_config
from advisor.errors import UnsupportedModelError

MAX_CONFIG_BYTES = 1_000_000  # the largest real config.json is some 100 kB


def load_model_spec(source: str) -> ModelSpec:
    """The spec of a local model folder or a hub id; UnsupportedModelError says what is missing or not understood."""
    path = _config_path(source)
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
    return model_spec_from_config(config, name=source)


def _config_path(source: str) -> Path:
    if source.startswith(("~", "/", ".")):
        return Path(source).expanduser() / "config.json"
    try:
        from huggingface_hub import hf_hub_download  # brought by the serve, cpu and gpu extras
    except ImportError:
        raise UnsupportedModelError(
            f"{source}: not a local folder (those start with /, . or ~), and huggingface_hub is not installed"
        ) from None
    try:
        return Path(hf_hub_download(source, "config.json"))
    except (
        Exception
    ) as error:  # the hub's client raises a dozen kinds; all mean: no config.json to be had
        raise UnsupportedModelError(
            f"{source}: the hub gives no config.json: {type(error).__name__}"
        ) from None
