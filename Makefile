# Everything a developer types. Paths stay relative, because a checkout's own path may be long or hold blanks, and
# Python's tools are called as `python -m`, because the kernel refuses the long first line of an installed script.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin

# Which Python to build .venv with; empty: the first suitable one found.
PYTHON ?=
# Further arguments for pytest, such as ARGS="-n 0 tests/core".
ARGS ?=

# Some shells and toolchains export HOST with a meaning of their own, so only one given to make itself counts.
ifeq ($(origin HOST),environment)
HOST :=
endif

.PHONY: run test accessibility pooled lint audit format bench soak crash model fuzz translations screenshots help venv

run: venv ## start the school: database, migrations, demo data, server (HOST=… PORT=…)
	@$(BIN)/python -m edutrack serve --prepare $(if $(HOST),--host "$(HOST)") $(if $(PORT),--port "$(PORT)")

test: venv ## run the tests on a real PostgreSQL (ARGS=… goes to pytest)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

accessibility: venv ## look at every page of the console with axe-core, as several readers
	@$(BIN)/python -m pytest -n 2 tests/owner/accessibility.py

pooled: venv ## run the tests through PgBouncer in transaction mode (ARGS=… goes to pytest)
	@$(BIN)/python scripts/pooled_tests.py $(ARGS)

lint: venv ## check style, formatting and types
	@$(BIN)/python -m ruff check
	@$(BIN)/python -m ruff format --check
	@$(BIN)/python -m mypy

audit: venv ## look the pinned packages up in the known vulnerabilities (needs the package index)
	@sh scripts/audit.sh

format: venv ## format the code and sort its imports
	@$(BIN)/python -m ruff check --select I --fix
	@$(BIN)/python -m ruff format

bench: venv ## measure the hot requests and the bulk work
	@$(BIN)/python -m bench $(ARGS)

soak: venv ## race many clients for codes and money (ARGS="--seeds 3")
	@$(BIN)/python -m attacks soak $(ARGS)

crash: venv ## kill server and database under load (ARGS="--server 5 --database 5")
	@$(BIN)/python -m attacks crash $(ARGS)

model: venv ## try the wallet against its model at length, and every mistake (SEED=number)
	@SEED="$(SEED)" $(BIN)/python -m pytest -n 0 tests/wallet/machine_at_length.py

fuzz: venv ## send generated requests of every operation as each role (ARGS="--role teacher")
	@$(BIN)/python -m fuzz $(ARGS)

translations: venv ## collect the console's texts and compile their Arabic
	@sh scripts/translations.sh

screenshots: venv ## picture every page of the console (OUT=folder)
	@SCREENSHOTS_TO="$(or $(OUT),build/screenshots)" $(BIN)/python -m pytest tests/owner/screenshots.py

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-14s %s\n' "$$name" "$$text"; \
	done

venv:
	@PYTHON="$(PYTHON)" sh scripts/bootstrap.sh
