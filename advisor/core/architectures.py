"""From the name in `architectures` to the layout that a config describes. A name that is not here is unsupported."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from advisor.core.config_reader import MAX_PARAMS, Config
from advisor.core.decoders import DECODERS
from advisor.core.delta_net import qwen_linear
from advisor.core.gemma4 import gemma4_text
from advisor.core.hybrids import HYBRIDS
from advisor.core.latent_attention import LATENT
from advisor.core.layout import Layout, params
from advisor.core.nemotron_h import nemotron_h
from advisor.core.odd_decoders import ODD_DECODERS
from advisor.core.vision import WRAPPERS

LAYOUTS: Mapping[str, Callable[[Config], Layout]] = {
    **{name: row.layout for name, row in DECODERS.items()},
    **{name: row.layout for name, row in LATENT.items()},
    **HYBRIDS,
    **ODD_DECODERS,
    "Gemma4ForCausalLM": gemma4_text,
    "NemotronHForCausalLM": nemotron_h,
    "Qwen3NextForCausalLM": qwen_linear(fused=True, with_experts=True),
    "Qwen3_5ForCausalLM": qwen_linear(fused=False, with_experts=False),
    "Qwen3_5MoeForCausalLM": qwen_linear(fused=False, with_experts=True),
}
SUPPORTED = tuple(sorted({*LAYOUTS, *WRAPPERS}))


def architecture_of(read: Config) -> str:
    names = read.get("architectures")
    if not isinstance(names, list) or len(names) != 1 or not isinstance(names[0], str):
        raise read.refuse("field 'architectures' must be a list with one name")
    if names[0] not in LAYOUTS and names[0] not in WRAPPERS:
        raise read.refuse(
            f"architecture {names[0][:80]!r} is unsupported; supported are {', '.join(SUPPORTED)}"
        )
    return names[0]


def layout_of(read: Config, architecture: str) -> Layout:
    """The layout of a model, vision tower included where it has one."""
    wrapper = WRAPPERS.get(architecture)
    if wrapper is None:
        layout = LAYOUTS[architecture](read)
    else:
        text_architecture, text = wrapper.text(read)
        layout = wrapper.around(read, LAYOUTS[text_architecture](text))
    if params(layout.matrices) > MAX_PARAMS:
        raise read.refuse(f"its sizes make more than {MAX_PARAMS:.0e} parameters")
    return layout
