# Everything sets itself up: git, make and Python >= 3.11 are enough.
PYTHON ?= python3
BIN := .venv/bin
DVC := .tools/dvc/bin/dvc
DVC_VERSION := 3.67.1
SNAKEMAKE := .tools/snakemake/bin/snakemake
SNAKEMAKE_VERSION := 9.27.1
DVC_TESTS := .tools/dvc-tests/tests
TRACKERS := .tools/trackers/bin/python
PYTEST = FOSSML_DVC="$(CURDIR)/$(DVC)" FOSSML_TRACKERS="$(CURDIR)/$(TRACKERS)" FOSSML_DVC_TESTS="$(CURDIR)/$(dir $(DVC_TESTS))" $(BIN)/pytest -n 2

.PHONY: tools demo test lint unit soak bench bench-trace bench-verify docs clean setup

# What a user installs, without the tools of the developers: a minute from nothing.
demo: .tools/demo/.ready
	rm -rf demo
	. .tools/demo/bin/activate && fossml demo demo

test: lint unit

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/.ready $(DVC) $(DVC_TESTS) $(TRACKERS) tools
	$(PYTEST)

# The long version of every test that has one.
soak: .venv/.ready $(DVC) $(DVC_TESTS) $(TRACKERS) tools
	FOSSML_SOAK=1 $(PYTEST) -m soak

bench: .venv/.ready $(DVC) $(SNAKEMAKE)
	FOSSML_DVC="$(CURDIR)/$(DVC)" FOSSML_SNAKEMAKE="$(CURDIR)/$(SNAKEMAKE)" $(BIN)/python bench/build.py --write
	$(BIN)/python bench/verify.py --seconds 60 --write

# What the trace costs a training: ten pairs of a minute for each loop, most of an hour.
bench-trace: .venv/.ready tools
	$(BIN)/python bench/trace_cost.py --strace

# What verify costs beside the trainings that it runs: a training of 20 s, and one of a minute.
bench-verify: .venv/.ready
	$(BIN)/python bench/verify.py --write
	$(BIN)/python bench/verify.py --seconds 60 --write

docs: .venv/.ready
	$(BIN)/python docs/make_rules.py
	$(BIN)/python docs/make_schema.py
	$(BIN)/python docs/make_standards.py

setup: .venv/.ready $(DVC) $(DVC_TESTS) $(TRACKERS) tools

# The tests trace with the real strace, contain with the real bubblewrap and look at pages in a real browser. Without root
# nothing is installed, and those that need one fail and say so.
tools:
	@for tool in strace:strace bwrap:bubblewrap chromium:chromium chromedriver:chromium-driver; do \
	  command -v $${tool%:*} >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq $${tool#*:} >/dev/null; } || \
	  echo "$${tool%:*} is missing: install it (Debian: apt install $${tool#*:}); tests that need it will fail"; \
	done

define VENV
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "fossml needs Python >= 3.11: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(@D) || { echo "no venv module: install it (Debian: apt install python3-venv)"; exit 2; }
endef

.tools/demo/.ready: pyproject.toml
	$(VENV)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --editable ".[demo,verify]"
	touch $@

.venv/.ready: pyproject.toml
	$(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check --group dev --editable ".[demo]"
	touch $@

# The real dvc is the oracle of the tests; in an environment of its own, since fossml does not depend on it.
$(DVC):
	$(PYTHON) -m venv .tools/dvc
	.tools/dvc/bin/pip install --quiet --disable-pip-version-check "dvc==$(DVC_VERSION)"

# What they record is read by `fossml verify`; the tests let the real ones write it.
$(TRACKERS):
	$(PYTHON) -m venv .tools/trackers
	.tools/trackers/bin/pip install --quiet --disable-pip-version-check "mlflow>=3.13,<3.18" "dvclive>=3.49,<4" "wandb>=0.20,<1"

# Measured beside fossml by `make bench`.
$(SNAKEMAKE):
	$(PYTHON) -m venv .tools/snakemake
	.tools/snakemake/bin/pip install --quiet --disable-pip-version-check "snakemake==$(SNAKEMAKE_VERSION)"

# DVC's source distribution has its tests; those of its templates run against fossml.
$(DVC_TESTS):
	mkdir -p $(@D)
	$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --no-binary dvc --dest .tools "dvc==$(DVC_VERSION)"
	tar -xzf .tools/dvc-$(DVC_VERSION).tar.gz -C $(@D) --strip-components=1 dvc-$(DVC_VERSION)/tests
	rm .tools/dvc-$(DVC_VERSION).tar.gz

clean:
	rm -rf .venv .tools demo build dist
