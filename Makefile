# Two words a newcomer needs: `make atlas` and `make test`. Each sets up what it needs in .venv.

PYTHON ?= python3
VENV   ?= .venv
CORES  ?= all
SCALE  ?= laptop

export PATH := $(abspath $(VENV))/bin:$(PATH)
# A process trains on one thread; more cores are used by more processes.
export OMP_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
# Containers often set it; then every process compiles torch's Python anew, two processor seconds each.
unexport PYTHONDONTWRITEBYTECODE

SNAKEMAKE = snakemake --profile workflow/profiles/local --cores $(CORES)

.PHONY: atlas test test-slow test-cluster check bench env clean

atlas: $(VENV)/.made ## retrain what the essays claim of the headline studies from nothing and draw the atlas
	$(SNAKEMAKE) all --config studies=headline published=ignore ladders=claimed scale=$(SCALE)
	@python -m ablatlas.agreement --ladders claimed --scale $(SCALE)

test: $(VENV)/.made-dev ## the test suite
	python -m pytest -n 2 --dist loadgroup

test-slow: $(VENV)/.made-dev ## what takes too long to be run at every change
	python -m pytest -n 2 --dist loadgroup -m slow

test-cluster: $(VENV)/.made-dev ## on a Slurm of its own on this machine: needs root and Debian's packages, else says so
	timeout -k 120 3600 python -m pytest -q -m cluster tests/cluster

check: $(VENV)/.made-dev ## format, lint, types
	ruff format --check src tests benchmarks
	ruff check src tests benchmarks workflow/notebooks
	snakefmt --check Snakefile workflow/rules benchmarks/contenders/runs.smk
	mypy

bench: $(VENV)/.made-bench ## measure beside peers, on a quiet machine: benchmarks/results and the README's table
	python -m benchmarks

env: $(VENV)/.made-dev ## the environment alone

clean: ## remove working outputs; published records stay
	rm -rf data/runs data/results data/checkpoints data/.cache data/logs reports .snakemake

$(VENV)/.made: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.made-dev: $(VENV)/.made
	$(VENV)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/.made-bench: $(VENV)/.made
	$(VENV)/bin/python -m pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@
