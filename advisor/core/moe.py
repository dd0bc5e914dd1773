"""Mixtures of experts: which layers have them, how large they are, and what every token visits besides.

A token passes `num_experts_per_tok` of the routed experts, and the shared one where there is one: all experts count
for memory, those it passes for FLOPs (Mixtral, arXiv 2401.04088; DeepSeekMoE, arXiv 2401.06066).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from advisor.core.blocks import Flag, experts, flag, mlp
from advisor.core.config_reader import Config
from advisor.core.layout import Matrix, Part, linear, vector

# How many of `layers` layers have experts.
SparseLayers = Callable[[Config, int], int]


def all_layers(_read: Config, layers: int) -> int:
    return layers


def every_step(read: Config, layers: int) -> int:
    """Qwen: each `decoder_sparse_step`-th layer, `mlp_only_layers` excepted."""
    step = read.optional_whole("decoder_sparse_step") or 1
    dense = read.layer_numbers("mlp_only_layers")
    return sum((i + 1) % step == 0 and i not in dense for i in range(layers))


def after_dense(first_default: int | None) -> SparseLayers:
    """DeepSeek, GLM: all but the first `first_k_dense_replace`; `mlp_layer_types`, where stated, says it layer by layer."""

    def sparse(read: Config, layers: int) -> int:
        types = read.layer_texts("mlp_layer_types", layers, {"dense", "sparse"})
        dense = read.optional_whole("first_k_dense_replace", least=0)
        if types:
            return types.count("sparse")
        if dense is None and first_default is None:
            raise read.refuse("field 'first_k_dense_replace' is missing")
        return layers - min(layers, dense if dense is not None else first_default or 0)

    return sparse


def from_to(read: Config, layers: int) -> int:
    """Ernie 4.5: each `moe_layer_interval`-th layer between two bounds."""
    step = read.optional_whole("moe_layer_interval") or 1
    first = read.optional_whole("moe_layer_start_index", least=0)
    last = read.optional_whole("moe_layer_end_index", least=-1)
    if first is None or last is None:
        raise read.refuse("field 'moe_layer_start_index' or 'moe_layer_end_index' is missing")
    end = layers - 1 if last == -1 else last
    return sum((i + 1) % step == 0 and first <= i <= end for i in range(layers))


def interleaved(read: Config, layers: int) -> int:
    """Llama 4: `moe_layers`, or each `interleave_moe_layer_step`-th layer."""
    stated = read.layer_numbers("moe_layers")
    if stated:
        return len(stated & set(range(layers)))
    step = read.optional_whole("interleave_moe_layer_step") or 1
    return len(range(step - 1, layers, step))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moe:
    """Where an architecture's config says how its experts are."""

    experts_field: str
    per_token_field: str = "num_experts_per_tok"
    size_field: str = "moe_intermediate_size"
    layers: SparseLayers = all_layers
    shared_size_field: str | None = None  # an MLP of that size is visited by every token
    shared_experts_field: str | None = None  # so many experts' size, in one MLP
    shared_bias: Flag = False
    shared_gate: bool = False  # a weight for the shared MLP, computed from the token
    # a bias per expert that transformers counts among the parameters
    correction_bias: bool = False
    biases: bool = False  # gpt-oss: router and experts have biases


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """What a config says about its experts; `layers` is 0 where it has none."""

    layers: int
    count: int
    per_token: int
    matrices: tuple[Matrix, ...]

    @property
    def counts(self) -> tuple[int, int]:
        return self.count, self.per_token


NO_EXPERTS = Experts(layers=0, count=0, per_token=0, matrices=())


def read_experts(read: Config, row: Moe | None, hidden: int, num_layers: int) -> Experts:
    if row is None:
        return NO_EXPERTS
    count, per_token = read.whole(row.experts_field), read.whole(row.per_token_field)
    if per_token > count:
        raise read.refuse(
            f"field {row.per_token_field!r} is {per_token}, more than {row.experts_field} {count}"
        )
    layers, size = row.layers(read, num_layers), read.whole(row.size_field)
    shared = _shared_size(read, row, size)
    if layers == 0:
        return NO_EXPERTS
    biases = layers * count * (2 * size + hidden) if row.biases else 0
    matrices = [
        *linear("mlp.gate", Part.ROUTER, count, hidden, layers, bias=row.biases),
        *vector("mlp.gate.e_score_correction_bias", layers * count * row.correction_bias),
        *experts(hidden, size, layers, count),
        *([Matrix(name="mlp.experts.bias", part=Part.EXPERT, rows=2 * size + hidden, columns=1, count=layers * count)]
          if biases else []),
        *mlp(hidden, shared, layers, name="mlp.shared_experts", bias=flag(read, row.shared_bias)),
        *(linear("mlp.shared_expert_gate", Part.ROUTER, 1, hidden, layers) if row.shared_gate else []),
    ]  # fmt: skip
    return Experts(layers=layers, count=count, per_token=per_token, matrices=tuple(matrices))


def _shared_size(read: Config, row: Moe, expert_size: int) -> int:
    if row.shared_size_field is not None:
        return read.optional_whole(row.shared_size_field, least=0) or 0
    if row.shared_experts_field is not None:
        return expert_size * (read.optional_whole(row.shared_experts_field, least=0) or 0)
    return 0
