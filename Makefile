# Every target sets up what it needs the first time, and is instant to re-enter the second.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)

EDITION ?= digit_vqa
MADE := examples/digit_vqa/made/$(EDITION)

.PHONY: digit-vqa sweep test test-cluster test-e2e check setup clean

sweep: setup  ## sweep the shipped profile: 16 trials on this machine
	$(RUN)/python tune/run_sweep.py

digit-vqa: setup $(MADE)/knobs.json $(MADE)/questions/metadata.jsonl  ## train a small vision-language model and profile it: about an hour on two cores; EDITION=digit_sums: the other one, longer
	$(RUN)/python trainable/profile_model.py --model_path $(MADE) --dataset $(MADE)/questions --output $(MADE)

$(MADE)/knobs.json: | setup
	$(RUN)/python examples/digit_vqa/make_model.py $(MADE) --edition $(EDITION)

$(MADE)/questions/metadata.jsonl: | setup
	$(RUN)/python examples/digit_vqa/make_questions.py $(MADE)/questions --edition $(EDITION)

test: setup  ## every test but those on a cluster and end to end, with real Ray, Optuna, W&B and TensorBoard; COVERAGE=yes: what they run
ifdef COVERAGE
	$(RUN)/python -m coverage erase
	$(RUN)/python -m coverage run -m pytest --ignore tests/cluster --ignore tests/e2e
	$(RUN)/python -m coverage combine --quiet
	$(RUN)/python -m coverage report
else
	$(RUN)/python -m pytest --ignore tests/cluster --ignore tests/e2e
endif

test-cluster: setup  ## sweeps on a Ray cluster of several nodes with made-up GPUs; COVERAGE=yes: added to what make test COVERAGE=yes ran
ifdef COVERAGE
	$(RUN)/python -m coverage run -m pytest -n 0 tests/cluster
	$(RUN)/python -m coverage combine --append --quiet
	$(RUN)/python -m coverage report
else
	$(RUN)/python -m pytest -n 0 tests/cluster
endif

test-e2e: setup  ## sweeps sent to a W&B-compatible server and looked at in Chromium
	$(RUN)/python -m pytest tests/e2e

check: setup  ## lint and types
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

setup: $(READY)

$(READY):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "GRPO Sweep needs Python 3.11 or newer; say which with: make PYTHON=python3.12")'
	test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	rm -f $(VENV)/.ready-*
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache *.egg-info
