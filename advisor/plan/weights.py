"""Which other weights of a model a plan looks at: those that may be served, and those priced only to compare.

Whether a model keeps its quality when quantised is not known from its size: other weights are recommended only where the
person allows them.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core.model_spec import ModelSpec, quantized
from advisor.core.quantization import Quantization
from advisor.errors import ConfigError
from advisor.near_names import near

# what vLLM serves most, with ready checkpoints
COMPARED = (Quantization.FP8, Quantization.AWQ_INT4)
ANY = "any"


def variants_of(
    spec: ModelSpec, wanted: Sequence[str], *, field: str = "--quantization"
) -> tuple[tuple[ModelSpec, ...], tuple[ModelSpec, ...]]:
    """(may be served, only compared); ConfigError for a kind that does not exist, with the near names.

    A checkpoint that is quantised already is served as it is, so there `any` allows nothing more.
    """
    kinds = _kinds(wanted, field)
    if spec.quantization is not Quantization.NONE:
        if kinds and ANY not in [name.strip().lower() for name in wanted]:
            raise ConfigError(
                f"{field}: {spec.name} is stored as {spec.quantization}: it is served as it is"
            )
        return (), ()
    others = tuple(kind for kind in COMPARED if kind not in kinds)
    return (
        tuple(quantized(spec, kind) for kind in kinds),
        tuple(quantized(spec, kind) for kind in others),
    )


def _kinds(wanted: Sequence[str], field: str) -> tuple[Quantization, ...]:
    known = [kind for kind in Quantization if kind is not Quantization.NONE]
    names = [name.strip().lower() for name in wanted]
    if ANY in names:
        return COMPARED
    found = []
    for name in names:
        if name not in [kind.value for kind in known]:
            meant = near(name, known) or known
            raise ConfigError(f"{field}: no {name!r}; near names: {', '.join(meant)}")
        found.append(Quantization(name))
    return tuple(found)
