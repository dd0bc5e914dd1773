"""What a running engine teaches the model: how much faster or slower it is than predicted, here and elsewhere.

Two numbers say most of it. Decode is bound by bandwidth, prefill by compute, and an engine that misses one prediction by a
factor misses it at other loads by nearly the same. So each window gives a ratio for decode (TPOT, else MBU or tokens/s,
against the prediction at the same load) and one for prefill (TTFT without its queue, else MFU). Ratios are kept as
logarithms with a normal prior at 0; every window is one noisy measurement of them, so the estimate is the usual
precision-weighted mean: it starts at the fitted model and converges to the engine. Old windows fade, so it follows changes.

For accelerators that are not running, only the part that is common to all (engine version, model, traffic) carries over. How
much that is was seen in the calibration: errors of one engine and model on two cards correlate by about a half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from advisor.core.recommendation import Basis

# of a ratio's logarithm before anything was seen: the held-out error of the fit
PRIOR_SPREAD = 0.30
WINDOW_SPREAD = 0.15  # of one window's ratio: its load is never quite the predicted one
LEAST_SPREAD = 0.03  # no measurement of ours is better than this
CARRIED_OVER = 0.5  # share of the logarithm that holds on another accelerator
FADING = 0.9  # a window counts a tenth less with each that follows
LARGEST = math.log(8.0)  # beyond it the reading, not the engine, is wrong
STALE_AFTER_S = 120.0
LEAST_REQUESTS = 5.0  # in a window; fewer say little about a mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What an engine showed over a window, beside what was predicted for the same load. None was not observed."""

    age_s: float
    requests: float | None = None
    tpot_s: float | None = None
    predicted_tpot_s: float | None = None
    ttft_s: float | None = None
    predicted_ttft_s: float | None = None
    mbu: float | None = None
    predicted_mbu: float | None = None
    mfu: float | None = None
    predicted_mfu: float | None = None
    output_tokens_per_s: float | None = None
    predicted_output_tokens_per_s: float | None = None
    saturated: bool = False  # tokens/s tell of speed only where requests wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One ratio of measured to predicted time, as a logarithm, and how sure it is."""

    log_ratio: float = 0.0
    precision: float = 1 / PRIOR_SPREAD**2

    @property
    def ratio(self) -> float:
        return math.exp(self.log_ratio)

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm."""
        return max(LEAST_SPREAD, 1 / math.sqrt(self.precision))

    def seeing(self, measured: float | None) -> Estimate:
        """After one more ratio; unmoved by none."""
        if measured is None:
            return self
        prior = 1 / PRIOR_SPREAD**2
        # What was learned fades, what was known before does not.
        kept = prior + FADING * max(0.0, self.precision - prior)
        gained = 1 / WINDOW_SPREAD**2
        mean = (kept * self.log_ratio + gained * measured) / (kept + gained)
        return Estimate(log_ratio=mean, precision=kept + gained)

    def elsewhere(self) -> Estimate:
        """The same on an accelerator that is not running: less of it, and less sure."""
        carried = CARRIED_OVER * self.log_ratio
        own = PRIOR_SPREAD**2 * (1 - CARRIED_OVER**2)
        return Estimate(log_ratio=carried, precision=1 / (own + CARRIED_OVER**2 * self.spread**2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Factors on predicted times: `decode` on steps, `prefill` on prompts."""

    decode: Estimate = Estimate()
    prefill: Estimate = Estimate()
    windows: int = 0

    @property
    def basis(self) -> Basis | None:
        """`measured` once anything was seen; None says that the fit still speaks."""
        return Basis.MEASURED if self.windows else None


UNCORRECTED = Correction()


def observe(correction: Correction, window: Window) -> Correction:
    """The correction after one more window; the same where the window is stale, empty or absurd."""
    if not 0 <= window.age_s <= STALE_AFTER_S:
        return correction
    if window.requests is not None and not window.requests >= LEAST_REQUESTS:
        return correction
    decode = _decode_ratio(window)
    prefill = _log_ratio(window.ttft_s, window.predicted_ttft_s)
    if prefill is None:
        prefill = _log_ratio(window.predicted_mfu, window.mfu)
    if decode is None and prefill is None:
        return correction
    return Correction(
        decode=correction.decode.seeing(decode),
        prefill=correction.prefill.seeing(prefill),
        windows=correction.windows + 1,
    )


def carried_over(correction: Correction) -> Correction:
    """The correction for accelerators that are not running; its basis is the fit's, for nothing was measured there."""
    return replace(
        correction,
        decode=correction.decode.elsewhere(),
        prefill=correction.prefill.elsewhere(),
        windows=0,
    )


def _decode_ratio(window: Window) -> float | None:
    """Of times, measured over predicted: a higher utilisation or throughput is a shorter time."""
    found = _log_ratio(window.tpot_s, window.predicted_tpot_s)
    if found is None:
        found = _log_ratio(window.predicted_mbu, window.mbu)
    if found is None and window.saturated:
        found = _log_ratio(window.predicted_output_tokens_per_s, window.output_tokens_per_s)
    return found


def _log_ratio(above: float | None, below: float | None) -> float | None:
    """None where either is missing, not a number, or not above zero; bounded else."""
    if above is None or below is None:
        return None
    if not (math.isfinite(above) and math.isfinite(below) and above > 0 and below > 0):
        return None
    return max(-LARGEST, min(LARGEST, math.log(above) - math.log(below)))
