# Every target says what it does after two hashes; `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PY := .venv/bin/python
IMAGE ?= sealane:latest
STAMP := .venv/.installed
RUNS := .venv/.runs
QUIET := --quiet --disable-pip-version-check
# What builds an editable install: pyproject's build backend, with what it needs.
BACKEND := editables|hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(STAMP) ## make .venv with sealane in it
	@$(PY) -m compileall -q -j 0 src  # pip compiles what it copies, and this is installed where it stands
$(STAMP): requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit("Sealane needs Python 3.11 or newer; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(MAKE) --no-print-directory venv
	@echo "making .venv (locked packages; about a minute the first time)"
	@[ -x $(PY) ] || python3 -m venv .venv
	@$(PY) -m pip install $(QUIET) --require-hashes -r requirements.lock
	@$(PY) -m pip install $(QUIET) --no-deps --no-build-isolation -e .
	@touch $@

# Debian keeps a part of Python in a package of its own. It comes first and alone: apt works on one thing at a time.
venv:
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "installing python3-venv"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends python3-venv >/dev/null 2>&1; }

# What runs Sealane and no more, without what only its developers need; `make setup` adds that.
$(RUNS): packaging/requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory venv
	@echo "making .venv with what Sealane runs on"
	@[ -x $(PY) ] || python3 -m venv .venv
	@awk '/^[^ ]/ {on = /^($(BACKEND))==/} on' requirements.lock >.venv/backend.lock
	@$(PY) -m pip install $(QUIET) --require-hashes -r packaging/requirements.lock
	@$(PY) -m pip install $(QUIET) --require-hashes -r .venv/backend.lock
	@$(PY) -m pip install $(QUIET) --no-deps --no-build-isolation -e .
	@touch $@

# A cluster that is there is used as it is; else one is built, while Python's packages are installed.
demo: venv ## the whole way once: push, deploy, approve, break, roll back, repair
	@$(MAKE) --no-print-directory --jobs=2 $(if $(wildcard $(STAMP)),setup,$(RUNS)) $(if $(SEALANE_DEMO_KUBECONFIG),,bed-of-demo)
	@$(PY) -m bench.demo

demo-down: ## end what the demo left running for you to look at
	@[ ! -x $(PY) ] || $(PY) -m bench.demo --down
	@$(if $(SEALANE_DEMO_KUBECONFIG),,python3 -m testbed down)

test: browser ## every test, on real parts (starts and ends its own test bed)
	@$(PY) -m tests

unit: setup ## the pure tests, in seconds
	@$(PY) -m tests.unit

# Ubuntu's Chromium is a snap, which runs in no container and takes no orders: there Playwright brings its own.
browser: setup
	@[ -x /usr/bin/chromium ] || { echo "installing Chromium for the tests of the pages"; \
	  if grep -q '^ID=ubuntu' /etc/os-release; then .venv/bin/playwright install --with-deps chromium-headless-shell >/dev/null; \
	  else $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium >/dev/null; fi; }

check: setup ## style, types, arrows between packages, size of modules, docs
	@.venv/bin/ruff format --check --quiet . || { echo "run: .venv/bin/ruff format ."; exit 1; }
	@.venv/bin/ruff check --quiet .
	@! git grep -nE '^(<<<<<<<|>>>>>>>) ' || { echo "mend what a merge left"; exit 1; }
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache
	@$(PY) -m pytest -q tests/architecture/test_size.py
	@$(MAKE) --no-print-directory docs

format: setup ## put the code into its form
	@.venv/bin/ruff format --quiet . && .venv/bin/ruff check --quiet --fix .

docs: setup ## build the documentation into site/
	@$(PY) docs/generate_cli.py && $(PY) docs/generate_settings.py && $(PY) docs/generate_api.py
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet

bench: setup testbed ## our speeds beside a peer's, in the same run
	@$(PY) -m bench

chaos: setup testbed ## kill workers 200 times and count what came of it (about 15 minutes)
	@$(PY) -m tests.recovery.chaos

wheel: setup ## build the wheel, and what an image is built from, into dist/
	@rm -f dist/sealane-*.whl
	@.venv/bin/python -m hatchling build -t wheel >/dev/null
	@cp packaging/requirements.lock dist/ && ls dist/sealane-*.whl

image: wheel ## build the container image sealane:latest (IMAGE, BASE and PIP_OPTIONS say otherwise)
	@"$$(command -v podman || command -v docker)" build -f packaging/Containerfile -t $(IMAGE) \
	  $(if $(BASE),--build-arg BASE=$(BASE)) --build-arg PIP_OPTIONS="$(PIP_OPTIONS)" dist

lock: ## write both lock files anew from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --group dev --generate-hashes --no-header --python-version 3.11 --universal -q -o requirements.lock
	@sed -n 's/^\([a-z0-9_.-]*==[^ ;]*\).*/\1/p' requirements.lock | uv pip compile pyproject.toml --extra aws -c /dev/stdin --no-annotate \
	  --generate-hashes --no-header --python-version 3.11 --universal -q -o packaging/requirements.lock

bed-of-demo:
	@python3 -m testbed up --lean

testbed: ## start a real Kubernetes, registry, engine and PostgreSQL (built once, about 5 minutes)
	@python3 -m testbed up

testbed-down: ## end the test bed and leave nothing behind
	@python3 -m testbed down

.PHONY: help setup venv bed-of-demo demo demo-down test unit browser check format docs bench chaos wheel image lock testbed testbed-down
