# Everything that a contributor or CI runs. A machine needs make and a Python 3.10 to 3.13; uv is used if it is installed.
PYTHONS := $(or $(PYTHON),python3.12 python3.11 python3.13 python3.10 python3)
RUN := .venv/bin/python -m
READY := .venv/.ready

# Container images often set it. Each process would then compile Airflow's modules again, which takes longer than many a test.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo lint check matrix coverage units fuzz chaos chaos-mutants live bench cluster docs pictures wheel test constraints clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# The modules of the API reference: their docstrings document parameters, results and errors.
PUBLIC := $(addprefix airflow_workflow_providers/,decorators hooks operators sensors triggers links.py retries.py webhooks.py pytest_plugin.py \
    core/errors.py core/execution.py core/start.py core/waiter.py emulator/emulator.py emulator/state.py)

SUITS := import shutil, sys; shutil.which("uv") or __import__("ensurepip"); \
    sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))

# Each Python is tried, because a version switcher may put names on PATH that do not work.
$(READY): pyproject.toml constraints/airflow-3.3.txt
	@for python in $(PYTHONS); do \
	    if $$python -c '$(SUITS)' 2>/dev/null; then \
	        echo "Setting up .venv with $$($$python --version)"; \
	        exec $$python -m dev.environment .venv --airflow 3.3; \
	    fi; \
	done; \
	echo "No working Python 3.10 to 3.13 with venv among: $(PYTHONS). Name one with PYTHON=..." >&2; exit 1
	@touch $@

demo: $(READY) ## run every example DAG on a real Airflow (KEEP=1 leaves it up)
	@$(RUN) dev.demo $(if $(KEEP),--keep)

# Folders whose tests `check` leaves to `test`. They are named, because reading a file costs time even if none of its tests runs.
SLOW := airflow browser emulator fuzz packaging real sdks

# Those that `matrix` runs, on the newest release with every vendor: TESTS in dev/matrix.py.
IN_MATRIX := airflow contract test_outputs.py test_plugin.py test_provider_info.py

lint: $(READY)
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) flake8 $(PUBLIC)
	$(RUN) codespell_lib
	$(RUN) mypy -p airflow_workflow_providers -p dev

# Four workers also on two cores, because some tests wait for a timeout.
check: lint ## lint, types and the quick tests
	$(RUN) pytest -n 4 $(addprefix --ignore tests/,$(SLOW)) -m "not every_vendor"

matrix: $(READY) ## the tests on every supported Airflow (ONLY=3.1 for one)
	@$(RUN) dev.matrix $(if $(ONLY),--only $(ONLY))

# The tests of `check` that `matrix` does not run. The newest release of Airflow there writes build/coverage/data.matrix.
units: export COVERAGE_FILE = build/coverage/data.units
units: $(READY)
	$(RUN) pytest -n 4 --cov --cov-report= --cov-fail-under=0 $(addprefix --ignore tests/,$(SLOW) $(IN_MATRIX))

coverage: $(READY) ## the lines and branches of the package that no test runs
	@$(RUN) dev.matrix --only 3.3
	@$(MAKE) --no-print-directory units
	@$(RUN) coverage combine --keep --quiet
	@$(RUN) coverage report

fuzz: $(READY) ## unusual responses, parameters, connections and echoes (SEED=... repeats a run, N=... for more cases)
	@$(RUN) dev.fuzz $(if $(SEED),--seed $(SEED)) $(if $(N),--number $(N)) $(if $(ONLY),--only $(ONLY))

chaos: $(READY) ## kill processes and act as a user, on a real Airflow (SHORT=1: every fault once, a quarter of an hour; AIRFLOW=3.4: on that version)
	@$(RUN) dev.chaos $(if $(SHORT),--short) $(if $(ONLY),--only "$(ONLY)") $(if $(AIRFLOW),--airflow $(AIRFLOW))
	@$(RUN) dev.chaos.recompute build

chaos-mutants: $(READY) ## switch off each safety check in turn and expect chaos to fail (ONLY=... for some)
	@$(RUN) dev.chaos.mutants $(if $(ONLY),--only "$(ONLY)")

live: $(READY) ## run one small DAG of a vendor against a real account (VENDOR=datalab, with DATALAB_API_KEY set)
	@$(RUN) dev.live $(VENDOR)

bench: $(READY) ## measure the redaction of text, a result of 1 GB, and many waits beside released peers (under an hour)
	@$(RUN) dev.bench text
	@$(RUN) dev.bench result
	@$(RUN) dev.bench waits $(if $(ONLY),--only $(ONLY)) $(if $(SIZES),--sizes $(SIZES))

cluster: $(READY) ## kill processes of a cluster with Celery while it runs 5,000 executions (half an hour; SHORT=1: some minutes)
	@$(RUN) dev.cluster $(if $(SHORT),--short)

docs: $(READY) ## build the documentation as a site, build/docs/index.html
	$(RUN) sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

pictures: $(READY) ## test the forms, the tab and the required action in a browser, and copy the pictures into the documentation
	$(RUN) pytest -m browser
	@$(RUN) dev.pictures

wheel: $(READY) ## build wheel and sdist into dist/
	@$(RUN) build --outdir dist .

# The last line is pytest's, because CI reads that one. The longest file, which mostly waits, runs first.
test: lint docs matrix units ## everything that CI runs
	@$(RUN) coverage combine --keep --quiet
	@printf 'coverage of lines and branches, in %%: '; $(RUN) coverage report --format=total
	$(RUN) pytest -n 2 -m "not fuzz" tests/emulator tests/sdks tests/fuzz
	$(RUN) pytest -n 2 --dist loadfile --no-loadscope-reorder -m "real or browser or fuzz" tests/real tests/fuzz tests/browser tests/packaging

constraints: $(READY) ## make the files in constraints/ (needs uv; UPGRADE=1 for the newest of every package)
	@$(RUN) dev.constraints $(if $(UPGRADE),--upgrade)

clean: ## remove everything that the other targets make
	rm -rf .venv .matrix .sdks .bench .cluster .cluster-env .demo .chaos build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
