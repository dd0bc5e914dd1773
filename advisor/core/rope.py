"""How long a context vLLM serves where a config stretches rotary positions.

vLLM takes `max_position_embeddings` times the scaling's factor, but for the kinds whose configs state the stretched length
themselves, and for Gemma 3 (vllm/config/model.py, `_get_and_verify_max_len`, 0.32).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from advisor.core.config_reader import Config

STATED_IN_FULL = frozenset(
    ("su", "longrope", "llama3", "yarn", "deepseek_yarn", "deepseek_llama_scaling")
)
MAX_FACTOR = 1e4  # no model stretches as far; keeps a hostile one within bounds


def served_context(read: Config, context: int | None) -> int | None:
    """Tokens of the longest request, from those that the layout states; UnsupportedModelError for a factor that is none."""
    if context is None or "gemma3" in str(read.fields.get("model_type")):
        return context
    factor = 1.0
    for scaling in _scalings(read):
        kind = scaling.get("rope_type", scaling.get("type"))
        if kind not in STATED_IN_FULL and scaling.get("factor") is not None:
            factor = _factor(read, scaling["factor"])
    return int(context * factor)


def _scalings(read: Config) -> Iterator[Mapping[str, object]]:
    """One for the model, or one for each kind of its layers, in the decoder's part of the config."""
    inner = read.fields.get("text_config")
    for fields in (read.fields, inner if isinstance(inner, dict) else {}):
        for name in ("rope_scaling", "rope_parameters"):
            scaling = fields.get(name)
            if isinstance(scaling, dict):
                yield scaling
                yield from (part for part in scaling.values() if isinstance(part, dict))


def _factor(read: Config, factor: object) -> float:
    if (
        isinstance(factor, bool)
        or not isinstance(factor, int | float)
        or not 1 <= factor <= MAX_FACTOR
    ):
        raise read.refuse(
            f"field 'rope_scaling.factor': a number from 1 is expected, not {factor!r:.40}"
        )
    return float(factor)
