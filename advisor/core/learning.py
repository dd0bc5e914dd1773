"""From what was observed of the running engine to what is believed of every accelerator.

A round's window of observations is set beside the prediction for the same load on the same hardware, and the ratio moves
that accelerator's correction (`correction.py`). An accelerator that is not running takes over the part that is common to
all. Medians are compared, not means: a histogram's mean is what Ray does not give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from advisor.core import correction as corrections
from advisor.core import hardware, perf
from advisor.core.correction import UNCORRECTED, Correction, Window
from advisor.core.hardware import Accelerator
from advisor.core.objective import Latency, Slo
from advisor.core.observation import LatencyReading, Observation
from advisor.errors import UnknownAcceleratorError

MEDIANS = tuple(
    Slo(latency=kind, bound_s=1.0, percentile=50) for kind in (Latency.TTFT, Latency.TPOT)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """The correction of each accelerator that was seen running, by its name."""

    corrections: Mapping[str, Correction] = field(default_factory=dict)

    def of(self, accelerator: str) -> Correction:
        """Its own where it was seen running, else what the last one seen teaches of it."""
        own = self.corrections.get(accelerator)
        if own is not None or not self.corrections:
            return own or UNCORRECTED
        latest = list(self.corrections.values())[-1]
        return corrections.carried_over(latest)

    def after(self, accelerator: str, window: Window) -> Learned:
        """With one more window of that accelerator."""
        before = self.corrections.get(accelerator, UNCORRECTED)
        seen = corrections.observe(before, window)
        if seen == before:
            return self
        others = {name: one for name, one in self.corrections.items() if name != accelerator}
        return Learned(corrections={**others, accelerator: seen})


NOTHING_LEARNED = Learned()


def accelerators_of(devices: Iterable[str], catalogue: Sequence[Accelerator]) -> tuple[str, ...]:
    """The catalogue's names of what drivers call their devices; a name that could be several is none of them.

    A driver's whole name is exact ("NVIDIA H200" is the SXM card, the other one is an "NVIDIA H200 NVL"), and
    gpu-feature-discovery's label is that name with hyphens.
    """
    found = set()
    for device in devices:
        for name in (f"gfd:{device.replace(' ', '-')}", device):
            try:
                found.add(hardware.find(name, catalogue).name)
                break
            except UnknownAcceleratorError:
                continue
    return tuple(sorted(found))


def window_of(
    observation: Observation, replica: perf.Replica, *, num_replicas: int
) -> Window | None:
    """The window beside its prediction, uncorrected; None where rate or lengths are missing, or the load is too high for
    the model to say anything."""
    rate, isl, osl = observation.requests_per_s, observation.mean_isl, observation.mean_osl
    if rate is None or isl is None or osl is None or rate.value <= 0 or num_replicas < 1:
        return None
    predicted = perf.predict(
        replace(replica, correction=UNCORRECTED),
        requests_per_s=rate.value / num_replicas,
        isl=max(1.0, isl.value),
        osl=max(1.0, osl.value),
        slos=MEDIANS,
    )
    if predicted is None:
        return None
    ttft_s, tpot_s = predicted.slo_values_s
    return Window(
        age_s=rate.age_s,
        requests=rate.value * (observation.window_s or 0.0),
        tpot_s=_median(observation.tpot),
        predicted_tpot_s=tpot_s,
        ttft_s=_median(observation.ttft),
        predicted_ttft_s=ttft_s,
    )


def _median(reading: LatencyReading | None) -> float | None:
    return None if reading is None else reading.p50_s
