# `make demo` and `make test` do all set-up on a machine that has Python 3.11 to 3.13 and make.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
JOBS ?= 2

.PHONY: demo test test-all bench verify lint format golden odd findings clean

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"keliling needs Python 3.11 to 3.13, this is {v[0]}.{v[1]}; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(VENV)/.installed  ## the main job: both arms of the paper's programme at Kebon Jeruk, one resident for one resident
	$(BIN)/keliling compare kebon-jeruk-2018 kebon-jeruk-2019 --replicates 10

test: $(VENV)/.installed lint  ## all tests but the long ones
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not verify"

bench: $(VENV)/.installed  ## ratios of speed, timed side by side; the page docs/benchmarks.md
	$(BIN)/python -m benchmarks.run --out docs/benchmarks.md

verify: $(VENV)/.installed  ## what takes longer; its dated results stand in docs/verification.md
	$(BIN)/python -m pytest -m verify -s

lint: $(VENV)/.installed .tree/keliling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd .tree && PYTHONPATH=. $(abspath $(BIN))/lint-imports --config ../pyproject.toml

.tree/keliling: Makefile  ## the folders under the names by which they are imported, for tools that read files
	@mkdir -p $@
	@ln -sfn ../../sim $@/sim && ln -sfn ../../experiments $@/experiments && ln -sfn ../../keliling/__init__.py $@/__init__.py
	@touch $@

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.installed  ## rewrite the golden runs and print what changed
	$(BIN)/python -m tests.golden.rewrite

odd: $(VENV)/.installed  ## rewrite the generated tables of the ODD page
	$(BIN)/python -m tests.docs.odd_tables

findings: $(VENV)/.installed  ## measure what the pages quote where it is not current, and write the pages; ONLY="NAME ..." remakes parts
	$(BIN)/python -m tests.docs.findings $(if $(ONLY),--only $(ONLY))

test-all:  ## the tests on every supported Python that is found
	@for version in 3.11 3.12 3.13; do \
	  if command -v python$$version >/dev/null 2>&1; then \
	    echo "== Python $$version"; \
	    $(MAKE) test PYTHON=python$$version VENV=.venv-$$version || exit 1; \
	  else echo "== Python $$version is not here"; fi; \
	done

clean:
	rm -rf .tree .venv .venv-3.* .pytest_cache .hypothesis .mypy_cache .ruff_cache build *.egg-info
