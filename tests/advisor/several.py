"""A loop over several models on L4s of one price, whose loads a test gives in replicas, and a world that obeys."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from recorder import Recorder
from rig import LLAMA_8B, START_S, Metrics, Serve, Told

from advisor import data
from advisor.config import Config, parse_config
from advisor.core.model_spec import model_spec_from_config
from advisor.core.objective import Budget, Latency, Slo
from advisor.core.observation import Scrape
from advisor.core.pricing import OfferFilter
from advisor.core.recommend import Constraints, recommend
from advisor.core.recommendation import Action, Candidate, Fleet
from advisor.core.workload import Workload, WorkloadSource
from advisor.look import Catalogue
from advisor.loop import AdvisorLoop, Memory
from advisor.tick import Tick

L4, PROVIDER = "L4-24GB", "jarvislabs"
SPEC = model_spec_from_config(LLAMA_8B, name="8b")
# Of a bound on the whole answer the scaling policy says nothing: needs are what the performance model counts.
SLO = [{"latency": "e2e", "at_most": "30s"}]
TICK_S = 15.0


@cache
def one_replica() -> Candidate:
    """What one replica is and does, for the lengths that `Metrics` has."""
    from datetime import date

    found = recommend(
        spec=SPEC,
        workload=Workload(requests_per_s=0.01, isl=510, osl=130, source=WorkloadSource.OBSERVED),
        slos=[Slo(latency=Latency.E2E, bound_s=30.0, percentile=95)],
        budget=Budget(usd_per_hour=100.0),
        offers=data.offers(),
        accelerators=data.accelerators(),
        constraints=Constraints(offers=OfferFilter(providers=[PROVIDER]), accelerators=[L4]),
        today=date(2026, 11, 25),
    )
    assert found.best is not None
    return found.best


def usd(replicas: float) -> float:
    return replicas * one_replica().usd_per_hour


class ManyMetrics:
    """One reader of all models; what of a model is None is left out."""

    source = "test"

    def __init__(self, models: Mapping[str, Metrics]) -> None:
        self.models = models

    async def read(self, *, now_s: float, window_s: float) -> tuple[Scrape | None, Scrape]:
        return self.scrape(now_s - window_s), self.scrape(now_s)

    def scrape(self, at_s: float) -> Scrape:
        scrapes = [
            one.scrape(at_s) for one in self.models.values() if one.requests_per_s is not None
        ]
        return Scrape(at_s=at_s, samples=tuple(s for one in scrapes for s in one.samples))


class Several:
    """`needs` are the loads in replicas; `cap` is what the budget pays for, in replicas."""

    def __init__(
        self,
        needs: Mapping[str, float | None],
        cap: float,
        *,
        memory: Memory | None = None,
        entries: Mapping[str, Mapping[str, Any]] | None = None,
        running: int = 1,
        **config: Any,
    ) -> None:
        self.now_s = START_S
        self.metrics = {name: Metrics(None, name) for name in needs}
        for metrics in self.metrics.values():
            metrics.device, metrics.tpot_s = "gpu0 NVIDIA L4", None
        self.needs(**needs)
        self.serves = {
            name: Serve(
                Fleet(
                    application=name,
                    deployment=f"LLMServer:{name}",
                    status="RUNNING",
                    target_replicas=running,
                    running_replicas=running,
                    devices_per_replica=1,
                )
            )
            for name in needs
        }
        self.told, self.recorder = Told(), Recorder()
        each = [
            {"model": name, "slo": SLO, "accelerators": [L4], **(entries or {}).get(name, {})}
            for name in needs
        ]
        self.config: Config = parse_config(
            {
                "budget": f"{usd(cap) * (1 + 1e-9)}/hour",
                "models": each,
                "providers": [PROVIDER],
                **config,
            },
            where="",
        )
        catalogue = Catalogue(spec=SPEC, accelerators=data.accelerators(), offers=data.offers())
        self.loop = AdvisorLoop(
            config=self.config,
            catalogues=dict.fromkeys(needs, catalogue),
            metrics_reader=ManyMetrics(self.metrics),
            fleet_readers=self.serves,
            notifiers=[self.told],
            exporter=self.recorder,
            memory=memory,
            now=lambda: self.now_s,
        )

    def needs(self, **needs: float | None) -> None:
        each = one_replica().prediction.max_requests_per_s
        for name, need in needs.items():
            rate = None if need is None else need * each * (1 - 1e-7)  # 4 are not 4.0000001
            self.metrics[name].requests_per_s = rate

    def round(self, after_s: float = TICK_S) -> dict[str, Tick]:
        self.now_s += after_s
        return {tick.model: tick for tick in asyncio.run(self.loop.round())}

    def obeyed(self, after_s: float = TICK_S) -> dict[str, Tick]:
        """A round, and then everything is as it was decided."""
        ticks = self.round(after_s)
        for name, tick in ticks.items():
            if tick.decision.action is Action.SCALE:
                self.runs(**{name: tick.decision.target_replicas})
        return ticks

    def runs(self, **replicas: int | None) -> None:
        for name, count in replicas.items():
            fleet = self.serves[name].fleet
            assert fleet is not None
            self.serves[name].fleet = replace(fleet, running_replicas=count, target_replicas=count)

    def running(self) -> dict[str, int]:
        return {name: serve.fleet.running_replicas or 0 for name, serve in self.serves.items()}
