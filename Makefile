PYTHON ?= python3.11
CONFIG ?= serve_apps/configs/quickstart.yaml
CPU := .venv/bin
CORE := .venv-core/bin

.PHONY: help serve test env env-core lint types test-core test-serve prometheus calibrate bench-serve bench-advisor bench-policy \
        bench-models bench-modes bench-guards locks docs

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

serve: env ## an LLM endpoint and its advisor on this machine (CONFIG=another file)
	@$(CPU)/python -m serve_apps.up $(CONFIG)

test: lint types test-core test-serve ## everything: lint, types, pure tests, then real Serve, vLLM and Prometheus

env: ## build the serving environment (.venv: ray, vllm, torch on CPU)
	@$(PYTHON) deploy/setup_env.py cpu .venv

env-core: ## build the light environment (.venv-core: no ray, no vllm, no torch)
	@$(PYTHON) deploy/setup_env.py core .venv-core

lint: env-core ## ruff: format and rules
	@$(CORE)/ruff format --check --quiet .
	@$(CORE)/ruff check --quiet .

types: env-core ## mypy, strict on advisor and dashboards
	@$(CORE)/mypy

test-core: env-core prometheus ## the tests that need neither ray nor vllm, where neither is installed
	@$(CORE)/pytest -n 2 -m "not serve" tests

test-serve: env prometheus ## the tests on real Ray Serve and real vLLM
	@$(CPU)/pytest -m serve tests

prometheus: ## Debian's Prometheus server and Chromium, where they are missing and this is root
	@sh deploy/setup_test_servers.sh

bench-serve: env ## what the serving path costs, next to bare vLLM and stock ray.serve.llm (about 25 minutes)
	@$(CPU)/python tests/benchmarks/bench_serve.py --model tiny
	@$(CPU)/python tests/benchmarks/bench_serve.py --model smollm2 --repetitions 1

bench-advisor: env ## what the advisor itself costs: processor and memory beside a bare replica
	@$(CPU)/python tests/benchmarks/bench_advisor.py

bench-models: env-core ## how good and how fast sizing, prediction, prices and plans are (reads ../shared/data)
	@$(CORE)/python tests/benchmarks/bench_memory.py
	@$(CORE)/python tests/benchmarks/bench_accuracy.py
	@$(CORE)/python tests/benchmarks/bench_offers.py
	@$(CORE)/python tests/benchmarks/bench_plan.py

bench-policy: env-core ## scaling policies on real traces, as pairs of cost and attainment (some two hours; --quick by hand)
	@$(CORE)/python tests/benchmarks/bench_policy.py
	@$(CORE)/python tests/benchmarks/bench_told.py

bench-modes: env-core ## scale to zero, queues and a batch job: dollars and waits beside what can be known (five minutes)
	@$(CORE)/python tests/benchmarks/bench_scale_to_zero.py
	@$(CORE)/python tests/benchmarks/bench_batch.py
	@$(CORE)/python tests/benchmarks/bench_async.py

bench-guards: env-core ## the guards' laws at their promised counts, and a thousand kills of the journal's writer (ten minutes)
	@$(CORE)/python tests/benchmarks/guards.py
	@$(CORE)/python tests/benchmarks/journal_kills.py 1000

calibrate: env-core ## fit the performance model again on ../shared/data/measurements, and print its errors (8 minutes)
	@OMP_NUM_THREADS=1 $(CORE)/python -m advisor.calibrate

docs: env-core ## write what is generated: docs/metrics.md, dashboards/json
	@$(CORE)/advisor metrics-doc > docs/metrics.md
	@$(CORE)/python -m dashboards

locks: ## write the locks again from pyproject.toml (needs uv, and WHEELS with torch's +cpu wheel)
	@deploy/locks/compile.sh
