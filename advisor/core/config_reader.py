"""Typed, bounded reading of an untrusted config.json: every complaint names the model and the field.

The reader also remembers which fields were asked for. A field that changes the number of parameters and that nobody
asked for (experts in a dense architecture, say) makes the model unsupported: counting on without it would be a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from advisor.errors import UnsupportedModelError

MAX_FIELD = 100_000_000  # above any real config: keeps a hostile one from asking for 10^300 layers
MAX_LAYERS = 10_000  # layers are walked one by one where they differ
MAX_PARAMS = 10**15  # a thousand times the largest open model

# Names that say how many weights there are. Router losses, dropouts and token ids are of no concern here.
_COUNTS_WEIGHTS = re.compile(
    r"(n|num|moe_num)_(local_|routed_|shared_)?experts?$|(kv|q|o)_lora_rank$|moe_(intermediate|latent)_size$"
    r"|shared_(expert_)?intermediate_size$|mamba_(d|n)_\w+$|ssm_state_size$|linear_(num|key|value)_\w+$"
    r"|(heads|size|kv_heads|ffn|experts)_per_layer(_input)?$|block_configs$|num_kv_shared_layers$|add_cross_attention$"
    r"|use_double_wide_mlp$|index_n_heads$|num_loops$|hyper_connection\w*$|hc_mult$"
)


class Config:
    """One JSON object of a config, with the names of the older ones (`n_embd`) translated by `renames`."""

    def __init__(
        self,
        fields: Mapping[str, object],
        name: str,
        *,
        path: str = "",
        renames: Mapping[str, str] | None = None,
    ) -> None:
        self.fields = dict(fields)
        for old, new in (renames or {}).items():
            if old in self.fields:
                self.fields.setdefault(new, self.fields[old])
        self.name = name
        self.path = path
        self.asked: set[str] = set(renames or ())

    def refuse(self, problem: str) -> UnsupportedModelError:
        return UnsupportedModelError(f"{self.name}: config.json: {problem}")

    def _field(self, field: str) -> str:
        return f"field {self.path + field!r}"

    def get(self, field: str) -> object:
        self.asked.add(field)
        return self.fields.get(field)

    def renamed(self, renames: Mapping[str, str]) -> Config:
        return Config(self.fields, self.name, path=self.path, renames=renames)

    def section(self, field: str) -> Config:
        """The object under `field`."""
        value = self.get(field)
        if not isinstance(value, dict):
            raise self.refuse(f"{self._field(field)} is {_shown(value)}, expected an object")
        return Config(value, self.name, path=f"{self.path}{field}.")

    def optional_whole(self, field: str, *, least: int = 1) -> int | None:
        value = self.get(field)
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or not least <= value <= MAX_FIELD
        ):
            raise self.refuse(
                f"{self._field(field)} is {_shown(value)}, expected a whole number from {least} to {MAX_FIELD}"
            )
        return value

    def whole(self, field: str, *, least: int = 1) -> int:
        value = self.optional_whole(field, least=least)
        if value is None:
            raise self.refuse(f"{self._field(field)} is missing")
        return value

    def layers(self, field: str = "num_hidden_layers") -> int:
        value = self.whole(field)
        if value > MAX_LAYERS:
            raise self.refuse(f"{self._field(field)} is {value}, expected at most {MAX_LAYERS}")
        return value

    def number(self, field: str, default: float) -> float:
        value = self.get(field)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
            raise self.refuse(f"{self._field(field)} is {_shown(value)}, expected a number")
        return float(value)

    def flag(self, field: str, default: bool) -> bool:
        value = self.get(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(f"{self._field(field)} is {_shown(value)}, expected true or false")
        return value

    def text(self, field: str) -> str | None:
        value = self.get(field)
        if value is not None and not isinstance(value, str):
            raise self.refuse(f"{self._field(field)} is {_shown(value)}, expected a text")
        return value

    def texts(self, field: str) -> list[str]:
        """A list of texts; absent is empty."""
        value = self.get(field)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refuse(f"{self._field(field)} must be a list of texts")
        return value

    def layer_numbers(self, field: str) -> set[int]:
        """A list of layer numbers; absent is empty."""
        value = self.get(field)
        if value is None:
            return set()
        if not isinstance(value, list) or not all(type(item) is int for item in value):
            raise self.refuse(f"{self._field(field)} must be a list of layer numbers")
        return set(value)

    def layer_texts(
        self, field: str, layers: int, known: Mapping[str, object] | set[str]
    ) -> list[str]:
        """One known word per layer; empty where the field is absent."""
        words = self.texts(field)
        if words and len(words) != layers:
            raise self.refuse(f"{self._field(field)} has {len(words)} entries for {layers} layers")
        for word in words:
            if word not in known:
                raise self.refuse(
                    f"{self._field(field)}: layer type {_shown(word)} is unsupported"
                )
        return words

    def refuse_what_was_not_read(self) -> None:
        """Refuse a field that says how many weights there are and that this architecture did not ask for."""
        for field, value in self.fields.items():
            if value and field not in self.asked and _COUNTS_WEIGHTS.search(field):
                raise self.refuse(
                    f"{self._field(field)} is {_shown(value)}, which this architecture is not known to have: unsupported"
                )


def _shown(value: object) -> str:
    return repr(value)[:40]
