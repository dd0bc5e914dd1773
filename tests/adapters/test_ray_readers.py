"""Ray's metric endpoints and Serve's API, through fakes of Ray's HTTP answers (their text as Ray 2.60 gives it)."""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from local_server import Answer, Local, Request, answering, in_turn, nobody

from advisor.adapters.ray_metrics import RayMetricsReader, parse
from advisor.adapters.ray_serve import ServeFleetReader
from advisor.core.observation import Scrape
from advisor.core.observe import observe
from advisor.core.recommendation import Fleet
from advisor.errors import ObservationError

MODEL = "Qwen/Qwen2.5-0.5B"
AS_RAY = (
    'Component="core_worker",NodeAddress="127.0.0.1",SessionName="session_2026",Version="2.60.0"'
)


@pytest.fixture(autouse=True)
def ray_token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "tok3n")
    return "tok3n"


def page(num_requests: float, *, worker: str = "w1", engine: bool = True) -> str:
    """One node's metrics as Ray's agent writes them, much of it of no use here."""
    client = f'{AS_RAY},WorkerId="{worker}",model="{MODEL}"'
    lines = [
        "# HELP ray_node_cpu_utilization Total CPU usage on a ray node",
        "# TYPE ray_node_cpu_utilization gauge",
        'ray_node_cpu_utilization{ip="127.0.0.1"} 12.5',
        "# HELP ray_advisor_requests_total Finished generation requests; outcome is ok, error",
        "# TYPE ray_advisor_requests_total counter",
        f'ray_advisor_requests_total{{{client},outcome="ok"}} {num_requests}',
        "# TYPE ray_advisor_requests_in_flight gauge",
        f"ray_advisor_requests_in_flight{{{client}}} 2.0",
        "# TYPE ray_advisor_ttft_seconds histogram",
        f'ray_advisor_ttft_seconds_bucket{{{client},le="0.1"}} {num_requests / 2}',
        f'ray_advisor_ttft_seconds_bucket{{{client},le="0.2"}} {num_requests}',
        f'ray_advisor_ttft_seconds_bucket{{{client},le="+Inf"}} {num_requests}',
        f"ray_advisor_ttft_seconds_count{{{client}}} {num_requests}",
        f"ray_advisor_ttft_seconds_sum{{{client}}} 1e9",
    ]
    if engine:
        labels = f'{AS_RAY},WorkerId="{worker}",ReplicaId="r",engine="0",model_name="{MODEL}"'
        lines.append(f"ray_vllm_kv_cache_usage_perc{{{labels}}} 0.25")
    return "\n".join(lines) + "\n# EOF\n"


class FakeRay:
    """A dashboard that names one metric endpoint per page; a page of None does not answer."""

    def __init__(self, *pages: str | None) -> None:
        self.pages = list(pages)
        self._stack = ExitStack()

    def __enter__(self) -> FakeRay:
        self.targets = [
            self._stack.enter_context(answering(lambda _, i=i: self._page(i)))
            for i in range(len(self.pages))
        ]
        self.dashboard = self._stack.enter_context(answering(self._discovery))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _page(self, index: int) -> Answer:
        text = self.pages[index]
        return Answer(500, "") if text is None else Answer(200, text)

    def _discovery(self, request: Request) -> Answer:
        if request.headers.get("authorization") != "Bearer tok3n":
            return Answer(401, "Unauthorized: Missing authentication token")
        assert request.path == "/api/prometheus/sd"
        groups = [{"labels": {"job": "ray"}, "targets": [t.address for t in self.targets]}]
        return Answer(200, json.dumps(groups))


def reads(
    reader: RayMetricsReader, *times_s: float, window_s: float = 60.0, before: Any = None
) -> list[tuple[Scrape | None, Scrape]]:
    """One read at each of the times; `before(i)` runs ahead of the i-th."""

    async def all_of_them() -> list[tuple[Scrape | None, Scrape]]:
        found = []
        try:
            for index, now_s in enumerate(times_s):
                if before is not None:
                    before(index)
                found.append(await reader.read(now_s=now_s, window_s=window_s))
        finally:
            await reader.aclose()
        return found

    return asyncio.run(all_of_them())


