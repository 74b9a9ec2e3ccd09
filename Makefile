PYTHON ?= python3
BIN := .venv/bin
CODE := regularizers models tuning analysis benchmarks tests docs spectune.py
TREE ?= .
# What `make check` runs: what is asked, computed and written, without Ray, stores, pictures, long trainings and chance.
FAST := tests/models/test_architecture.py tests/models/test_resnet.py tests/regularizers/linalg tests/regularizers/methods \
	tests/tuning/settings tests/tuning/study --ignore=tests/tuning/study/test_fuzzed_studies.py \
	tests/analysis/stats --ignore=tests/analysis/stats/test_kendall.py tests/analysis/words tests/analysis/writing tests/tuning/sheets \
	tests/docs/test_generate.py tests/docs/test_pages.py tests/test_every_regularizer.py tests/test_packaging.py

.PHONY: quickstart check test test-all lint format docs graph

quickstart: .venv/installed  ## tune, confirm and report scikit-learn's digits
	$(BIN)/python -m tuning run quickstart
	$(BIN)/python -m analysis report quickstart
	@echo
	@echo "The report:        results/quickstart/report.html (open it in a browser)"
	@echo "Every run, MLflow: $(BIN)/mlflow ui   then the link that the run has printed"

check: lint  ## lint and the fast tests, under a minute on two cores; `pre-commit` calls it
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m 'not (slow or ray or cluster)' $(FAST)

test: lint  ## every check but those that start a cluster
	$(BIN)/python -m pytest -n 2 --dist worksteal -m 'not cluster'

test-all: test .venv/weightwatcher  ## and those: on Linux, as root, with openssh-server, rsync and iproute2
	$(BIN)/python -m pytest -n 2 --dist loadfile -m cluster
	$(BIN)/python -m pytest tests/regularizers/measure/test_weightwatcher_package.py

lint: .venv/installed
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/installed
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

docs: .venv/installed  ## the documentation as pages in site/; a broken link or a missing name is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "The pages: site/index.html (open it in a browser); with their search: $(BIN)/python -m mkdocs serve"

graph: .venv/installed  ## rooms, floors and arrows of the largest parts; of another checkout: make graph TREE=/path
	@$(BIN)/python -m docs.generate.graph $(TREE)

# Made anew when the dependencies change; the file is touched last, so that a broken installation is tried again.
.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "spectune needs Python 3.11 or newer, got $$($(PYTHON) --version); call: make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

# What only benchmarks and one test compare with; the others are to pass without it.
.venv/weightwatcher: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[benchmarks]' && \
		touch $@ || echo "no WeightWatcher to be had: its test is skipped" >&2
