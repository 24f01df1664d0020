# Privacy Portal. `make` alone lists what there is.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
# Checks need settings, but neither a .env nor a database of yours.
PLAIN := env SECRET_KEY=for-checks-only DEBUG=true DATABASE_URL=sqlite://:memory: BROKER_URL= EMAIL_URL=
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run worker demo test test-fast check fix bench faults messages lock law screenshots

##@ Start

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/runtime.stamp .env ## start web, jobs and clock on http://127.0.0.1:8000 (PORT=8001 for another)
	@exec $(BIN)/python manage.py portal --host $(HOST) --port $(PORT) --parent $$PPID

setup: .venv/dev.stamp .env ## environment with all tools, settings, database, demo data
	@$(BIN)/python manage.py portal --prepare-only

worker: .venv/runtime.stamp .env ## one more worker for the broker and database of .env
	@exec $(BIN)/celery -A privacyportal worker --pool threads --concurrency 4 --loglevel info

demo: .venv/runtime.stamp .env ## file 18 more invented requests, at every stage
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py load_reference_data --verbosity 0
	@$(BIN)/python manage.py seed_demo

##@ Check

test: .venv/dev.stamp ## everything CI runs (LEGS="redis browser" for some of it)
	@exec $(BIN)/python tests/legs.py $(LEGS)

test-fast: .venv/dev.stamp ## tests on SQLite without the slow ones
	@exec $(BIN)/python -m pytest -q -n 2 -m "not slow and not browser and not redis and not faults"

check: lint types imports templates migrations texts ## lint, format, types, import contract, templates, migrations, texts

fix: .venv/dev.stamp ## let the tools format and repair what they can
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

bench: .venv/dev.stamp ## all measurements; each prints one table
	@for bench in $$(grep -l __main__ bench/*.py); do echo "== $$bench"; $(BIN)/python "$$bench" || exit 1; done

faults: .venv/dev.stamp ## kill workers, wipe Redis, freeze processes: the full size
	@FAULTS=full exec $(BIN)/python -m pytest -q -p no:randomly tests/faults

##@ Write

messages: .venv/dev.stamp ## collect the sentences to translate and compile the catalogue (needs gettext)
	@$(PLAIN) $(BIN)/python manage.py messages

law: .venv/runtime.stamp ## write docs/law/ anew from the shipped rules
	$(BIN)/python docs/law/pages.py

lock: ## write both lock files anew from requirements*.txt (needs uv)
	@command -v uv > /dev/null || { echo "uv is missing. Type: pipx install uv"; exit 1; }
	uv pip compile --quiet --upgrade --no-header --generate-hashes --python-version 3.11 requirements.txt -o constraints.txt
	uv pip compile --quiet --upgrade --no-header --generate-hashes --python-version 3.11 -c constraints.txt requirements-dev.txt -o constraints-dev.txt

screenshots: .venv/dev.stamp ## take the pictures of the README anew (needs Chromium)
	$(BIN)/python docs/screenshots.py

# --- The parts of `make check` ---------------------------------------------------

.PHONY: lint types imports templates migrations texts

lint: .venv/dev.stamp
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

types: .venv/dev.stamp
	@echo $(BIN)/mypy . && $(PLAIN) $(BIN)/mypy --no-error-summary .

imports: .venv/dev.stamp
	@echo $(BIN)/lint-imports && said=$$($(BIN)/lint-imports --no-cache) || { echo "$$said"; exit 1; }

templates: .venv/dev.stamp
	$(BIN)/djlint --quiet --lint templates

migrations: .venv/dev.stamp
	@echo manage.py makemigrations --check && $(PLAIN) $(BIN)/python manage.py makemigrations --check --dry-run

texts: .venv/dev.stamp
	$(BIN)/python docs/law/pages.py --check
	$(BIN)/python -m pytest -qq --no-header -p no:cacheprovider tests/test_translations.py

# --- Not called by hand --------------------------------------------------------

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed. Type: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making an environment in .venv …"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "The venv module is missing. On Debian type: apt-get install python3-venv"; exit 1; }

.venv/runtime.stamp: constraints.txt | .venv/bin/python
	@echo "Installing what the portal runs on …"
	@$(INSTALL) -r constraints.txt
	@touch $@

.venv/dev.stamp: constraints-dev.txt | .venv/bin/python
	@echo "Installing what tests and checks need too …"
	@$(INSTALL) -r constraints-dev.txt
	@touch $@ .venv/runtime.stamp

# Made once, readable by you alone, and never overwritten.
.env: | .venv/bin/python
	@set -e; umask 077; key=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))'); \
	  printf 'SECRET_KEY=%s\nDEBUG=true\n' "$$key" > .env.part; mv -n .env.part .env