def reader_of(ray: FakeRay | str, tmp_path: Path) -> RayMetricsReader:
    url = ray if isinstance(ray, str) else ray.dashboard.url
    return RayMetricsReader(url, discovery_file=tmp_path / "prom_metrics_service_discovery.json")


def test_two_reads_make_an_observation(tmp_path: Path) -> None:
    with FakeRay(page(100), page(40, worker="w2")) as ray:

        def work(index: int) -> None:
            if index == 1:
                ray.pages = [page(160), page(70, worker="w2")]

        first, second = reads(reader_of(ray, tmp_path), 1000.0, 1060.0, before=work)
    assert first[0] is None
    seen = observe(then=second[0], now=second[1], model=MODEL, source="ray")
    assert seen.requests_per_s is not None
    assert seen.requests_per_s.value == 1.5
    assert seen.requests_per_s.age_s == 0
    assert seen.num_replicas_seen == 2
    assert seen.requests_in_flight is not None
    assert seen.requests_in_flight.value == 4
    assert seen.ttft is not None
    assert seen.ttft.num_requests == 90
    assert seen.ttft.p50_s == pytest.approx(0.1)
    assert seen.kv_cache_usage is not None


def test_only_what_is_needed_is_kept(tmp_path: Path) -> None:
    with FakeRay(page(1)) as ray:
        [(_, now)] = reads(reader_of(ray, tmp_path), 1000.0)
        address = ray.targets[0].address
    assert {sample.name for sample in now.samples} == {
        "advisor_requests_total",
        "advisor_requests_in_flight",
        "advisor_ttft_seconds_bucket",
        "vllm_kv_cache_usage_perc",
    }
    assert {sample.labels["instance"] for sample in now.samples} == {address}


def test_the_earlier_scrape_is_the_one_nearest_to_a_window_ago(tmp_path: Path) -> None:
    with FakeRay(page(1)) as ray:
        found = reads(reader_of(ray, tmp_path), *range(1000, 1200, 15), window_s=60.0)
    apart_s = [now.at_s - then.at_s for then, now in found if then is not None]
    assert apart_s == [15, 30, 45, *[60] * 10]


def test_the_memory_of_scrapes_is_bounded_and_survives_a_clock_set_back(tmp_path: Path) -> None:
    with FakeRay(page(1)) as ray:
        times_s = [*range(1000, 1010), *range(100, 110)]
        found = reads(reader_of(ray, tmp_path), *times_s, window_s=5.0)
    then, now = found[-1]
    assert then is not None
    assert now.at_s - then.at_s == 5


@pytest.mark.parametrize(
    "bad",
    [None, "ray_advisor_requests_total{ 1 2 3\n", 'ray_advisor_requests_total{model="x"} one\n'],
)
def test_a_target_that_does_not_answer_sensibly_is_silent(bad: str | None, tmp_path: Path) -> None:
    with FakeRay(page(1), bad) as ray:
        [(_, now)] = reads(reader_of(ray, tmp_path), 1000.0)
        assert now.silent == (ray.targets[1].address,)
    assert now.samples


def test_a_replica_whose_node_falls_silent_is_named(tmp_path: Path) -> None:
    with FakeRay(page(100), page(40, worker="w2")) as ray:

        def fail(index: int) -> None:
            if index == 1:
                ray.pages[1] = None

        _, (then, now) = reads(reader_of(ray, tmp_path), 1000.0, 1060.0, before=fail)
        address = ray.targets[1].address
    seen = observe(then=then, now=now, model=MODEL, source="ray")
    assert seen.silent_targets == (address, "replica w2")


def test_nobody_answering_is_an_error(tmp_path: Path) -> None:
    with FakeRay(None, None) as ray, pytest.raises(ObservationError, match="none of Ray's 2"):
        reads(reader_of(ray, tmp_path), 1000.0)


