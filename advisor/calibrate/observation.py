"""One measured number of a case, and which groups it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.core.load import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A measurement; `weight` says how many of its kind it stands for."""

    case: Case
    metric: str
    value: float
    devices: float
    source: str
    model: str
    row: int
    doubt: str = ""  # why it is scored but not learned from
    weight: float = 1.0

    @property
    def group(self) -> tuple[str, str, str, str]:
        return (self.source, self.case.keys.accelerator, self.case.keys.era, self.model)
