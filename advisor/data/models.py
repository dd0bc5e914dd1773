"""The configs of well-known open models, so that sizing needs no network: one line of models.jsonl each, with its
source.

A name is looked up as written, then by two rules that are said aloud in `Found.rule`: the same name under another
owner is the same model (NousResearch/Llama-2-7b-hf), and a suffix that quantisers use (`-FP8`, `-AWQ`,
`-quantized.w4a16`) is its base quantised that way. Nothing else is guessed.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from advisor.core.model_spec import Dtype, ModelSpec, model_spec_from_config, rescheme
from advisor.core.quantization import SCHEMES, Quantization


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """One line of models.jsonl: the config.json's fields that sizing reads, and where they are from."""

    model_id: str
    aliases: tuple[str, ...]
    source: str
    config: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A name resolved: the model it is, and the rule that led there (None: the name itself is in the table)."""

    model: KnownModel
    rule: str | None
    quantization: Quantization | None  # asked for by the name; None: as the config says
    fp8_kv: bool = False


# Longest first: "-FP8-KV" before "-FP8". RedHat's w8a8 is int8, its w4a16 symmetric int4 in groups of 128. A pruned
# model is stored as it was but for the zeros, which vLLM's dense kernels read all the same.
_SUFFIXES: tuple[tuple[str, Quantization], ...] = (
    (r"-fp8-kv", Quantization.FP8),
    (r"-(fp8|fp8-dynamic|dynamic-fp8|fp8-tensorwise|fp8-static-pertensor)", Quantization.FP8),
    (r"[-.](quantized\.)?w8a8(-fp8)?", Quantization.INT8),
    (r"[-.](quantized\.)?(w8a16|int8|gptq-int8|8bit)", Quantization.INT8),
    (r"[-.](quantized\.)?(w4a16|int4)", Quantization.INT4),
    (r"-(int4-)?awq(-int4)?", Quantization.AWQ_INT4),
    (r"-gptq(-int4)?|-marlin|-int4-gptq", Quantization.GPTQ_INT4),
    (r"-(nvfp4|fp4)", Quantization.NVFP4),
    (r"-mxfp4", Quantization.MXFP4),
    (r"-bnb-4bit", Quantization.BNB_NF4),
    (r"-pruned(2\.4|50)", Quantization.NONE),
)


@cache
def known_models() -> tuple[KnownModel, ...]:
    """Every line of models.jsonl."""
    text = files(__package__).joinpath("models.jsonl").read_text(encoding="utf-8")
    return tuple(_model(json.loads(line)) for line in text.splitlines())


def _model(row: Mapping[str, object]) -> KnownModel:
    config, aliases = row["config"], row.get("aliases", [])
    assert isinstance(config, dict)
    assert isinstance(aliases, list)
    return KnownModel(
        model_id=str(row["id"]), aliases=tuple(aliases), source=str(row["source"]), config=config
    )


@cache
def _by_id() -> Mapping[str, KnownModel]:
    named = {alias.lower(): model for model in known_models() for alias in model.aliases}
    return {**named, **{model.model_id.lower(): model for model in known_models()}}


@cache
def _by_name() -> Mapping[str, KnownModel]:
    """By the part after the owner."""
    return {model_id.split("/")[-1]: model for model_id, model in _by_id().items()}


def find_model(model_id: str) -> Found | None:
    """The model of that id, by name or by rule; None where neither leads to one."""
    exact = _by_id().get(model_id.lower())
    if exact is not None:
        return Found(model=exact, rule=None, quantization=None)
    name = model_id.lower().split("/")[-1]
    if (model := _by_name().get(name)) is not None:
        rule = f"{model_id} taken as {model.model_id}: the same name under another owner"
        return Found(model=model, rule=rule, quantization=None)
    return _quantized_name(model_id, name)


def _quantized_name(model_id: str, name: str) -> Found | None:
    for pattern, quantization in _SUFFIXES:
        base = re.sub(f"({pattern})$", "", name)
        model = _by_name().get(base) if base != name else None
        if model is not None:
            rule = f"{model_id} taken as {model.model_id} in {quantization}: its name ends in {name[len(base) :]!r}"
            fp8_kv = pattern == r"-fp8-kv"
            return Found(model=model, rule=rule, quantization=quantization, fp8_kv=fp8_kv)
    return None


def near_names(model_id: str, *, count: int = 4) -> tuple[str, ...]:
    """Ids in the table that look like this one."""
    names = sorted({model.model_id for model in known_models()})
    lower = {name.lower(): name for name in names}
    short = {name.split("/")[-1]: full for name, full in lower.items()}
    near = difflib.get_close_matches(model_id.lower(), lower, n=count, cutoff=0.5)
    close = difflib.get_close_matches(model_id.lower().split("/")[-1], short, n=count, cutoff=0.5)
    return tuple(
        dict.fromkeys([*(lower[name] for name in near), *(short[name] for name in close)])
    )[:count]


@cache
def spec_of(model_id: str) -> ModelSpec | None:
    """The spec of a model in the table, quantised as its name says; None where the table has no such model."""
    found = find_model(model_id)
    return None if found is None else found_spec(found, name=model_id)


def found_spec(found: Found, *, name: str) -> ModelSpec:
    config = dict(found.model.config)
    if found.rule:
        config.pop("load_format", None)  # whoever quantises writes Hugging Face's format
    spec = model_spec_from_config(config, name=name)
    if found.quantization is None:
        return spec
    kv_dtype = Dtype.FP8 if found.fp8_kv else None
    return rescheme(spec, SCHEMES[found.quantization], kv_dtype=kv_dtype)
