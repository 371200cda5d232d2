# Needs make, git and Python 3.11 or later. Everything else goes into .venv.

PYTHON ?= python3
DATA ?= ./var/demo
PORT ?= 8000
# Test processes at once for each database, and more arguments for pytest: make test JOBS=4 ARGS="-k refund"
JOBS ?= 2
ARGS ?=
# The simulator: make simulate STEPS=200000 SEED=7 DB=postgresql
STEPS ?= 20000
SEED ?= 1
DB ?= sqlite
# make prove PROVE_MINUTES=10 ARGS="--seed 7"
PROVE_MINUTES ?= 60

# Compiled modules are kept, whatever the environment says: pytest compiles 300 files for each of its processes anew.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# The package itself comes from this folder, with the setuptools of the lock file: nothing is fetched. A Python whose
# patch release is too old is said to be so at each start.
INSTALL_PACKAGE := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	--ignore-requires-python --editable .
# The files with tests that measure time: to look for them in all takes longer than many of them.
MEASURING = $(if $(ARGS),,$$(grep -rl "mark\.alone" tests panelwright --include='test_*.py'))
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard panelwright/locale/*/LC_MESSAGES/*.po))
COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11.10 --generate-hashes \
	--no-emit-index-url --no-header

.DEFAULT_GOAL := help
# What is installed first compiles the catalogues.
.NOTPARALLEL:
.PHONY: help setup setup-dev demo test test-sqlite test-postgresql prove messages simulate lint format types bench guide lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.installed $(CATALOGUES) ## Make .venv with what a panel needs
setup-dev: $(VENV)/.installed-dev $(CATALOGUES) ## Make .venv with what the tests and checks need, too

demo: setup ## Start six demonstration panels (DATA=./var/demo PORT=8000)
	@exec $(BIN)/panelwright demo --data $(DATA) --port $(PORT)

test: setup-dev ## Run all tests, on SQLite and on PostgreSQL at once
	@mkdir -p var && rm -f var/not-run.txt && failed= began=$$(date +%s); \
	echo "== Tests on SQLite and PostgreSQL at once; PostgreSQL's output follows at the end, and grows in var/test-postgresql.txt"; \
	$(BIN)/python -m pytest --db postgresql --touching-database -m "not alone" -n $(JOBS) --dist worksteal \
	    --report-skips var/not-run.txt --costs 15 $(ARGS) >var/test-postgresql.txt 2>&1 & other=$$!; \
	trap 'kill $$other 2>/dev/null' EXIT; \
	$(BIN)/python -m pytest --db sqlite -m "not alone" -n $(JOBS) --dist worksteal --report-skips var/not-run.txt --costs 30 $(ARGS) \
	    || failed="$$failed sqlite"; \
	wait $$other || failed="$$failed postgresql"; \
	echo "== Tests on PostgreSQL (what touches no database ran above)"; cat var/test-postgresql.txt; \
	echo "== What measures time, now that nothing else runs"; \
	for db in sqlite postgresql; do \
	    only=; [ $$db = sqlite ] || only=--touching-database; \
	    $(BIN)/python -m pytest --db $$db $$only -m alone -n 0 --report-skips var/not-run.txt $(ARGS) $(MEASURING); \
	    case $$? in 0|5) ;; *) failed="$$failed $$db-alone" ;; esac; \
	done; \
	if [ -s var/not-run.txt ]; then echo "== Not run:"; cat var/not-run.txt; else echo "== No test was skipped."; fi; \
	echo "== $$(( $$(date +%s) - began )) seconds"; \
	if [ -n "$$failed" ]; then echo "== Failed on:$$failed"; exit 1; fi; \
	echo "== Passed on SQLite and PostgreSQL."

test-sqlite test-postgresql: test-%: setup-dev ## Run all tests on one database
	@$(BIN)/python -m pytest --db $* -m "not alone" -n $(JOBS) --dist worksteal $(ARGS)
	@$(BIN)/python -m pytest --db $* -m alone -n 0 $(ARGS) $(MEASURING) || [ $$? = 5 ]

prove: setup-dev ## Look for faults by chance with new seeds, an hour long, into var/prove.md (PROVE_MINUTES=60)
	@$(BIN)/python -m tests.prove --minutes $(PROVE_MINUTES) $(ARGS)

messages: setup-dev ## Bring the catalogues of translations in step with the texts
	@DJANGO_SETTINGS_MODULE=panelwright.settings $(BIN)/python -m tests.messages

simulate: setup-dev ## Let random customers, faults and crashes loose on the product (STEPS=20000 SEED=1 DB=sqlite)
	@$(BIN)/python -m tests.simulator --steps $(STEPS) --seed $(SEED) --db $(DB) $(ARGS)

lint: setup-dev ## Check style, formatting and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

format: setup-dev ## Mend what the checkers can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup-dev ## Check the types
	$(BIN)/mypy

bench: setup-dev ## Measure requests a second on both databases, into var/bench.json
	$(BIN)/python -m tools.bench $(ARGS)

guide: setup-dev ## Take the pictures of the guides (docs/how-to), of the demonstration
	@$(BIN)/python -m tools.guide docs/images $(ARGS)

lock: | $(BIN)/python ## Write both lock files anew; UPGRADE=1 takes newer versions
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(BIN)/python -m venv "$$tools" \
	    && "$$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv && PATH="$$tools/bin:$$PATH" \
	    && $(COMPILE) $(if $(UPGRADE),--upgrade) --group build --output-file requirements.lock \
	    && $(COMPILE) $(if $(UPGRADE),--upgrade) --group dev --output-file requirements-dev.lock

clean: ## Remove .venv and the caches; var/ stays
	rm -rf $(VENV) *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The installation compiles them, too; this is for catalogues that changed since.
%.mo: %.po
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "Panelwright needs Python 3.11 or later, and '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)." >&2; \
	    echo "Name another one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	    echo "Python could not make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }

# Stamps: a second run has nothing to do. What setup-dev installs contains what setup installs.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(INSTALL) -r requirements.lock
	$(INSTALL_PACKAGE)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock requirements.lock pyproject.toml | $(BIN)/python
	$(INSTALL) -r requirements-dev.lock
	$(INSTALL_PACKAGE)
	@touch $(VENV)/.installed $@
