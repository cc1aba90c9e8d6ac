# One word a task.  `make run` and `make test` are all that a newcomer needs.
PYTHON ?= python3
PORT ?= 8080
DATA ?= var
BIN := .venv/bin

.PHONY: setup run test soak mutants check format lock bench promises clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.ready
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: setup
	@PORT=$(PORT) exec $(BIN)/renkei demo --data $(DATA)

test: .venv/.dev
	@deploy/system-packages
	tests/on-both $(BIN)/pytest -m "not slow"

# The tests that need minutes.
soak: .venv/.dev
	@deploy/system-packages
	tests/on-both $(BIN)/pytest -m slow

# Small mistakes in what decides about access, one at a time: does a test notice?  Hours; it goes on where it was.
mutants: .venv/.dev
	nice $(BIN)/python -m tests.mutation

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What the hub promises about access, from the markers in the tests.
promises: .venv/.dev
	$(BIN)/python -m tests.docs.promises
	$(BIN)/python -m tests.matrix.page

bench: setup
	$(BIN)/python deploy/bench/bench.py

# Pins everything with hashes and no index address; run it after changing pyproject.toml.
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: .venv/.dev
	$(BIN)/pip install --quiet pip-tools
	$(LOCK) --extra dev --output-file requirements-dev.lock pyproject.toml
	$(LOCK) --extra build --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
