"""Vision-language models: a decoder, and the tower that turns images into its tokens, counted apart.

The tower's weights lie in memory beside the decoder's, but a text token never passes through them, and quantisers
leave them alone. Encoders are ViTs (arXiv 2010.11929): a patch embedding, layers of attention and MLP, and a
projector to the decoder's width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from advisor.core.config_reader import Config
from advisor.core.layout import Layout, Matrix, Part

# A decoder named by `text_config.model_type`, where text_config does not repeat `architectures`.
TEXT_MODELS: Mapping[str, str] = {
    "llama": "LlamaForCausalLM", "mistral": "MistralForCausalLM", "ministral3": "Ministral3ForCausalLM",
    "granite": "GraniteForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM",
    "qwen3_vl_text": "Qwen3ForCausalLM", "qwen3_vl_moe_text": "Qwen3MoeForCausalLM",
    "qwen2_5_vl_text": "Qwen2ForCausalLM", "qwen2_vl_text": "Qwen2ForCausalLM", "qwen3_moe": "Qwen3MoeForCausalLM",
    "qwen3_5_text": "Qwen3_5ForCausalLM", "qwen3_5_moe_text": "Qwen3_5MoeForCausalLM",
    "llama4_text": "Llama4ForCausalLM", "gemma3_text": "Gemma3ForCausalLM", "gemma2": "Gemma2ForCausalLM",
    "gemma": "GemmaForCausalLM", "phi3": "Phi3ForCausalLM", "deepseek_v3": "DeepseekV3ForCausalLM",
    "kimi_k2": "DeepseekV3ForCausalLM",
}  # fmt: skip


def _block(name: str, size: int) -> list[Matrix]:
    """The tower is never split into its matrices: nobody quantises or samples them."""
    matrix = Matrix(name=name, part=Part.VISION, rows=size, columns=1, count=1)
    return [matrix] if size else []


def _linear(rows: int, columns: int, *, bias: bool = True) -> int:
    return rows * columns + rows * bias


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """One vision-language architecture."""

    tower: Callable[[Config, int], int]  # parameters, given the config and the decoder's width
    flat: Mapping[str, str] = field(default_factory=dict)  # decoder of configs without text_config
    text_defaults: Mapping[str, object] = field(default_factory=dict)
    tied: bool | None = None  # where neither config says
    tied_by_text: bool = False  # only the decoder's own config is asked

    def text(self, read: Config) -> tuple[str, Config]:
        """The decoder's architecture and its own config."""
        section = read.section("text_config")
        model_type = section.text("model_type")
        named = TEXT_MODELS.get(model_type or "")
        if named is None:
            raise read.refuse(
                f"field 'text_config.model_type' is {str(model_type)[:40]!r}: unsupported"
            )
        fields = {**self.text_defaults, **section.fields}
        outer = read.get("tie_word_embeddings")
        if outer is not None and not self.tied_by_text:
            fields["tie_word_embeddings"] = outer
        elif self.tied is not None:
            fields["tie_word_embeddings"] = self.tied
        return named, Config(fields, read.name, path="text_config.")

    def around(self, read: Config, decoder: Layout) -> Layout:
        size = self.tower(read, decoder.hidden_size)
        return replace(decoder, matrices=(*decoder.matrices, *_block("vision", size)))


def llama4_tower(read: Config, text_hidden: int) -> int:
    vision = read.section("vision_config")
    hidden, size = vision.int("hidden_size"), vision.int("intermediate_size")
    patch, channels = vision.int("patch_size"), vision.optional_int("num_channels") or 3
    inner, output = vision.int("projector_input_dim"), vision.int("projector_output_dim")
    layer = (
        4 * _linear(hidden, hidden) + _linear(size, hidden) + _linear(hidden, size) + 4 * hidden
    )
    patches = (vision.int("image_size") // patch) ** 2 + 1
    return (
        channels * patch * patch * hidden
        + hidden * (1 + patches)  # class token and positions
        + 4 * hidden  # norms before and after
        + vision.layers() * layer
        + _linear(inner, size, bias=False)
        + _linear(output, output, bias=False)
        + _linear(text_hidden, vision.int("vision_output_dim"), bias=False)
    )


def qwen3_tower(*, deepstack: bool) -> Callable[[Config, int], int]:
    """Qwen3-VL, which feeds three of its layers into the decoder, and Qwen3.5, which does not."""

    def tower(read: Config, _text_hidden: int) -> int:
        vision = read.section("vision_config")
        hidden, size = vision.int("hidden_size"), vision.int("intermediate_size")
        patch, time = vision.int("patch_size"), vision.int("temporal_patch_size")
        channels, output = vision.optional_int("in_channels") or 3, vision.int("out_hidden_size")
        merged = hidden * vision.int("spatial_merge_size") ** 2
        layer = (
            _linear(3 * hidden, hidden)
            + _linear(hidden, hidden)
            + _linear(size, hidden)
            + _linear(hidden, size)
            + 4 * hidden
        )
        merger = _linear(merged, merged) + _linear(output, merged)
        stacked = len(vision.layer_numbers("deepstack_visual_indexes")) if deepstack else 0
        return (
            channels * time * patch * patch * hidden
            + hidden
            + vision.int("num_position_embeddings") * hidden
            + vision.layers("depth") * layer
            + merger
            + 2 * hidden
            + stacked * (merger + 2 * merged)
        )

    return tower


WRAPPERS: Mapping[str, Wrapper] = {
    "Llama4ForConditionalGeneration": Wrapper(tower=llama4_tower, tied_by_text=True),
    "Qwen3VLForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=True)),
    "Qwen3VLMoeForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=True)),
    "Qwen3_5ForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=False)),
    "Qwen3_5MoeForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=False)),
}
