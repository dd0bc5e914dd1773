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
    "llama4_text": "Llama4ForCausalLM", "gemma4_text": "Gemma4ForCausalLM",
    "gemma3_text": "Gemma3ForCausalLM", "gemma2": "Gemma2ForCausalLM",
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
    flat: str | None = None  # the decoder of configs that have no text_config
    text_defaults: Mapping[str, object] = field(default_factory=dict)
    tied_by_text: bool = False  # only the decoder's own config is asked

    def text(self, read: Config) -> tuple[str, Config]:
        """The decoder's architecture and its own config, which in older models is the config itself."""
        if self.flat is not None and read.get("text_config") is None:
            return self.flat, read
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
        return named, Config(fields, read.name, path="text_config.")

    def around(self, read: Config, decoder: Layout) -> Layout:
        size = self.tower(read, decoder.hidden_size)
        matrices = (*decoder.matrices, *_block("vision", size))
        # A checkpoint in Mistral's own format is loaded by code that puts the whole tower on every device. No
        # config.json says so: the field is the shipped table's.
        splits_tower = read.get("load_format") != "mistral"
        return replace(decoder, matrices=matrices, splits_tower=splits_tower)


def llama4_tower(read: Config, text_hidden: int) -> int:
    vision = read.section("vision_config")
    hidden, size = vision.whole("hidden_size"), vision.whole("intermediate_size")
    patch, channels = vision.whole("patch_size"), vision.optional_whole("num_channels") or 3
    inner, output = vision.whole("projector_input_dim"), vision.whole("projector_output_dim")
    layer = (
        4 * _linear(hidden, hidden) + _linear(size, hidden) + _linear(hidden, size) + 4 * hidden
    )
    patches = (vision.whole("image_size") // patch) ** 2 + 1
    return (
        channels * patch * patch * hidden
        + hidden * (1 + patches)  # class token and positions
        + 4 * hidden  # norms before and after
        + vision.layers() * layer
        + _linear(inner, size, bias=False)
        + _linear(output, output, bias=False)
        + _linear(text_hidden, vision.whole("vision_output_dim"), bias=False)
    )


def qwen3_tower(*, deepstack: bool) -> Callable[[Config, int], int]:
    """Qwen3-VL, which feeds three of its layers into the decoder, and Qwen3.5, which does not."""

    def tower(read: Config, _text_hidden: int) -> int:
        vision = read.section("vision_config")
        hidden, size = vision.whole("hidden_size"), vision.whole("intermediate_size")
        patch, time = vision.whole("patch_size"), vision.whole("temporal_patch_size")
        channels, output = (
            vision.optional_whole("in_channels") or 3,
            vision.whole("out_hidden_size"),
        )
        merged = hidden * vision.whole("spatial_merge_size") ** 2
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
            + vision.whole("num_position_embeddings") * hidden
            + vision.layers("depth") * layer
            + merger
            + 2 * hidden
            + stacked * (merger + 2 * merged)
        )

    return tower


def _layer(hidden: int, size: int) -> int:
    """One plain ViT layer: four projections and two of the MLP with biases, two LayerNorms."""
    return 4 * _linear(hidden, hidden) + _linear(size, hidden) + _linear(hidden, size) + 4 * hidden


def qwen2_tower(*, gated: bool) -> Callable[[Config, int], int]:
    """Qwen2.5-VL, whose MLP is gated, and Qwen2-VL before it."""

    def tower(read: Config, text_hidden: int) -> int:
        vision = read.section("vision_config")
        hidden = vision.whole("hidden_size") if gated else vision.whole("embed_dim")
        size = (
            vision.whole("intermediate_size")
            if gated
            else hidden * (vision.optional_whole("mlp_ratio") or 4)
        )
        channels = vision.optional_whole("in_channels") or vision.optional_whole("in_chans") or 3
        patch, time = vision.whole("patch_size"), vision.optional_whole("temporal_patch_size") or 2
        merged = hidden * (vision.optional_whole("spatial_merge_size") or 2) ** 2
        attention = _linear(3 * hidden, hidden) + _linear(hidden, hidden)
        plain = _linear(size, hidden) + _linear(hidden, size) + 4 * hidden
        with_gate = 2 * _linear(size, hidden) + _linear(hidden, size) + 2 * hidden
        output = vision.whole("out_hidden_size") if gated else text_hidden
        return (
            channels * time * patch * patch * hidden
            + vision.layers("depth") * (attention + (with_gate if gated else plain))
            + hidden * (1 if gated else 2)
            + _linear(merged, merged)
            + _linear(output, merged)
        )

    return tower


