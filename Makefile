PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test floors lint bench planted pictures docs wheel

demo: $(VENV)/.installed
	$(BIN)/python -m vlminterp +plugin=m2ib
	$(BIN)/python -m vlminterp +plugin=attribution plugin.methods='[m2ib,ig,gae,consensus]'
	$(BIN)/python -m vlminterp -m +plugin=ex2 model=planted-habitat,planted-spurious plugin.steps=30 plugin.pool=2

# A process a core, one thread each: most tests are too small to share. Files stay in the order of
# tests/conftest.py, slow ones first; xdist would begin with those of many tests.
EACH := --numprocesses auto --dist loadfile --no-loadscope-reorder
test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(EACH)

# The core at the lowest versions that pyproject.toml allows, in an environment of its own (8 GB).
CORE := tests/adapters tests/m2ib tests/data tests/results
floors: $(VENV)-floors/.installed
	OMP_NUM_THREADS=1 $(VENV)-floors/bin/python -m pytest $(EACH) -W default $(CORE)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/codespell

bench: $(VENV)/.installed
	$(BIN)/python -m experiments.benchmarks.speed_m2ib.bench

# Retrains one planted VLM's text tower from nothing (or goes on), then measures its truth.
MODEL ?= planted-habitat
planted: $(VENV)/.installed-dev
	$(BIN)/python -m experiments.recipes.planted.plant $(MODEL)
	$(BIN)/python -m experiments.studies.planted_truth.measure --compare experiments/recipes/planted/work/$(MODEL)

# Every picture of README and docs, from runs of the product; needs Chromium.
pictures: $(VENV)/.installed-dev
	$(BIN)/python -m experiments.pictures

# The site, for which a warning is an error; it asks no host for anything, here and when it is read.
docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m build

# LOCK=requirements/demo.lock installs the versions with which the demo was last run.
LOCKED := $(if $(LOCK),--constraint $(LOCK))
NEEDED := import sys; sys.version_info >= (3, 11) or sys.exit("vlminterp needs Python 3.11 or \
newer, and %s is %s; choose another: make PYTHON=python3.11 ..." % (sys.executable, sys.version.split()[0]))
OFFLINE := the packages could not be installed; if the lines above speak of connections, pip \
reaches no index: set PIP_INDEX_URL to one that it reaches
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c '$(NEEDED)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(LOCKED) --editable . || { echo '$(OFFLINE)' >&2; exit 1; }
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)-floors/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)-floors
	$(VENV)-floors/bin/python -m pip install --quiet uv
	$(VENV)-floors/bin/uv pip install --quiet --python $(VENV)-floors/bin/python --resolution lowest-direct --editable '.[dev]'
	touch $@
