# Afterglow: `make demo` and `make test` are all that a fresh machine with Python 3.11 to 3.13, git and make needs.
# Once installed, no target needs a network.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
SQL := dbt_project/models $(wildcard dbt_project/tests/*.sql)

# Somebody else's active environment must not get the packages, and nothing here reports to anybody.
unexport VIRTUAL_ENV
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false
export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED := false
export SCARF_ANALYTICS := false

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/make \1	\2/' | expand -t 20

.PHONY: setup
setup: $(VENV)/.installed ## install everything into .venv, exactly as uv.lock says

# `python3` first, as the machine's owner chose it; the lock file is made for 3.11 to 3.13.
$(BIN)/uv:
	@for python in python3 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    "$$python" -m venv $(VENV) && exec $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"; \
	    exit 1; \
	  fi; \
	done; \
	echo "No Python 3.11, 3.12 or 3.13 was found (as python3 or by its full name). Install one, then run make again." >&2; \
	exit 1

# Bytecode is compiled here: a machine that sets PYTHONDONTWRITEBYTECODE would compile at each start. From uv's cache
# first, so that an edit of pyproject.toml needs no network. The dbt project is parsed ahead: the first cut need not wait.
SYNC := $(BIN)/uv sync --quiet --locked --all-extras --compile-bytecode
$(VENV)/.installed: pyproject.toml uv.lock | $(BIN)/uv
	@echo "Installing into $(VENV) ..."
	@$(SYNC) --offline 2>/dev/null || $(SYNC)
	@$(BIN)/python -c "from pipelines.build.derive import parse_ahead; parse_ahead()"
	@touch $@

.PHONY: demo
demo: setup ## run the DAGs of both shipped studies end to end and print where the published reports are
	@$(BIN)/python dags/demo.py

.PHONY: airflow
airflow: setup ## start Airflow on localhost with the DAGs loaded; prints the address and the login
	@$(BIN)/python dags/airflow_ui.py

# A file's tests stay in one process, as they share what they built.
PYTEST_WORKERS ?= 2

.PHONY: test
test: setup ## run the tests (PYTEST_ARGS="-k sentence" goes to pytest, PYTEST_WORKERS=0 runs them in one process)
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile $(PYTEST_ARGS)

.PHONY: agreement
agreement: setup ## compare the tables with a second implementation on 10,000 made-up subjects (AGREEMENT_SUBJECTS, AGREEMENT_SEED)
	@AGREEMENT_SUBJECTS=$${AGREEMENT_SUBJECTS:-10000} $(BIN)/python -m tests.reference.compare

.PHONY: blinding
blinding: setup ## permute the allocation of a blinded trial: nothing outside the vault may differ (BLINDING_COUNT, BLINDING_CUTS, BLINDING_SEED)
	@$(BIN)/python -m tests.noninterference

.PHONY: trials
trials: setup ## write docs/published-trials.md: the demonstration data under the parameters of published trials
	@$(BIN)/python -m tests.reference.published_trials

.PHONY: trials-check
trials-check: setup ## whether docs/published-trials.md is what `make trials` would write
	@$(BIN)/python -m tests.reference.published_trials --check

# The long runs leave their figures in soaks/; VALIDATE="--soaks soaks" has them all asked for.
.PHONY: validate
validate: setup ## write the validation package into validation/ (about a quarter of an hour; VALIDATE="--soaks soaks")
	@$(BIN)/afterglow validate $(VALIDATE)

.PHONY: fuzz
fuzz: setup ## mutate real files of every format through landing (FUZZ_CASES, FUZZ_SECONDS, FUZZ_SEED; FUZZ_CASE=n is one again)
	@$(BIN)/python -m tests.fuzz.fuzz

.PHONY: faults
faults: setup ## kill a study's run at every fail point and at random, and check what must hold (FAULTS, FAULTS_KIND, FAULTS_REAL, FAULTS_WORKERS)
	@$(BIN)/python -m tests.faults.faults

.PHONY: tamper-ledger
tamper-ledger: setup ## tamper with an audit trail at random, each of which has to be found (TAMPERINGS, TAMPERING_SEED)
	@$(BIN)/python -m tests.ledger.tampering

.PHONY: tamper
tamper: setup ## change a published study in every way and see whether verify names the file (TAMPER, TAMPER_SEED, TAMPER_WORKERS)
	@$(BIN)/python -m tests.faults.tamper

.PHONY: same-bytes
same-bytes: setup ## whole runs on differently set machines: one root hash (RUNS=200, RUNS_LARGE=6, SEED, RUNS_WORKERS)
	@$(BIN)/python -m tests.same_bytes.same_bytes

.PHONY: soaks-page
soaks-page: setup ## write benchmarks/results/soaks.md from the figures that the long runs left in soaks/
	@$(BIN)/python -m tests.soaks

.PHONY: coverage
coverage: setup ## run the tests with branch coverage and print the lines that they do not reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PYTEST_ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: check lint types imports dependencies sql spelling
check: lint types imports dependencies sql spelling ## run every checker (`make -k check` goes on after a fault)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports --no-logo

dependencies: setup
	$(BIN)/deptry .

sql: setup
	$(BIN)/sqlfluff lint --disable-progress-bar $(SQL)

spelling: setup
	$(BIN)/codespell

.PHONY: format
format: setup ## put Python and SQL into the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar $(SQL)

.PHONY: bench
bench: setup ## measure speed beside its targets; writes benchmarks/results/
	@for name in demo landing building readers; do $(BIN)/python benchmarks/$$name.py || exit 1; done

.PHONY: docs
docs: setup ## write docs/tables.md from the models' contracts
	$(BIN)/python tests/house/tables_page.py

.PHONY: clean
clean: ## remove what tools and demo runs wrote; .venv and what studies landed or published stay
	rm -rf .airflow .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz .import_linter_cache .coverage .coverage.*
	rm -rf dbt_project/target dbt_project/logs logs dist
