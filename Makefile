# Each target sets up what it needs: the environments .venv (made once per extra, again when pyproject.toml changes).
# `make PYTHON=/path/to/python test` chooses another interpreter.

SHELL := /bin/sh
find_python = for p in python3 python3.14 python3.13 python3.12 python3.11 $$HOME/.pyenv/versions/3.1[1-9].*/bin/python; do \
	if "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$p"; break; fi; done
PYTHON ?= $(shell $(find_python))
VENV ?= .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: help demo test test-all fuzz doctest lint format types layers bench pythons wheel clean

help:
	@echo "make demo      train a classifier of handwritten digits"
	@echo "make test      the quick tests        make test-all  all of them"
	@echo "make fuzz      20,000 random graphs: native code, the reference and the interpreter agree"
	@echo "make doctest   the examples in docs   make lint types layers  static checks"
	@echo "make bench     measurements           make pythons   tests on each CPython 3.11, 3.12, 3.13 found here"
	@echo "make wheel     build the wheel and try it in an environment of its own"

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Neano needs Python 3.11 or newer; none was found. Name one: make PYTHON=..."; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/with-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

demo: $(VENV)/with-demo
	$(BIN)/python examples/digits.py

test: $(VENV)/with-test
	$(BIN)/python -m pytest -q -n $(WORKERS)

test-all: $(VENV)/with-test
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "long or not long"

fuzz: $(VENV)/with-test
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "long or not long" tests/differential

doctest: $(VENV)/with-test
	$(BIN)/python -m pytest -q --doctest-modules --doctest-glob='*.md' src/neano docs README.md

lint: $(VENV)/with-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/with-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/with-dev
	$(BIN)/mypy

layers: $(VENV)/with-dev
	$(BIN)/lint-imports

bench: $(VENV)/with-test
	$(BIN)/python -m benchmarks

pythons:
	@found=0; failed=""; for version in 3.11 3.12 3.13; do \
	for p in python$$version $$HOME/.pyenv/versions/$$version.*/bin/python; do \
	if "$$p" -c 'import venv, ensurepip' 2>/dev/null; then found=1; echo "== CPython $$version ($$p)"; \
	set -- PYTHON="$$p" VENV=.venv-$$version; \
	if ! $(MAKE) --no-print-directory "$$@" .venv-$$version/with-test; then failed="$$failed $$version (not installed)"; \
	elif ! $(MAKE) --no-print-directory "$$@" test; then failed="$$failed $$version"; fi; break; fi; done; done; \
	test $$found = 1 || { echo "No CPython 3.11, 3.12 or 3.13 was found."; exit 1; }; \
	test -z "$$failed" || { echo "Failed:$$failed"; exit 1; }

wheel: $(VENV)/with-dev
	rm -rf dist build/wheel-venv
	$(BIN)/python -m build --wheel --no-isolation
	test -f dist/neano-*-py3-none-any.whl
	$(BIN)/python -m venv build/wheel-venv
	build/wheel-venv/bin/python -m pip install --quiet --disable-pip-version-check dist/neano-*.whl
	cd build && wheel-venv/bin/python -c "import theano, theano.tensor as T; x = T.dscalar('x'); print(theano.function([x], theano.grad(x**2, x))(3.0))"
	cd build && wheel-venv/bin/neano doctor

clean:
	rm -rf .venv .venv-3.* build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