def test_the_token_goes_to_the_dashboard_and_nowhere_else(tmp_path: Path) -> None:
    with FakeRay(page(1)) as ray:
        reads(reader_of(ray, tmp_path), 1000.0)
        [asked] = ray.targets[0].requests
    assert "authorization" not in asked.headers


def test_the_token_is_found_where_ray_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("tok3n\n")
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    with FakeRay(page(1)) as ray:
        assert reads(reader_of(ray, tmp_path), 1000.0)
        monkeypatch.delenv("RAY_AUTH_TOKEN_PATH")
        monkeypatch.setenv("HOME", str(tmp_path))
        with pytest.raises(ObservationError, match=r"answers 401: Ray wants its token"):
            reads(reader_of(ray, tmp_path), 1000.0)
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text("tok3n")
        assert reads(reader_of(ray, tmp_path), 1000.0)


def test_rays_own_file_serves_where_the_dashboard_does_not_answer(tmp_path: Path) -> None:
    with FakeRay(page(1)) as ray:
        groups = [{"labels": {"job": "ray"}, "targets": [ray.targets[0].address]}]
        file = tmp_path / "prom_metrics_service_discovery.json"
        file.write_text(json.dumps(groups))
        [(_, now)] = reads(reader_of(nobody(), tmp_path), 1000.0)
        assert now.samples
        file.write_text("{")
        with pytest.raises(ObservationError, match="cannot be reached"):
            reads(reader_of(nobody(), tmp_path), 1000.0)


@pytest.mark.parametrize("text", ["<html>", "7", '{"error": "x"}', '[{"labels": {}}]', "[7]"])
def test_what_is_not_service_discovery_is_one_clear_line(text: str, tmp_path: Path) -> None:
    with (
        answering(lambda _: Answer(200, text)) as server,
        pytest.raises(ObservationError, match="does not answer like Ray's service discovery"),
    ):
        reads(reader_of(server.url, tmp_path), 1000.0)


def test_no_targets_is_an_error(tmp_path: Path) -> None:
    with (
        answering(lambda _: Answer(200, "[]")) as server,
        pytest.raises(ObservationError, match="names no metric endpoint"),
    ):
        reads(reader_of(server.url, tmp_path), 1000.0)


def test_values_that_are_no_numbers_are_kept_for_the_observation_to_refuse() -> None:
    text = (
        'ray_advisor_requests_total{model="m"} NaN\nray_advisor_requests_total{model="n"} +Inf\n'
    )
    samples = parse(text.encode(), at_s=1.0, target="t")
    assert [math.isfinite(sample.value) for sample in samples] == [False, False]


# --- Serve's API --------------------------------------------------------------------------------------------------------

DEPLOYMENT = "LLMServer:Qwen--Qwen2_5-0_5B"


def serve_details(
    *others: str, application: str = "llm", deployment: str = DEPLOYMENT
) -> dict[str, Any]:
    """What `GET /api/serve/applications/` answers (ray.serve.schema.ServeInstanceDetails), shortened."""
    states = ["RUNNING", "RUNNING", "STARTING", "STOPPING"]
    replicas = [{"replica_id": f"r{i}", "state": state} for i, state in enumerate(states)]
    deployments = {
        name: {"name": name, "status": "HEALTHY", "target_num_replicas": 1, "replicas": []}
        for name in others
    }
    deployments[deployment] = {
        "name": deployment,
        "status": "UPSCALING",
        "target_num_replicas": 3,
        "replicas": replicas,
    }
    return {
        "controller_info": {},
        "proxies": {},
        "applications": {
            "advisor": {"name": "advisor", "status": "RUNNING", "deployments": {}},
            application: {"name": application, "status": "DEPLOYING", "deployments": deployments},
        },
    }