def pixtral_tower(vision: Config) -> int:
    hidden, size = vision.whole("hidden_size"), vision.whole("intermediate_size")
    channels, patch = vision.optional_whole("num_channels") or 3, vision.whole("patch_size")
    layer = 4 * hidden * hidden + 3 * hidden * size + 2 * hidden
    return channels * patch * patch * hidden + hidden + vision.layers() * layer


def siglip_tower(vision: Config) -> int:
    hidden, size = vision.whole("hidden_size"), vision.whole("intermediate_size")
    channels, patch = vision.optional_whole("num_channels") or 3, vision.whole("patch_size")
    positions = (vision.whole("image_size") // patch) ** 2
    pooling = _linear(3 * hidden, hidden) + _linear(hidden, hidden) + 3 * hidden
    head = pooling + _linear(size, hidden) + _linear(hidden, size)
    return (
        channels * patch * patch * hidden
        + hidden
        + positions * hidden
        + vision.layers() * _layer(hidden, size)
        + 2 * hidden
        + head * vision.flag("vision_use_head", True)
    )


def clip_tower(vision: Config) -> int:
    hidden, size = vision.whole("hidden_size"), vision.whole("intermediate_size")
    channels, patch = vision.optional_whole("num_channels") or 3, vision.whole("patch_size")
    positions = (vision.whole("image_size") // patch) ** 2 + 1
    embedding = channels * patch * patch * hidden + hidden + positions * hidden
    return embedding + vision.layers() * _layer(hidden, size) + 4 * hidden


_TOWERS = {
    "pixtral": pixtral_tower,
    "siglip_vision_model": siglip_tower,
    "clip_vision_model": clip_tower,
}


def _tower_by_name(read: Config) -> tuple[int, int]:
    """Parameters and width of a tower that the config names."""
    vision = read.section("vision_config")
    model_type = vision.text("model_type")
    tower = _TOWERS.get(model_type or "")
    if tower is None:
        raise read.refuse(
            f"field 'vision_config.model_type' is {str(model_type)[:40]!r}: unsupported"
        )
    return tower(vision), vision.whole("hidden_size")


def _feature_layers(read: Config) -> int:
    stated = read.get("vision_feature_layer")
    return len(stated) if isinstance(stated, list) and stated else 1


def _two_layers(read: Config, width: int, text_hidden: int, *, bias: bool) -> int:
    inputs = width * _feature_layers(read)
    return _linear(text_hidden, inputs, bias=bias) + _linear(text_hidden, text_hidden, bias=bias)


def mistral3_tower(read: Config, text_hidden: int) -> int:
    """Mistral Small 3.1 and later: Pixtral's encoder, and a merger of neighbouring patches."""
    tower, width = _tower_by_name(read)
    merge = (read.optional_whole("spatial_merge_size") or 2) ** 2
    bias = read.flag("multimodal_projector_bias", False)
    return tower + width + merge * width * width + _two_layers(read, width, text_hidden, bias=bias)


def llava_tower(*, newline: bool) -> Callable[[Config, int], int]:
    """LLaVA, and LLaVA-NeXT with a learned vector that ends a row of patches (Granite Vision is one)."""

    def tower(read: Config, text_hidden: int) -> int:
        size, width = _tower_by_name(read)
        bias = read.flag("multimodal_projector_bias", True)
        return size + _two_layers(read, width, text_hidden, bias=bias) + text_hidden * newline

    return tower


def gemma3_tower(read: Config, text_hidden: int) -> int:
    tower, width = _tower_by_name(read)
    return tower + width * text_hidden + width


def gemma4_tower(read: Config, text_hidden: int) -> int:
    """Gemma 4's encoder; the models that also hear are unsupported."""
    if read.get("audio_config") is not None:
        raise read.refuse("field 'audio_config': audio towers are unsupported")
    vision = read.section("vision_config")
    hidden, size = vision.whole("hidden_size"), vision.whole("intermediate_size")
    heads, kv_heads = vision.whole("num_attention_heads"), vision.whole("num_key_value_heads")
    dim, patch = vision.whole("head_dim"), vision.whole("patch_size")
    attention = 2 * hidden * heads * dim + 2 * hidden * kv_heads * dim + 2 * dim
    layer = attention + 3 * hidden * size + 4 * hidden
    embedding = 3 * patch * patch * hidden + 2 * vision.whole("position_embedding_size") * hidden
    return embedding + vision.layers() * layer + text_hidden * hidden


def moonvit_tower(read: Config, text_hidden: int) -> int:
    """Kimi-VL and Kimi K2.5: a grid of learned positions, and a projector of four merged patches."""
    vision = read.section("vision_config").renamed({
        "vt_hidden_size": "hidden_size", "vt_intermediate_size": "intermediate_size",
        "vt_num_hidden_layers": "num_hidden_layers", "init_pos_emb_height": "pos_emb_height",
        "init_pos_emb_width": "pos_emb_width",
    })  # fmt: skip
    hidden, size = (
        vision.optional_whole("hidden_size") or 1152,
        vision.optional_whole("intermediate_size") or 4304,
    )
    patch = vision.optional_whole("patch_size") or 14
    grid = (vision.optional_whole("pos_emb_height") or 64) * (
        vision.optional_whole("pos_emb_width") or 64
    )
    layers = 27 if vision.get("num_hidden_layers") is None else vision.layers()
    merged = 4 * hidden
    return (
        3 * patch * patch * hidden
        + hidden
        + grid * hidden
        + layers * _layer(hidden, size)
        + 2 * hidden
        + 2 * hidden  # the projector's norm
        + _linear(merged, merged)
        + _linear(text_hidden, merged)
    )


# What transformers 5.19 assumes where gemma-3's text_config is silent, as the published ones of 4B, 12B and 27B are.
_GEMMA3_DEFAULTS = {
    "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262_208,
    "max_position_embeddings": 131_072,
}  # fmt: skip

WRAPPERS: Mapping[str, Wrapper] = {
    "Llama4ForConditionalGeneration": Wrapper(tower=llama4_tower, tied_by_text=True),
    "Qwen3VLForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=True)),
    "Qwen3VLMoeForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=True)),
    "Qwen3_5ForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=False)),
    "Qwen3_5MoeForConditionalGeneration": Wrapper(tower=qwen3_tower(deepstack=False)),
    "Qwen2_5_VLForConditionalGeneration": Wrapper(
        tower=qwen2_tower(gated=True), flat="Qwen2ForCausalLM"
    ),
    "Qwen2VLForConditionalGeneration": Wrapper(
        tower=qwen2_tower(gated=False), flat="Qwen2ForCausalLM"
    ),
    "Mistral3ForConditionalGeneration": Wrapper(tower=mistral3_tower),
    "LlavaForConditionalGeneration": Wrapper(tower=llava_tower(newline=False)),
    "LlavaNextForConditionalGeneration": Wrapper(tower=llava_tower(newline=True)),
    "Gemma3ForConditionalGeneration": Wrapper(tower=gemma3_tower, text_defaults=_GEMMA3_DEFAULTS),
    "Gemma4ForConditionalGeneration": Wrapper(tower=gemma4_tower),
    "KimiVLForConditionalGeneration": Wrapper(tower=moonvit_tower),
    "KimiK25ForConditionalGeneration": Wrapper(tower=moonvit_tower),
}
