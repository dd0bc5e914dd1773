PYTHON ?= python3.11
CPU := .venv/bin
CORE := .venv-core/bin
CORE_TESTS := tests/core tests/adapters tests/advisor tests/dashboards tests/docs

.PHONY: help serve test env env-core lint types test-core test-serve bench-serve locks

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

env: ## build the serving environment (.venv: ray, vllm, torch on CPU)
	@$(PYTHON) deploy/setup_env.py cpu .venv

env-core: ## build the light environment (.venv-core: no ray, no vllm, no torch)
	@$(PYTHON) deploy/setup_env.py core .venv-core

lint: env-core ## ruff: format and rules
	@$(CORE)/ruff format --check .
	@$(CORE)/ruff check .

types: env-core ## mypy, strict on advisor and dashboards
	@$(CORE)/mypy

test-core: env-core ## the pure tests, where neither ray nor vllm is installed
	@$(CORE)/pytest -n 2 -m "not serve and not prometheus" tests

test: lint types test-core ## everything
