"""History out of a real Prometheus that holds a known day: what comes back is what was written."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from prometheus_server import prometheus
from typer.testing import CliRunner

from advisor.backtest.history import lengths_of, read_history, selector, without_credentials
from advisor.cli import cli
from advisor.core.capacity import ServiceObjective
from advisor.errors import ObservationError

MODEL = 'org/model-1 "quoted"'
HOURS = 6
SCRAPE_S = 15
RATES = (0.5, 2.0)  # requests/s, hour by hour in turn
ISL, OSL = 800, 120
REPLICAS = (1, 3)
OBJECTIVE = ServiceObjective(ttft_base_s=2.0, tpot_s=0.05)


def rate_at(second: float) -> float:
    return RATES[int(second // 3600) % 2]


def exposition(end_s: int) -> str:
    """Six hours of two workers' counters, histograms and gauges, as OpenMetrics with times."""
    name = MODEL.replace('"', '\\"')
    counters: dict[str, list[str]] = {}
    totals = [0.0, 0.0]
    start_s = end_s - HOURS * 3600
    for at_s in range(start_s, end_s + 1, SCRAPE_S):
        elapsed = at_s - start_s
        for worker in (0, 1):
            count = totals[worker]
            labels = f'model="{name}",WorkerId="w{worker}"'
            rows = {
                "ray_advisor_requests": (f'_total{{{labels},outcome="ok"}}', count),
                "ray_advisor_input_tokens": (f"_total{{{labels}}}", count * ISL),
                "ray_advisor_output_tokens": (f"_total{{{labels}}}", count * OSL),
                "ray_advisor_actual_replicas": (
                    f"{{{labels}}}",
                    REPLICAS[int(elapsed // 3600) % 2],
                ),
            }
            for family, (suffix, value) in rows.items():
                counters.setdefault(family, []).append(f"{family}{suffix} {value} {at_s}")
            for family, bounds in (
                ("ray_advisor_ttft_seconds", ((1.0, 0.9), (2.0, 0.95), (math.inf, 1.0))),
                ("ray_vllm_request_prompt_tokens", ((500.0, 0.5), (2000.0, 1.0), (math.inf, 1.0))),
            ):
                tag = labels if "advisor" in family else labels.replace("model=", "model_name=")
                for bound, share in bounds:
                    le = "+Inf" if bound == math.inf else f"{bound:g}"
                    counters.setdefault(family, []).append(
                        f'{family}_bucket{{{tag},le="{le}"}} {count * share} {at_s}'
                    )
            totals[worker] += rate_at(elapsed) / 2 * SCRAPE_S
    lines = []
    for family, rows in counters.items():
        kind = (
            "gauge"
            if family.endswith("replicas")
            else "histogram"
            if "bucket" in rows[0]
            else "counter"
        )
        lines += [f"# TYPE {family} {kind}", *sorted(rows, key=lambda row: row.rsplit(" ", 2)[0])]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, float]]:
    """A server that holds the six hours, and when they end."""
    promtool = shutil.which("promtool")
    assert promtool, "no promtool on the PATH (Debian: apt-get install prometheus)"
    folder = tmp_path_factory.mktemp("prometheus")
    end_s = int(time.time() // 60 * 60)
    (folder / "history.txt").write_text(exposition(end_s))
    subprocess.run(
        [
            promtool,
            "tsdb",
            "create-blocks-from",
            "openmetrics",
            folder / "history.txt",
            folder / "tsdb",
        ],
        check=True,
        capture_output=True,
    )
    with prometheus(folder) as url:
        yield url, float(end_s)


pytestmark = pytest.mark.prometheus


def test_rates_lengths_and_replicas_come_back(server: tuple[str, float]) -> None:
    url, end_s = server
    found = read_history(url, since_s=HOURS * 3600, model=None, objective=OBJECTIVE, now_s=end_s)
    assert found.model == MODEL
    expected = sum(RATES) / 2 * HOURS * 3600
    assert found.requests.sum() == pytest.approx(expected, rel=0.02)
    middle = [np.median(found.requests[hour * 60 + 5 : hour * 60 + 55]) for hour in range(HOURS)]
    assert middle == pytest.approx([rate * 60 for rate in RATES * 3], rel=0.02)
    assert np.median(found.isl) == pytest.approx(ISL, rel=0.01)
    assert np.median(found.osl) == pytest.approx(OSL, rel=0.01)
    assert [found.replicas[hour * 60 + 30] for hour in range(HOURS)] == list(REPLICAS * 3)
    assert found.ttft_kept == pytest.approx(0.95, abs=0.01)
    assert found.tpot_kept is None
    assert found.input_lengths.shares == pytest.approx([0.5, 0.5], abs=0.01)


def test_the_requests_drawn_again_are_as_many_and_as_long(server: tuple[str, float]) -> None:
    url, end_s = server
    found = read_history(url, since_s=HOURS * 3600, model=MODEL, objective=OBJECTIVE, now_s=end_s)
    one, again, other = found.trace(seed=0), found.trace(seed=0), found.trace(seed=1)
    assert len(one) == pytest.approx(found.requests.sum(), rel=0.01)
    assert one.input_tokens.mean() == pytest.approx(ISL, rel=0.03)
    assert one.output_tokens.mean() == pytest.approx(OSL, rel=0.03)
    assert (np.diff(one.arrival_s) >= 0).all()
    assert (one.arrival_s == again.arrival_s).all()
    assert not np.array_equal(one.arrival_s, other.arrival_s)
    assert one.reconstructed


def test_the_command_sets_the_advice_beside_what_ran(
    server: tuple[str, float], tmp_path: Path
) -> None:
    url, _ = server
    replica = tmp_path / "replica.yaml"
    replica.write_text(
        "step_base_s: 0.01\nstep_per_seq_s: 1.0e-4\nstep_per_prefill_token_s: 1.0e-4\nkv_capacity_tokens: 100000\n"
    )
    out = tmp_path / "out.json"
    result = CliRunner().invoke(
        cli,
        ["backtest", "--prometheus", url, "--since", "6h", "--replica-model", str(replica), "--policy", "naive",
         "--json", str(out)],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    body = json.loads(out.read_text())
    assert body["reconstructed"]
    by_name = {one["policy"]: one["draws"][0] for one in body["policies"]}
    assert set(by_name) == {"clairvoyant", "naive", "what ran"}
    # One replica three hours and three for three hours.
    assert by_name["what ran"]["replica_hours"] == pytest.approx(12.0, rel=0.1)
    assert by_name["clairvoyant"]["usd"] <= by_name["what ran"]["usd"]


def test_a_server_without_our_metrics_a_wrong_name_and_no_server_are_one_error(
    server: tuple[str, float],
) -> None:
    url, end_s = server
    with pytest.raises(ObservationError, match="no request was counted"):
        read_history(url, since_s=3600, model="another", objective=OBJECTIVE, now_s=end_s)
    with pytest.raises(ObservationError, match="no advisor_requests_total in the last"):
        read_history(url, since_s=3600, model=None, objective=OBJECTIVE, now_s=end_s - 86_400)
    with pytest.raises(ObservationError, match="cannot be reached"):
        read_history("http://127.0.0.1:9", since_s=3600, model=None, objective=OBJECTIVE)


def test_a_long_span_is_asked_for_in_parts_and_comes_back_whole(server: tuple[str, float]) -> None:
    url, end_s = server
    whole, parts = (
        read_history(url, since_s=HOURS * 3600, model=MODEL, objective=OBJECTIVE, now_s=end_s, max_points=points)
        for points in (10_000, 100)
    )  # fmt: skip
    assert (whole.requests == parts.requests).all()


def test_a_password_in_the_address_is_not_shown() -> None:
    shown = without_credentials("https://user:secret@host:9090/prom?token=secret")
    assert shown == "https://host:9090/prom"


def test_a_label_cannot_break_out_of_its_selector() -> None:
    assert (
        selector("a", model='x"} or vector(1) #')
        == '{__name__=~"(ray_)?a",model="x\\"} or vector(1) #"}'
    )


def test_lengths_keep_their_mean_and_without_a_histogram_are_exponential() -> None:
    rng = np.random.default_rng(0)
    spread = lengths_of({100.0: 10.0, 1000.0: 20.0, math.inf: 20.0})
    assert spread.draw(rng, 100_000).mean() == pytest.approx(1.0, rel=0.01)
    plain = lengths_of({}).draw(rng, 100_000)
    assert plain.mean() == pytest.approx(1.0, rel=0.02)
    assert plain.std() == pytest.approx(1.0, rel=0.02)
