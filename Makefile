# Needs Python 3.11+, make and a package registry. Everything is installed into .venv, nothing globally.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 4
export DAGSTER_DISABLE_TELEMETRY := 1
# Dagster and the tests start many processes. Each would compile all modules again if the bytecode were not kept.
export PYTHONDONTWRITEBYTECODE :=
TRY_AGAIN = { test $$? -eq 1 && $(BIN)/pytest --last-failed $(ARGS); }

# To collect all others takes ten seconds of the only process.
SERIAL_FILES = $(shell grep -rl --include=test_*.py "mark\.serial" cr_pipelines_tests)
# Each worker would import what drives a browser, which takes as long as ten tests.
NO_BROWSER := --ignore=cr_pipelines_tests/browser
APART := $(addprefix cr_pipelines_tests/,sync removal)
EMULATORS := snowflake bigquery databricks
EMULATOR_PYTHON ?= 3.13

.PHONY: install demo test test-long test-apart test-system test-fast emulators test-warehouses check lint types defs docs dist licenses format lock clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "cr-pipelines needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: install
	@$(BIN)/cr-pipelines demo $(ARGS)

# Most tests wait more than they compute, so there are more workers than cores. Neighbors share what takes long to make,
# so a worker takes them in order, until another one has none left. Those that measure time have the machine to
# themselves, and so has a second try of what failed: a busy machine can be too slow for a test, but not twice.
test: install
	@$(BIN)/pytest -m "serial and not long and not system" $(or $(ARGS),$(SERIAL_FILES)) || $(TRY_AGAIN)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(NO_BROWSER) -m "not serial and not long and not system" $(ARGS) || $(TRY_AGAIN)

# The scenarios of kills, signals, races, generated histories and many rows, and the promises with source and state apart.
test-long: install
	@$(BIN)/pytest -m "long and serial" $(ARGS) || $(TRY_AGAIN)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(NO_BROWSER) -m "long and not serial and not system" $(ARGS) || $(TRY_AGAIN)

# Every scenario of syncs, crashes and removals with source and state apart: a PostgreSQL source whose role may only SELECT
# and a DuckDB state, then a SQLite source and a PostgreSQL state. Half an hour.
test-apart: install
	@set -e; for apart in postgresql-duckdb sqlite-postgresql; do export CR_TEST_WAREHOUSE=$$apart; \
	    $(BIN)/pytest -m "serial and not system" $(APART) $(ARGS) || $(TRY_AGAIN); \
	    $(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not serial and not system" $(APART) $(ARGS) || $(TRY_AGAIN); done

# Whole processes of Dagster, a browser, the wheel, the demo: half an hour and more, one at a time, before a release.
test-system: install
	@$(BIN)/pytest -m system $(ARGS) || $(TRY_AGAIN)

# The unit tests and the core of the others, on DuckDB.
test-fast: install
	@CR_TEST_WAREHOUSE=duckdb $(BIN)/pytest -n 2 --dist worksteal -m "(unit or core) and not long" \
	    $(addprefix cr_pipelines_tests/,unit sync removal) $(ARGS) || $(TRY_AGAIN)

# Snowflake, BigQuery and Databricks on emulators, each in an environment of its own, for which it takes Python 3.13.
emulators: install $(EMULATORS:%=.venv-emulators/%/.installed)

test-warehouses: emulators
	@$(BIN)/pytest cr_pipelines_tests/emulators $(ARGS)

.venv-emulators/%/.installed: cr_pipelines_tests/emulators/%.lock
	@$(BIN)/uv venv --quiet --clear --no-python-downloads --python $(EMULATOR_PYTHON) $(@D)
	@$(BIN)/uv pip sync --quiet --python $(@D)/bin/python --require-hashes $<
	@touch $@

check: lint types defs

lint: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/words

types: install
	@$(BIN)/mypy

defs: install
	@$(BIN)/dg check defs
	@$(BIN)/dg check yaml

# The site of the docs, in .site. A warning, such as a link that leads nowhere, is an error.
docs: install
	@$(BIN)/python -W ignore -m reference
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# The wheel and the sdist, checked for a release.
dist: install
	@.ci/dist

# The license of everything that an installation with all extras runs.
licenses: install
	@$(BIN)/python .ci/licenses

format: install
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: install
	@$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --all-extras --group dev --group docs \
	    --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group benchmarks \
	    --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file benchmarks/peers.lock
	@set -e; cd cr_pipelines_tests/emulators; for emulator in $(EMULATORS); do \
	    $(CURDIR)/$(BIN)/uv pip compile $$emulator.in --quiet --universal --python-version 3.13 --generate-hashes \
	    --no-annotate --custom-compile-command "make lock" --output-file $$emulator.lock \
	    $$(ls | sed -n "s/^$$emulator.overrides$$/--override &/p"); done
	@.ci/lock-oldest

clean:
	@rm -rf $(VENV) .venv-emulators .demo .site dist
