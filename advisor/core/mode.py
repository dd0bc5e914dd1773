"""Which way to keep hardware costs least: always on, only while there is traffic, behind a queue, or for one job.

Each is priced in dollars (`core/mode_costs.py`), whatever breaks an objective, a limit or a deadline is excluded with the
number that did it, and of the rest the cheapest wins. What cannot be priced, because something is not known, is not chosen.

A mode is not changed for pennies: another must save a tenth of what the present one costs. Nor is it changed for a moment:
`core/mode_in_use.py` follows what is chosen here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from advisor.core.inference_options import Limits, over_limit
from advisor.core.mode_costs import ModePrice, Supply, TrafficClass, always_on
from advisor.core.objective import Mode
from advisor.core.queue_costs import queued
from advisor.core.recommendation import Rejected
from advisor.core.zero_costs import break_even_idle_share, scale_to_zero

__all__ = [
    "UNPRICED",
    "ModeChoice",
    "ModePrice",
    "Supply",
    "TrafficClass",
    "choose_mode",
    "choose_modes",
]

MIN_SAVING_SHARE = 0.10  # of the present mode's dollars: less is not worth a change


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChoice:
    """The mode for one class of traffic, and all four priced, in the order of `Mode`.

    Where everything is excluded `feasible` is false, and the mode is the present one.
    """

    mode: Mode
    reason: str
    options: tuple[ModePrice, ...]
    feasible: bool = True
    break_even_idle_share: float | None = None  # of scale-to-zero; None: at none, or not known
    traffic: str = "all requests"

    def option(self, mode: Mode) -> ModePrice:
        return next(option for option in self.options if option.mode is mode)

    @property
    def usd_per_hour(self) -> float | None:
        return self.option(self.mode).usd_per_hour

    @property
    def cost_share(self) -> float:
        """Of what the same traffic costs always on; 1 where that is not known."""
        if self.mode is Mode.ALWAYS_ON:
            return 1.0
        usd, full = self.usd_per_hour, self.option(Mode.ALWAYS_ON).usd_per_hour
        return usd / full if usd is not None and full else 1.0

    @property
    def rejected(self) -> tuple[Rejected, ...]:
        return tuple(
            Rejected(
                accelerator=None, tp_degree=None, mode=option.mode, reason=self._against(option)
            )
            for option in self.options
            if option.mode is not self.mode
        )

    def _against(self, option: ModePrice) -> str:
        if option.excluded is not None:
            return option.excluded
        usd, chosen = option.usd_per_hour, self.usd_per_hour
        assert usd is not None
        more = "" if chosen is None else f", {_compared(usd, chosen)} {self.mode}"
        return f"{_money(option)}{more}: {option.formula}"


UNPRICED = ModeChoice(
    mode=Mode.ALWAYS_ON,
    reason="no hardware holds the model, so no mode has a price",
    options=(),
    feasible=False,
)


def choose_mode(
    traffic: TrafficClass,
    supply: Supply,
    *,
    present: Mode = Mode.ALWAYS_ON,
    asked: Mode | None = None,
    limits: Mapping[Mode, Limits] | None = None,
    min_saving_share: float = MIN_SAVING_SHARE,
) -> ModeChoice:
    """The cheapest mode that nothing excludes, where it saves enough over the `present` one; ValueError for absurd input.

    `asked` is taken whatever it costs, and the reason says what the merits would have been. `limits` are a platform's, such
    as SageMaker's.
    """
    _check(traffic, supply)
    options = tuple(
        _within(option, traffic, (limits or {}).get(option.mode))
        for option in _prices(traffic, supply)
    )
    merits = _cheapest(options, present, min_saving_share)
    choice = ModeChoice(
        mode=present if merits is None else merits,
        reason="",
        options=options,
        feasible=merits is not None,
        break_even_idle_share=break_even_idle_share(
            traffic, supply, min_saving_share=min_saving_share
        ),
        traffic=traffic.name,
    )
    reason = _reason(choice, traffic, supply, min_saving_share)
    if asked is None or asked is merits:
        return replace(choice, reason=reason)
    return replace(
        choice,
        mode=asked,
        reason=f"asked for; on its merits it would be {merits or 'none'}: {reason}",
    )


def choose_modes(
    classes: Iterable[tuple[TrafficClass, Supply]], *, present: Mapping[str, Mode] | None = None
) -> dict[str, ModeChoice]:
    """A mode for each class of traffic that is told apart, each served by hardware of its own."""
    now = present or {}
    return {
        traffic.name: choose_mode(traffic, supply, present=now.get(traffic.name, Mode.ALWAYS_ON))
        for traffic, supply in classes
    }


def _prices(traffic: TrafficClass, supply: Supply) -> tuple[ModePrice, ...]:
    return (
        always_on(traffic, supply),
        scale_to_zero(traffic, supply),
        queued(Mode.ASYNC, traffic, supply),
        queued(Mode.BATCH, traffic, supply),
    )


def _within(option: ModePrice, traffic: TrafficClass, limits: Limits | None) -> ModePrice:
    if limits is None:
        return option
    over = over_limit(
        limits,
        payload_bytes=traffic.payload_bytes,
        processing_s=traffic.processing_s,
        concurrency=traffic.peak_requests_per_s * traffic.processing_s,
    )
    return option if over is None else replace(option, excluded=over)


def _cheapest(options: Sequence[ModePrice], present: Mode, min_saving_share: float) -> Mode | None:
    able = {
        option.mode: option.usd_per_hour
        for option in options
        if option.excluded is None and option.usd_per_hour is not None
    }
    if not able:
        return None
    best = min(able, key=lambda mode: (able[mode], list(Mode).index(mode)))
    if present in able and able[best] > able[present] * (1.0 - min_saving_share):
        return present
    return best


def _check(traffic: TrafficClass, supply: Supply) -> None:
    rates = (traffic.peak_requests_per_s, traffic.mean_per_s or 0.0, *traffic.rates_per_s)
    if not all(0 <= rate < float("inf") for rate in rates):
        raise ValueError(f"{traffic.name}: a rate is neither negative nor infinite")
    if not 0 <= traffic.missed_share <= 1:
        raise ValueError(
            f"{traffic.name}: missed_share is {traffic.missed_share}, expected 0 to 1"
        )
    if traffic.deadline_s is not None and not traffic.deadline_s > 0:
        raise ValueError(f"{traffic.name}: a deadline is above zero, got {traffic.deadline_s}")
    if not (traffic.payload_bytes >= 0 and traffic.processing_s >= 0 and traffic.window_s > 0):
        raise ValueError(f"{traffic.name}: sizes and times are not negative")
    if not (
        supply.usd_per_hour >= 0 and supply.replicas >= 1 and supply.saturated_requests_per_s > 0
    ):
        raise ValueError("a supply has a price, a replica at least, and a rate above zero")
    if not (supply.cold_start_s >= 0 and supply.drain_s >= 0 and supply.min_billed_s >= 0):
        raise ValueError("times of a supply are not negative")


# --- words


def _reason(
    choice: ModeChoice, traffic: TrafficClass, supply: Supply, min_saving_share: float
) -> str:
    if not choice.feasible:
        return "every mode is excluded"
    best = choice.option(choice.mode)
    parts = [f"{_money(best)}: {best.formula}"]
    if best.cold_hit_share is not None and best.starts_per_hour > 0:
        parts.append(f"{best.cold_hit_share:.2%} of the requests meet a start")
    parts += _next_best(choice, min_saving_share)
    return "; ".join([*parts, _break_even(choice, traffic, supply, min_saving_share)])


def _next_best(choice: ModeChoice, min_saving_share: float) -> list[str]:
    chosen = choice.usd_per_hour
    others = [
        (option.usd_per_hour, option.mode)
        for option in choice.options
        if option.mode is not choice.mode
        and option.excluded is None
        and option.usd_per_hour is not None
    ]
    if not others or chosen is None:
        return []
    usd, mode = min(others, key=lambda other: other[0])
    if usd >= chosen:
        return [
            f"{mode} would cost {_compared(usd, chosen).removesuffix(' than').removesuffix(' as')}"
        ]
    return [
        f"{mode} would save ${chosen - usd:.2f}/h, under the {min_saving_share:.0%} that a change of mode must save"
    ]


def _break_even(
    choice: ModeChoice, traffic: TrafficClass, supply: Supply, min_saving_share: float
) -> str:
    gaps = traffic.gaps
    if gaps is None:
        return "the break-even idle share is not known: nobody has counted the gaps"
    if not gaps.lengths_s:
        return "traffic does not pause"
    drawn = "" if gaps.observed else " (taken as exponential)"
    given = (
        f"{gaps.per_hour:.3g} gaps an hour of {gaps.mean_s:.0f} s on average{drawn}, a start of {supply.cold_start_s:g} s "
        f"and {min_saving_share:.0%} to save"
    )
    share = choice.break_even_idle_share
    if share is None:
        return f"idle {gaps.idle_share:.0%}, and scale-to-zero pays at no idle share: {given}"
    return f"idle {gaps.idle_share:.0%}, scale-to-zero pays from {share:.0%} on: {given}"


def _money(option: ModePrice) -> str:
    return f"${option.usd_per_hour:.2f}/h (${option.usd_per_month:,.0f} a month)"


def _compared(usd: float, chosen: float) -> str:
    if usd == chosen:
        return "as much as"
    return f"${abs(usd - chosen):.2f}/h {'more' if usd > chosen else 'less'} than"
