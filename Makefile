# Everything a contributor or CI runs. A machine needs make and a Python 3.10 to 3.13; uv is used where it is installed.
PYTHONS := $(or $(PYTHON),python3.12 python3.11 python3.13 python3.10 python3)
RUN := .venv/bin/python -m
READY := .venv/.ready

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo check matrix fuzz chaos chaos-mutants bench docs pictures wheel test constraints clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# What the API reference shows: its docstrings say what is taken, given and raised.
PUBLIC := $(addprefix airflow_workflow_providers/,hooks operators sensors triggers links.py retries.py pytest_plugin.py \
    core/errors.py core/execution.py core/start.py core/watch.py emulator/server.py)

SUITS := import shutil, sys; shutil.which("uv") or __import__("ensurepip"); \
    sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))

# A Python is tried, not only found: a version switcher may have put names on PATH that run nothing.
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

# More workers than a small machine has cores: some tests wait for a time limit. The emulator and the fuzz tool are tested in `test`.
check: $(READY) ## lint, types and the quick tests
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) flake8 $(PUBLIC)
	$(RUN) mypy -p airflow_workflow_providers -p dev
	$(RUN) pytest -n 3 --ignore tests/emulator --ignore tests/fuzz -m "not airflow and not real and not browser and not every_vendor and not fuzz"

matrix: $(READY) ## the tests on every supported Airflow (ONLY=3.1 for one)
	@$(RUN) dev.matrix $(if $(ONLY),--only $(ONLY))

fuzz: $(READY) ## odd responses, parameters, connections and echoes (SEED=... for the same again, N=... for more)
	@$(RUN) dev.fuzz $(if $(SEED),--seed $(SEED)) $(if $(N),--number $(N)) $(if $(ONLY),--only $(ONLY))

chaos: $(READY) ## let anything die and anybody step in, on a real Airflow (SHORT=1: a few minutes of it)
	@$(RUN) dev.chaos $(if $(SHORT),--short) $(if $(ONLY),--only "$(ONLY)")
	@$(RUN) dev.chaos.recompute build

chaos-mutants: $(READY) ## switch each guard off in turn and see the chaos suite fail (ONLY=... for some)
	@$(RUN) dev.chaos.mutants $(if $(ONLY),--only "$(ONLY)")

bench: $(READY) ## measure the gate for a vendor's text, and a thousand waits (WAITS=..., LATENCY=...)
	@$(RUN) dev.bench text
	@$(RUN) dev.bench waits $(if $(WAITS),--waits $(WAITS)) $(if $(LATENCY),--latency $(LATENCY))

docs: $(READY) ## make the documentation's site, build/docs/index.html
	$(RUN) sphinx -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

pictures: $(READY) ## drive the forms in a real browser; build/pictures, and the pictures of the documentation
	$(RUN) pytest -m browser
	@$(RUN) dev.pictures

wheel: $(READY) ## build wheel and sdist into dist/
	@$(RUN) build --outdir dist .

# pytest's closing line is the last thing printed, which is what CI reads. The longest file, which mostly waits, goes first.
test: check docs matrix ## everything CI runs
	$(RUN) pytest -n 2 -m "not fuzz" tests/emulator tests/fuzz
	$(RUN) pytest -n 2 -m every_vendor tests/vendors
	$(RUN) pytest -n 2 --dist loadfile --no-loadscope-reorder -m "real or browser or fuzz" tests/real tests/fuzz tests/browser tests/packaging

constraints: $(READY) ## make constraints/ again (needs uv; UPGRADE=1 for the newest of everything)
	@$(RUN) dev.constraints $(if $(UPGRADE),--upgrade)

clean: ## remove all that the targets above make
	rm -rf .venv .matrix .demo .chaos build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
