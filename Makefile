# Everything a checkout needs: `make demo` to look, `make test` before a commit. No root, no global installs.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
TOOLS := .tools
INSTALLED := $(VENV)/.installed
TOOLS_INSTALLED := $(TOOLS)/.installed

# The first interpreter that runs, is new enough and can make environments (a shim may exist and not run).
CAN_HOST := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
# -qq below: pip warns per package where a machine has extra indexes; errors are still shown.
FIND_PYTHON = found=""; for name in $(PYTHON) python3.11 python3 python3.12 python3.13 python3.14; do \
	if "$$name" -c '$(CAN_HOST)' >/dev/null 2>&1; then found="$$name"; break; fi; done; \
	if [ -z "$$found" ]; then \
	echo "Holdfast needs Python 3.11 or newer with its venv module (Debian: python3.11-venv)." >&2; \
	echo "None was found; install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; fi

# Hashes come from the index itself; no setting of the machine that makes the lock gets in.
LOCK := $(VENV)/bin/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
	--strip-extras --no-annotate --no-header --no-emit-index-url --no-emit-find-links --no-emit-package pip

# The tests start Holdfast a hundred times; where this is set, each start compiles all of it anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help venv tools demo test check bench bench-vault soak reference format lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(INSTALLED) ## the development environment, in .venv

$(INSTALLED): requirements/lock.txt pyproject.toml
	@$(FIND_PYTHON); if ! $(PY) -m pip --version >/dev/null 2>&1; then \
	echo "Making $(VENV) with $$found"; "$$found" -m venv --clear $(VENV); fi
	$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/lock.txt
	$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

tools: $(TOOLS_INSTALLED) ## the AWS CLI for the tests, in .tools/bin/aws

$(TOOLS_INSTALLED): requirements/tools.txt
	@$(FIND_PYTHON); if ! $(TOOLS)/bin/python -m pip --version >/dev/null 2>&1; then \
	echo "Making $(TOOLS) with $$found"; "$$found" -m venv --clear $(TOOLS); fi
	$(TOOLS)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/tools.txt
	@touch $@

demo: $(INSTALLED) ## the whole story on a sample company, on this machine alone
	$(VENV)/bin/holdfast demo

test: check $(TOOLS_INSTALLED) ## check, then every test but the soak
	$(PY) -m pytest -n 3 --dist worksteal -m "not soak"

check: $(INSTALLED) ## lint, format, types, layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy --num-workers 2
	$(VENV)/bin/lint-imports --no-logo

soak: $(INSTALLED) $(TOOLS_INSTALLED) ## the long tests
	$(PY) -m pytest -m soak --timeout 3600

bench: $(INSTALLED) ## measure; figures are printed
	$(PY) -m bench

bench-vault: $(INSTALLED) ## the vault beside restic and borg, in turn; RUNS=5, ONLY=R1,R2
	$(PY) -m bench.vault --runs $(or $(RUNS),5) $(if $(ONLY),--only $(ONLY))

reference: $(INSTALLED) ## write docs/reference from the code
	$(PY) -m holdfast.delivery.reference

format: $(INSTALLED) ## let ruff mend what it can
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

lock: $(INSTALLED) ## choose versions anew; add UPGRADE=--upgrade for the newest
	$(LOCK) $(UPGRADE) --extra sandbox --extra scans --extra dev --output-file requirements/lock.txt pyproject.toml
	$(LOCK) $(UPGRADE) --output-file requirements/tools.txt requirements/tools.in

clean: ## remove what make and the tools made
	rm -rf $(VENV) $(TOOLS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
	rm -rf src/*.egg-info
