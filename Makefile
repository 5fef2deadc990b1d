# Everything here works from a fresh clone: each target sets up what it needs first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
# Stamps, so that a second call costs nothing: one for the lock, one for our own package.
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed

# Tests mostly wait, for servers and for what was killed: two processes fit on two cores.
WORKERS := 2

# A venv made by a newer Python would find no wheel of Bytewax: 3.11 and 3.12 only.
FIND_PYTHON := for name in python3.11 python3.12 python3 python; do \
	for path in $$(type -aP $$name 2>/dev/null); do \
	  if "$$path" -c 'import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' \
	    2>/dev/null; then echo "$$path"; exit 0; fi; \
	done; done

.PHONY: help setup demo test test-faults lint types imports check format lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: $(INSTALLED) ## .venv with everything locked, and .venv/bin/waterline
	@:

$(LOCKED): requirements.lock
	@python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ]; then \
	  echo "waterline: Python 3.11 or 3.12 with its modules venv and ensurepip is needed and is not" \
	    "on PATH (on Debian: python3.11 and python3.11-venv)" >&2; exit 1; fi; \
	echo "setting up $(VENV) with $$python"; \
	"$$python" -m venv $(VENV); \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --progress-bar off \
	  --require-hashes --requirement requirements.lock || { \
	  echo "waterline: setting up $(VENV) failed: check the network, then run make setup again" >&2; \
	  exit 1; }
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
	  --no-build-isolation --editable .
	@touch $@

demo: setup ## real orders through the whole pipeline, on this machine
	@$(BIN)/waterline demo

test: setup check ## every check and every test
	@$(BIN)/python -m pytest --numprocesses $(WORKERS)

test-faults: setup ## every fault, long: 200 kills and more, about 25 minutes; table in build/faults.md
	@WATERLINE_FAULTS=long $(BIN)/python -m pytest tests/faults

check: lint types imports ## style, types and who may import whom

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports

format: setup ## lay the code out
	@$(BIN)/ruff format .

lock: setup ## make requirements.lock anew from pyproject.toml
	@$(BIN)/python -m venv --clear build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	@env -u PIP_FIND_LINKS CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/pip-compile --quiet \
	  --generate-hashes --extra dev --strip-extras --allow-unsafe --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml

clean: ## delete .venv and build/ (data stay: waterline down --purge)
	@rm -rf $(VENV) build
