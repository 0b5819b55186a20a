# `make` alone lists what there is. Nothing here needs to be run by hand: every target sets up what it needs.
PYTHON  ?= python3
PROFILE ?= embedded
DATA    ?=
ROWS    ?=
ARGS    ?=

VENV := .venv/bin/python
# The weights of the profiles that serve their models here; others are fetched when an experiment first asks.
WEIGHTS_embedded := qwen2.5-coder-0.5b qwen2.5-coder-1.5b
WEIGHTS_optimizers := $(WEIGHTS_embedded)
WEIGHTS_finetuned := $(WEIGHTS_embedded)
WEIGHTS_smoke    := smollm2-135m
EVALS = --sota-profile=$(PROFILE) $(if $(DATA),--sota-data="$(DATA)") $(if $(ROWS),--sota-limit $(ROWS)) $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup weights evals browser test check fix lock report notebooks build clean

help: ## list the targets and variables
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=python3.12   which Python makes the environment"
	@echo "  PROFILE=smoke       which experiments (fixtures/profiles/, or a file of yours)"
	@echo "  DATA=folder         benchmark rows of yours"
	@echo "  ROWS=20             rows of each experiment"
	@echo "  ARGS='-m gsm8k'     further words for pytest"

setup: ## make .venv with everything the experiments need (once: minutes; then: nothing)
	@$(PYTHON) scripts/setup.py

weights: setup ## fetch, verify and convert the weights of PROFILE's models
	@$(if $(WEIGHTS_$(PROFILE)),$(VENV) -m dspysota.cli models pull $(WEIGHTS_$(PROFILE)),:)

evals: weights ## run the experiments of PROFILE and write reports/latest/
	@$(VENV) -m pytest evals $(EVALS)

browser: setup ## fetch the browser that the report's tests drive (nothing where one is found)
	@$(VENV) scripts/browser.py

# One file's tests share fixtures, so that a worker takes whole files; model servers need all cores, and their tests come
# one after the other.
test: setup $(if $(filter 1,$(DSPYSOTA_SKIP_BROWSER)),,browser) ## run the project's tests, some on a real model server
	@$(if $(filter 1,$(DSPYSOTA_SKIP_E2E)),:,$(VENV) -m dspysota.cli models pull $(WEIGHTS_smoke))
	@$(VENV) -m pytest $(or $(ARGS),-n logical --maxprocesses 4 --dist loadfile --ignore=tests/e2e)
	@$(if $(ARGS),:,$(VENV) -m pytest tests/e2e)

check: setup ## lint, formatting, types, import layers
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy
	@.venv/bin/lint-imports --no-logo > .venv/imports.log || { cat .venv/imports.log; exit 1; }
	@tail -n 1 .venv/imports.log

fix: setup ## repair what ruff can repair
	@$(VENV) -m ruff check --fix .
	@$(VENV) -m ruff format .

lock: ## resolve requirements/cpu.lock anew
	@$(PYTHON) scripts/lock.py

report: setup ## say where the newest report is
	@$(VENV) -c "import pathlib, sys; p = pathlib.Path('reports/latest/report.html'); \
	print(p.resolve().as_uri() if p.exists() else sys.exit('There is no report yet: make evals writes one.'))"

notebooks: setup ## execute the notebooks on their stored runs, and keep the outputs
	@$(VENV) -m scripts.notebooks

build: setup ## build the wheel into dist/
	@$(VENV) -m build --wheel --no-isolation --outdir dist . > .venv/build.log 2>&1 || { cat .venv/build.log; exit 1; }
	@ls dist/*.whl

clean: ## remove .venv, caches and dist (weights and reports stay)
	@rm -rf .venv dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
