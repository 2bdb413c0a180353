# FOI-portalen. `make` alone tells what each target does.
# Set DATABASE_URL and REDIS_URL, and the same targets use PostgreSQL and Redis.

PORT ?= 8000
HOST ?= 127.0.0.1
VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
MANAGE = $(VENV)/bin/python manage.py
CODE = foi_portal registry roles budgets coordination tests manage.py
UV_COMPILE = $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

# What is on a developer's own machine is in DEBUG unless it says otherwise.
export DEBUG ?= 1
export SITE_URL ?= http://localhost:$(PORT)
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help run setup setup-dev demo test lint format types check bench screenshots worker beat lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: demo ## Start the portal with the demonstration landscape on port 8000 (PORT=…)
	@echo "FOI-portalen: http://localhost:$(PORT)/  (foi, system, chef, laeser; foi-demo-2026)"
	@exec $(MANAGE) runserver $(HOST):$(PORT)

demo: setup ## Bring the database up to date and load the demonstration landscape
	@$(MANAGE) migrate --no-input --verbosity 0
	@$(MANAGE) load_demo

setup: $(VENV)/.run node_modules/.package-lock.json ## Install what the portal runs with
	@mkdir -p var

setup-dev: setup $(VENV)/.dev ## Install what the tests need as well

test: setup-dev ## Run the whole test suite (ARGS="-k word" for a part)
	@$(VENV)/bin/pytest -n auto --dist worksteal $(ARGS)

check: lint types test ## Everything a change must pass: lint, types, contract, tests

lint: setup-dev ## Style, templates, import contract, missing migrations
	$(VENV)/bin/ruff check $(CODE)
	$(VENV)/bin/ruff format --check $(CODE)
	$(VENV)/bin/djlint --quiet --lint templates
	$(VENV)/bin/lint-imports --no-logo
	$(MANAGE) makemigrations --check --dry-run

format: setup-dev ## Format the code
	$(VENV)/bin/ruff check --fix $(CODE)
	$(VENV)/bin/ruff format $(CODE)

types: setup-dev ## Check the types
	$(VENV)/bin/mypy $(CODE)

bench: setup-dev ## Measure pages, search, export and import (docs/performance.md; ARGS for options)
	$(MANAGE) bench $(ARGS)

screenshots: setup-dev ## Take the README's pictures with Chromium
	$(MANAGE) screenshots $(ARGS)

worker: setup ## Start a background worker (needs REDIS_URL)
	@exec $(VENV)/bin/celery -A foi_portal worker --loglevel INFO

beat: setup ## Start the scheduler (needs REDIS_URL)
	@exec $(VENV)/bin/celery -A foi_portal beat --loglevel INFO --pidfile=

lock: $(VENV)/.dev ## Renew the lock files from pyproject.toml and package.json (ARGS=--upgrade)
	$(UV_COMPILE) $(ARGS) pyproject.toml -o requirements.txt
	$(UV_COMPILE) $(ARGS) --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	npm install --package-lock-only --no-audit --no-fund

clean: ## Remove what was installed or built, but no data
	rm -rf $(VENV) node_modules staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "FOI-portalen kræver Python 3.11 eller nyere (needs Python 3.11+; set PYTHON=…)"; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing Python packages"
	@$(VENV)/bin/pip install -qq --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing Python packages for development"
	@$(VENV)/bin/pip install -qq --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null \
		|| { echo "FOI-portalen kræver Node 20 eller nyere (needs Node 20+ with npm)"; exit 1; }
	@echo "Installing front-end packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
