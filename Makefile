# The two commands are `make run` and `make test`; both start with `make setup`. `make help` lists the rest.

PYTHON ?= python3.11
BIN := .venv/bin
ON_POSTGRES := tests/contracts/test_search_backends.py tests/videolib tests/transcode/test_*.py

.PHONY: help setup run stack chaos demo test test-stack test-postgres test-long lint format clean
.DEFAULT_GOAL := help

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: python ## install what videolib needs and migrate the library; starts nothing
	@$(PYTHON) -m scripts.setup

run: setup ## start the whole library in the foreground; Ctrl-C stops it
	@exec $(BIN)/python manage.py run

stack: python ## start it as in production, with PostgreSQL, Valkey, S3 and nginx, and a library of its own
	@$(PYTHON) -m scripts.setup --stack
	@exec $(BIN)/python -m stack

demo: setup ## fill an empty library with a dozen clips made on the spot
	@exec $(BIN)/python manage.py demo

test: python ## set up what the tests need, then every check and every test
	@$(PYTHON) -m scripts.setup --dev
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest -n 2 --dist loadscope
	@if $(BIN)/python -m tests.postgres; then $(MAKE) --no-print-directory test-postgres; else [ "$$CI" != true ]; fi

test-postgres: ## what touches the database once more, on a PostgreSQL started for it
	TEST_DATABASE=postgres $(BIN)/pytest -n 2 --dist loadscope -m "not browser and not stack and not long" $(ON_POSTGRES)

chaos: ## recordings through the stack while everything in it is killed, stopped and filled; some twenty minutes
	@$(PYTHON) -m scripts.setup --stack
	@exec $(BIN)/python -m chaos

test-stack: ## the tests in the browser once more, on PostgreSQL, Valkey, S3 and nginx
	$(BIN)/pytest tests/browser --on-stack

test-long: ## the tests that take minutes each
	$(BIN)/pytest -m long
	$(MAKE) --no-print-directory test-stack

lint: ## the checks without the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: ## let ruff put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## remove what the checks and tests leave; neither the data nor the environment
	rm -rf .mypy_cache .ruff_cache .import_linter_cache tests/browser/shots
	find videolib transcode scripts tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

.PHONY: python
python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	echo "videolib needs Python 3.11, and $(PYTHON) is not here: install it (Debian 12: apt install python3.11 python3.11-venv), or name yours with make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)." >&2; exit 1; }
