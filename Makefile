# The whole project in a few words; each needs nothing but Python 3.11 to 3.13, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup demo test check clean help

help:            ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ -/'

setup: $(STAMP)  ## install into .venv; .venv/bin/mentionwatch exists afterwards

$(STAMP): requirements/build.txt requirements/run.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else "mentionwatch needs Python 3.11, 3.12 or 3.13; this is %d.%d. Call: make PYTHON=python3.11 ..." % v[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/run.txt -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: setup      ## the whole product on an invented school, on this machine alone
	$(BIN)/mentionwatch demo $(DEMO)

test: setup      ## every test that this machine can run, and a list of what it could not
	$(BIN)/python -m pytest $(TESTS)

check: setup     ## format, lint, strict types, house tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/house

clean:           ## forget the installation
	rm -rf $(VENV) build *.egg-info