def fleet_at(url: str, model: str = MODEL) -> Fleet | None:
    async def once() -> Fleet | None:
        reader = ServeFleetReader(url, model)
        try:
            return await reader.read()
        finally:
            await reader.aclose()

    return asyncio.run(once())


def fleet_of(answer: Any) -> Fleet | None:
    with serve_answering(answer) as server:
        return fleet_at(server.url)


def serve_answering(answer: Any) -> Any:
    reply = answer if isinstance(answer, Answer) else Answer(200, json.dumps(answer))
    return answering(in_turn(reply))


def test_the_fleet_is_the_models_deployment() -> None:
    with serve_answering(serve_details("LLMRouter")) as server:
        fleet = fleet_at(server.url)
        asked = requests_of(server)
    assert asked == [("/api/serve/applications/", "Bearer tok3n")]
    assert fleet == Fleet(
        application="llm",
        deployment=DEPLOYMENT,
        status="DEPLOYING",
        target_replicas=3,
        running_replicas=2,
        data_path="direct-streaming",
    )


def requests_of(server: Local) -> list[tuple[str, str]]:
    return [(request.path, request.headers["authorization"]) for request in server.requests]


@pytest.mark.parametrize(
    ("others", "data_path"),
    [
        (["LLMRouter"], "direct-streaming"),
        (["OpenAiIngress"], "stock"),
        (["MeasuredIngress"], "stock"),
        ([], None),
    ],
)
def test_the_data_path_shows_in_the_deployments(others: list[str], data_path: str | None) -> None:
    fleet = fleet_of(serve_details(*others))
    assert fleet is not None
    assert fleet.data_path == data_path


def test_a_subclass_of_the_server_is_found_and_another_model_is_not() -> None:
    assert fleet_of(serve_details(deployment="MyServer:Qwen--Qwen2_5-0_5B")) is not None
    assert fleet_of(serve_details(deployment="LLMServer:other")) is None
    assert fleet_of({"applications": {}}) is None


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(401), "answers 401: Ray wants its token"),
        (Answer(500), "answers 500"),
        (Answer(200, "<html>"), "does not answer like Ray Serve"),
        (Answer(200, "[]"), "does not answer like Ray Serve"),
        (Answer(200, '{"applications": {"llm": 7}}'), "does not answer like Ray Serve"),
    ],
)
def test_an_odd_answer_of_serve_is_one_clear_line(answer: Answer, says: str) -> None:
    with pytest.raises(ObservationError, match=says):
        fleet_of(answer)
    with pytest.raises(ObservationError, match="cannot be reached"):
        fleet_at(nobody())


@pytest.mark.parametrize(
    ("config", "devices"),
    [
        ({"engine_kwargs": {"tensor_parallel_size": 4, "pipeline_parallel_size": 2}}, 8),
        ({}, 1),
        ({"accelerator_config": {"kind": "cpu"}, "engine_kwargs": {}}, None),
    ],
)
def test_a_replicas_devices_are_those_the_deployed_file_asks_for(
    config: dict[str, Any], devices: int | None
) -> None:
    answer = serve_details()
    loading = {"model_loading_config": {"model_id": MODEL}}
    answer["applications"]["llm"]["deployed_app_config"] = {
        "args": {
            "llm_configs": [{"model_loading_config": {"model_id": "other"}}, {**loading, **config}]
        }
    }
    fleet = fleet_of(answer)
    assert fleet is not None
    assert fleet.devices_per_replica == devices


# --- which replicas are on spot

LABEL = "ray.io/market-type"


