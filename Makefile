# Two commands do everything on a fresh machine with Python >= 3.11 and make: `make demo` and `make test`.
# PYTHON picks the interpreter, VENV the folder, EXTRAS what the tests install (all: with Brian2, NEST and Norse).
PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= dev,torch
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test lint types unit plain wheel bench clean

demo: $(VENV)/.core
	$(BIN)/neurosparse run liquid_digits
	$(BIN)/neurosparse figure liquid_digits

test: lint types unit plain wheel

lint: $(VENV)/.$(EXTRAS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.$(EXTRAS)
	$(BIN)/pyright --pythonpath $(BIN)/python

# With compilation: everything, every simulation's tiny(), every figure, the README's example.
unit: $(VENV)/.$(EXTRAS)
	$(BIN)/python -m pytest -q --durations=5

# Without compilation: the fast tests, with line coverage of the library.
plain: $(VENV)/.$(EXTRAS)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m coverage run -m pytest -q -m "not slow"
	$(BIN)/python -m coverage report --skip-covered --skip-empty --fail-under=93

# The wheel holds the library alone and works in an empty environment.
wheel: $(VENV)/.$(EXTRAS)
	rm -rf build/wheel
	$(BIN)/python -m build --wheel --no-isolation --outdir build/wheel . >/dev/null
	$(BIN)/python -m zipfile -l build/wheel/*.whl | awk 'NR > 1 && $$1 !~ /^neurosparse/ { bad = 1; print "not the library:", $$1 } END { exit bad }'
	$(PYTHON) -m venv --clear build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check build/wheel/*.whl
	cd build/wheel && venv/bin/python -c "import neurosparse, neurosparse.clock, neurosparse.plot, neurosparse.readout; print('wheel', neurosparse.__version__)"
	cd build/wheel && venv/bin/neurosparse info >/dev/null

bench: $(VENV)/.$(EXTRAS)
	$(BIN)/python -m pytest tests/bench_kernels.py -q --benchmark-columns=median,iqr,rounds
	for name in $$($(BIN)/neurosparse list --json | $(BIN)/python -c "import json, sys; print(*[s['name'] for s in json.load(sys.stdin)['simulations'] if s['name'].startswith('bench_')])"); do \
		$(BIN)/neurosparse run $$name && $(BIN)/neurosparse figure $$name || exit 1; done

clean:
	rm -rf $(VENV) build dist .coverage

$(VENV)/.core: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/.$(EXTRAS): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e ".[$(EXTRAS)]"
	touch $@
