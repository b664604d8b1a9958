# The doors to the project. Everything lives in .venv inside this folder; nothing outside it is touched.
.DEFAULT_GOAL := help
.PHONY: help demo test lint audit format chaos soak soak-win bench bench-peer proto lock clean env env-dev

PY := .venv/bin/python
ARGS ?=

help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1	/' | expand -t 18
	@echo 'Options of a command go into ARGS:  make demo ARGS="--symbols 120110 --speed 60"'

demo: env ## trade a recorded day end to end, then report and prove the replay
	@.venv/bin/hantrade demo $(ARGS)

test: lint ## lint, then every test
	@$(PY) -m pytest -n 2 --dist loadfile $(ARGS)

lint: env-dev ## style, types, contract, freshness of everything generated
	@sh tools/lint.sh

audit: env-dev ## look every locked package up in the advisory databases (needs the network; lint has the rest)
	@$(PY) tools/audit.py --online

format: env-dev ## put the code into the house style
	@.venv/bin/ruff check --fix-only --quiet . && .venv/bin/ruff format --quiet . && .venv/bin/buf format -w

chaos: env ## kill, break and damage real processes, then compare every book (SEED=N MINUTES=M ARGS="--only kills")
	@$(PY) -m chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

soak: env-dev ## the order book against a naive one, three million random calls; then an hour of chaos (SEED=N)
	@$(PY) -m tools.soak $(if $(SEED),--seed $(SEED)) $(ARGS)
	@$(PY) -m chaos --minutes 60 $(if $(SEED),--seed $(SEED))

soak-win: env-dev ## a trading week of the Windows broker in compressed time, ten minutes (ARGS="--days 1 --seed N")
	@$(PY) -m tools.soak_win $(ARGS)

bench: env-dev ## measure beside peers, about ten minutes; writes bench/results.json
	@$(PY) -m bench $(ARGS)

bench-peer: env-dev ## get NautilusTrader (150 MB), basana, pandas and vn.py, each into a folder of .venv, to measure beside them
	@$(PY) -m venv .venv/nautilus
	@.venv/nautilus/bin/python -m pip install --quiet --upgrade pip
	@.venv/nautilus/bin/python -m pip install --quiet --group nautilus
	@$(PY) -m venv .venv/basana
	@.venv/basana/bin/python -m pip install --quiet --upgrade pip
	@.venv/basana/bin/python -m pip install --quiet --group basana
	@$(PY) -m venv .venv/pandas
	@.venv/pandas/bin/python -m pip install --quiet --upgrade pip
	@.venv/pandas/bin/python -m pip install --quiet --group pandas
	@$(PY) -m venv .venv/vnpy
	@.venv/vnpy/bin/python -m pip install --quiet --upgrade pip
	@.venv/vnpy/bin/python -m pip install --quiet --no-deps --group vnpy

proto: env-dev ## generate the stubs from protos/ (Python, and Node when it is installed)
	@$(PY) tools/gen_stubs.py

lock: env-dev ## pin what .venv holds now, and what Windows installs, into requirements/*.lock
	@$(PY) tools/lock.py
	@$(PY) -m tools.lock_windows

clean: ## remove the environment, caches and builds (logs in .hantrade stay)
	@rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis examples/node/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

env:
	@sh tools/setup_env.sh base

env-dev:
	@sh tools/setup_env.sh dev
	@sh tools/setup_node.sh
	@sh tools/setup_google.sh
	@sh tools/setup_quantstats.sh