def nodes_answer(labels: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What `GET /api/v0/nodes` answers (Ray 2.60, 2026-11-25), shortened."""
    rows = [
        {"node_id": name, "node_ip": "10.0.0.1", "state": "ALIVE", "labels": {"ray.io/node-id": name, **more}}
        for name, more in labels.items()
    ]  # fmt: skip
    return {"result": True, "msg": "", "data": {"result": {"total": len(rows), "result": rows}}}


def details_on(*nodes: str | None) -> dict[str, Any]:
    """One running replica on each node; a fourth is on its way."""
    found = serve_details()
    deployment = found["applications"]["llm"]["deployments"][DEPLOYMENT]
    deployment["replicas"] = [
        {"replica_id": f"r{i}", "state": "RUNNING", **({} if node is None else {"node_id": node})}
        for i, node in enumerate(nodes)
    ] + [{"replica_id": "r9", "state": "STARTING", "node_id": "elsewhere"}]
    return found


class LabelledRay:
    """A dashboard whose nodes have labels, or whose state API answers with something else."""

    def __init__(self, details: dict[str, Any], nodes: Any) -> None:
        self.details, self.nodes = details, nodes

    def __call__(self, request: Request) -> Answer:
        assert request.headers["authorization"] == "Bearer tok3n"
        if request.path.startswith("/api/v0/nodes"):
            return (
                self.nodes
                if isinstance(self.nodes, Answer)
                else Answer(200, json.dumps(self.nodes))
            )
        return Answer(200, json.dumps(self.details))


def spot_replicas_over(ray: LabelledRay, changes: list[Any]) -> tuple[list[int | None], int]:
    """As read in each round, the nodes' answer or the details changed before it; and how often nodes were asked for."""

    async def rounds(url: str) -> list[int | None]:
        reader = ServeFleetReader(url, MODEL)
        found = []
        for change in changes:
            if change is not None:
                change(ray)
            fleet = await reader.read()
            assert fleet is not None
            found.append(fleet.spot_replicas)
        await reader.aclose()
        return found

    with answering(ray) as server:
        found = asyncio.run(rounds(server.url))
        asked = sum(request.path.startswith("/api/v0/nodes") for request in server.requests)
    return found, asked


SPOT, PLAIN = {LABEL: "spot"}, {LABEL: "on-demand"}


@pytest.mark.parametrize(
    ("nodes", "labels", "expected"),
    [
        (["a", "b", "c"], {"a": SPOT, "b": PLAIN, "c": SPOT}, 2),
        (["a", "a", "b"], {"a": {LABEL: "SPOT"}, "b": PLAIN}, 2),
        (["a", "b"], {"a": PLAIN, "b": PLAIN}, 0),
        (["a", "b"], {"a": SPOT, "b": {}}, None),
        (["a", "b"], {"a": SPOT}, None),
        (["a", None], {"a": SPOT}, None),
        ([], {"a": SPOT}, None),
    ],
)
def test_spot_replicas_are_counted_by_the_labels_of_their_nodes(
    nodes: list[str | None], labels: dict[str, dict[str, str]], expected: int | None
) -> None:
    ray = LabelledRay(details_on(*nodes), nodes_answer(labels))
    assert spot_replicas_over(ray, [None])[0] == [expected]


def test_labels_are_asked_for_once_for_a_set_of_nodes() -> None:
    ray = LabelledRay(details_on("a", "b"), nodes_answer({"a": SPOT, "b": PLAIN, "c": SPOT}))

    def grow(ray: LabelledRay) -> None:
        ray.details = details_on("a", "b", "c")

    def unlabelled(ray: LabelledRay) -> None:
        ray.details = details_on("a", "new")

    found, asked = spot_replicas_over(ray, [None, None, grow, unlabelled, None, None])
    assert found == [1, 1, 2, None, None, None]
    assert asked == 2


@pytest.mark.parametrize(
    "odd",
    [Answer(500, ""), Answer(200, "<html>"), 7, {"data": None}, nodes_answer({"a": {LABEL: 7}})],  # type: ignore[dict-item]
)
def test_a_state_api_that_does_not_answer_leaves_it_unknown_and_is_asked_again(odd: Any) -> None:
    ray = LabelledRay(details_on("a"), odd)

    def mended(ray: LabelledRay) -> None:
        ray.nodes = nodes_answer({"a": SPOT})

    found, asked = spot_replicas_over(ray, [None, None, mended, None])
    assert found == [None, None, 1, 1]
    assert asked == 3
