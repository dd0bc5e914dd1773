"""A loop over readers that give what a test says, with the clock in the test's hands."""

from __future__ import annotations

import asyncio
from typing import Any

from recorder import Recorder

from advisor import data
from advisor.config import AdvisorConfig, parse_config
from advisor.core.model_spec import model_spec_from_config
from advisor.core.observation import Sample, Scrape
from advisor.core.recommendation import Fleet
from advisor.errors import NotificationError, ObservationError
from advisor.look import Catalogue
from advisor.loop import AdvisorLoop, Memory
from advisor.tick import Tick

LLAMA_8B = {
    "architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16", "max_position_embeddings": 131072,
}  # fmt: skip
START_S = 1_800_000_000.0
WINDOW_S = 60.0


class Metrics:
    """A reader of one living replica with this traffic; None is an outage."""

    source = "test"

    def __init__(self, requests_per_s: float | None, model: str = "m") -> None:
        self.requests_per_s, self.model = requests_per_s, model
        self.device = "cpu"
        self.tpot_s: float | None = 0.01
        self.in_flight = 1.0
        self.waiting: float | None = None
        self._before = 0.0, START_S - 1000  # requests counted by then, at the rate from then on
        self._past: list[tuple[float, float, float]] = []  # and before that, with their rates

    def begin_rate(self, requests_per_s: float, at_s: float) -> None:
        """Counters go on from where they are, at another rate."""
        assert self.requests_per_s is not None
        self._past.append((*self._before, self.requests_per_s))
        self._before = self.counted(at_s), at_s
        self.requests_per_s = requests_per_s

    def counted(self, at_s: float) -> float:
        count, since_s, rate = *self._before, self.requests_per_s or 0.0
        for earlier in reversed(self._past):
            if at_s >= since_s:
                break
            count, since_s, rate = earlier
        return count + rate * (at_s - since_s)

    async def read(self, *, now_s: float, window_s: float) -> tuple[Scrape | None, Scrape]:
        if self.requests_per_s is None:
            raise ObservationError("the metrics are gone")
        return self.scrape(now_s - window_s), self.scrape(now_s)

    def scrape(self, at_s: float) -> Scrape:
        count = self.counted(at_s)
        worker = {"model": self.model, "WorkerId": f"w-{self.model}", "instance": "i"}
        values = {
            "advisor_requests_in_flight": (self.in_flight, {}),
            "vllm_num_requests_running": (self.in_flight, {"model_name": self.model}),
            "advisor_requests_total": (count, {"outcome": "ok"}),
            "advisor_input_tokens_total": (count * 512, {}),
            "advisor_output_tokens_total": (count * 128, {}),
            "advisor_node_utilization_ratio": (0.5, {"node": "n", "device": self.device}),
        }
        if self.waiting is not None:
            values["vllm_num_requests_waiting"] = (self.waiting, {"model_name": self.model})
        bounds = () if self.tpot_s is None else (0.9 * self.tpot_s, 1.1 * self.tpot_s, "+Inf")
        tpot = [
            Sample(
                name="advisor_tpot_seconds_bucket",
                labels={**worker, "le": str(bound)},
                value=value,
                at_s=at_s,
            )
            for bound, value in zip(bounds, (0.0, count, count), strict=False)
        ]
        samples = [
            Sample(name=name, labels={**worker, **labels}, value=value, at_s=at_s)
            for name, (value, labels) in values.items()
        ]
        return Scrape(at_s=at_s, samples=(*samples, *tpot))


class Serve:
    def __init__(self, fleet: Fleet | None) -> None:
        self.fleet = fleet

    async def read(self) -> Fleet | None:
        return self.fleet


class Told:
    name = "told"

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.broken = False

    async def notify(self, tick: Tick) -> None:
        if self.broken:
            raise NotificationError("told: 500")
        self.ticks.append(tick)


class Rig:
    def __init__(
        self, requests_per_s: float | None, memory: Memory | None = None, **config: Any
    ) -> None:
        self.now_s = START_S
        self.metrics, self.told, self.recorder = Metrics(requests_per_s), Told(), Recorder()
        self.serve = Serve(
            Fleet(
                application="llm",
                deployment="LLMServer:m",
                status="RUNNING",
                target_replicas=2,
                running_replicas=2,
            )
        )
        self.config: AdvisorConfig = parse_config(
            {
                "budget": "100000/month",
                "model": "m",
                "slo": [
                    {"latency": "ttft", "at_most": "500ms"},
                    {"latency": "tpot", "at_most": "50ms"},
                ],
                **config,
            },
            where="",
        )
        self.loop = AdvisorLoop(
            config=self.config,
            catalogues={
                self.config.model: Catalogue(
                    spec=model_spec_from_config(LLAMA_8B, name="8b"),
                    accelerators=data.accelerators(),
                    offers=data.offers(),
                )
            },
            metrics_reader=self.metrics,
            fleet_readers={self.config.model: self.serve},
            notifiers=[self.told],
            exporter=self.recorder,
            memory=memory,
            now=lambda: self.now_s,
        )

    def tick(self, after_s: float = 15.0) -> Tick:
        self.now_s += after_s
        [tick] = asyncio.run(self.loop.round())
        return tick
