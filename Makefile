# Every chore of the project. `make` or `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help install demo up down test soak bench lint format requirements clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(STAMP)  ## Build .venv with everything pinned in requirements.txt and requirements-dev.txt

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml packages/amazon-product-types/pyproject.toml packages/spapi-sandbox/pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements-dev.txt)"
	$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps \
		--editable packages/amazon-product-types --editable packages/spapi-sandbox --editable .
	touch $@

demo: $(STAMP)  ## Run the demo connectors end to end in Airflow against the sandbox, and print what happened
	@$(BIN)/python -m local_airflow demo $(if $(FRESH),--fresh) $(CONNECTORS)

up: $(STAMP)  ## Start Airflow (UI, scheduler, triggerer) and the sandbox, and keep them running
	@$(BIN)/python -m local_airflow up

down: $(STAMP)  ## Stop what `make up` started
	@$(BIN)/python -m local_airflow down

test: $(STAMP) lint  ## Run the whole suite; installs what it needs
	@tests/install.sh
	$(BIN)/pytest -m "not soak and not airflow" --numprocesses 2 --dist loadfile
	$(BIN)/pytest -m "airflow and not soak"

soak: $(STAMP)  ## Long runs: kills, faults, PostgreSQL + Redis + Celery
	@tests/install.sh
	$(BIN)/pytest -m soak

bench: $(STAMP)  ## Benchmarks, each against a named rival in the same run
	$(BIN)/python -m benchmarks

lint: $(STAMP)  ## ruff, mypy --strict, and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(STAMP)  ## Rewrite the code as ruff wants it
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

requirements:  ## Pin again what pyproject.toml asks for (needs uv)
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url --custom-compile-command "make requirements" \
		pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --python-version 3.11 --no-emit-index-url --custom-compile-command "make requirements" \
		pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

clean:  ## Remove what the demo and the tests left behind (not .venv)
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
