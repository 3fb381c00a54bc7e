# Every chore of the project. `make` or `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed
# Compiled tests and modules are kept between runs, also where the environment says otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo up down test unit pictures fuzz mutants compat soak bench lint format docs schema requirements clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

install: $(STAMP)  ## Build .venv with what requirements-dev.txt pins, and the three distributions, editable

$(STAMP): requirements-dev.txt pyproject.toml packages/amazon-product-types/pyproject.toml packages/spapi-sandbox/pyproject.toml
	@test -x $(BIN)/python || { echo "Creating .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@echo "Installing uv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements-dev.txt)"
	@echo "Installing $$(grep -c '==' requirements-dev.txt) pinned packages, and compiling them (the first time this takes a minute or two)"
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements-dev.txt
	@echo "Installing amazon-product-types, spapi-sandbox and airflow-provider-amazon-listings, editable"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps \
		--editable packages/amazon-product-types --editable packages/spapi-sandbox --editable .
	@touch $@

demo: $(STAMP)  ## Run the demo connectors end to end in Airflow against the sandbox, and print what happened
	@$(BIN)/python -m local_airflow demo $(if $(FRESH),--fresh) $(CONNECTORS)

up: $(STAMP)  ## Start Airflow (UI, scheduler, triggerer) and the sandbox, and keep them running
	@$(BIN)/python -m local_airflow up

down: $(STAMP)  ## Stop what `make up` started
	@$(BIN)/python -m local_airflow down

test: $(STAMP) lint  ## Run the whole suite; installs what it needs
	@tests/install.sh
	$(BIN)/pytest -m "not soak and not airflow" --numprocesses 2 --dist loadfile
	$(BIN)/pytest -m "airflow and not soak" --numprocesses 2 --dist loadfile

compat: $(STAMP)  ## Run the unit tests on each Python of 3.11, 3.12 and 3.13 that this machine has
	@tests/compat.sh

# Memory, where there is a gigabyte of it: the unit tests make thousands of small files and ledgers, each of
# which waits for a disk.
MEMORY = $(shell test -w /dev/shm && df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 1000000 {print "/dev/shm"}')

unit: $(STAMP)  ## Run the unit tests alone: no database server, no browser, no Airflow, no process of its own
	$(if $(MEMORY),TMPDIR=$(MEMORY)) $(BIN)/pytest -m "not soak and not airflow and not browser and not server and not process" \
		--hypothesis-profile unit --numprocesses 2 --dist worksteal \
		tests/unit packages/amazon-product-types/tests packages/spapi-sandbox/tests

pictures: $(STAMP)  ## Take the pictures of README and docs again, from a browser on a running Airflow
	@tests/install.sh
	@mkdir -p docs/pictures
	PICTURES=docs/pictures $(BIN)/pytest tests/browser/test_workbench.py

fuzz: $(STAMP)  ## Try 10,000 hostile inputs of every surface, and print a table (an hour)
	$(BIN)/python -m tests.fuzz
	AMAZON_LISTINGS_GENERATED=10000 $(BIN)/pytest -q -n 0 --timeout 7200 tests/conformance/test_generated_requests.py

mutants: $(STAMP)  ## Change the code in small ways and see whether the unit tests notice (long; goes on where it was stopped)
	$(BIN)/python -m tests.mutants

soak: $(STAMP)  ## Long runs: kills and faults
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

schema: $(STAMP)  ## Write include/schemas/connector.schema.json, which editors read, again
	$(BIN)/amazon-listings connectors schema > include/schemas/connector.schema.json

PIN := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-package amazon-product-types --no-emit-package spapi-sandbox \
	--no-emit-package airflow-provider-amazon-listings --custom-compile-command "make requirements" pyproject.toml

docs: $(STAMP)  ## Build the documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

requirements:  ## Pin again what pyproject.toml asks for (needs .venv)
	$(PIN) --group deployment -o requirements.txt
	$(PIN) --group dev --group docs -c requirements.txt -o requirements-dev.txt

clean:  ## Remove what the demo and the tests left behind (not .venv)
	rm -rf var site .venv-compat .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
