# Everything a fresh machine needs is installed by these targets themselves; they need python3 (3.11 or newer).
export TIERLINE_HOME ?= $(CURDIR)/.tierline
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run setup setup-dev style test lint bench soak spark clean

help:
	@echo "make run    install what is needed, then show the whole product at work on a demo company"
	@echo "make test   install what is needed, then run all tests and checks"
	@echo "make setup  install what is needed to run, nothing else"
	@echo "make bench  measure the job, scoring and lifetime value of a million; report on a real company"
	@echo "make spark  features on Apache Spark (needs Java 17), equal to those of DuckDB"
	@echo "make soak   the long proofs: more seeds of the kill tests, random faults"

setup:
	@$(PYTHON) deploy/bootstrap.py run

setup-dev:
	@$(PYTHON) deploy/bootstrap.py test

run: setup
	@$(BIN)/tierline demo

lint: style
	$(BIN)/mypy

style: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# mypy works beside the tests: it takes one core for two minutes when nothing is cached.
test: style
	@$(BIN)/mypy & types=$$!; \
	$(BIN)/pytest --numprocesses 2 --dist worksteal; tests=$$?; \
	wait $$types || { echo "mypy found errors: see above, or run make lint"; exit 1; }; \
	exit $$tests

bench: setup-dev
	$(BIN)/python -m tests.bench.run
	$(BIN)/python -m tests.bench.scores
	$(BIN)/python -m tests.bench.quality
	$(BIN)/python -m tests.bench.adventureworks
	$(BIN)/python -m tests.bench.clv
	$(BIN)/python -m tests.bench.portal
	$(BIN)/python -m tests.bench.hubspot_calls 20000 60000
	$(BIN)/python -m tests.bench.wire 20000

soak: setup-dev
	$(BIN)/pytest -m soak --override-ini addopts="-p tests.isolation --import-mode=importlib -ra"

spark: setup-dev
	$(BIN)/python -m pip install --quiet "pyspark>=4,<4.1"
	$(BIN)/pytest -m spark --override-ini addopts="-p tests.isolation --import-mode=importlib -ra"

clean:
	rm -rf .tierline .venv node_modules admin/static/console/vendor bench-results
