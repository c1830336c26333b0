# Everything sets itself up: git, make and Python >= 3.11 are enough.
PYTHON ?= python3
BIN := .venv/bin
DVC := .tools/dvc/bin/dvc
DVC_VERSION := 3.67.1
PYTEST = FOSSML_DVC="$(CURDIR)/$(DVC)" $(BIN)/pytest -n 2

.PHONY: demo test lint unit soak bench docs clean setup

demo: .venv/.ready
	rm -rf demo
	. $(BIN)/activate && fossml demo demo

test: lint unit

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/.ready $(DVC)
	$(PYTEST)

# The long version of every test that has one.
soak: .venv/.ready $(DVC)
	FOSSML_SOAK=1 $(PYTEST) -m soak

bench: .venv/.ready $(DVC)
	FOSSML_DVC="$(CURDIR)/$(DVC)" $(BIN)/python bench/build.py --write

docs: .venv/.ready
	$(BIN)/python docs/make_rules.py

setup: .venv/.ready $(DVC)

.venv/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fossml needs Python >= 3.11: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv .venv || { echo "no venv module: install it (Debian: apt install python3-venv)"; exit 2; }
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --group dev --editable ".[demo]"
	touch $@

# The real dvc is the oracle of the tests; in an environment of its own, since fossml does not depend on it.
$(DVC):
	$(PYTHON) -m venv .tools/dvc
	.tools/dvc/bin/pip install --quiet --disable-pip-version-check "dvc==$(DVC_VERSION)"

clean:
	rm -rf .venv .tools demo build dist
