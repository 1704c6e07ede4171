# One entry for people and for CI: `make check`. `make help` lists the targets.
PYTHON ?= python3

.PHONY: check format lint types test docs fix fuzz refresh help

check: format lint types test docs  ## everything that CI checks

format:  ## is the code formatted?
	$(PYTHON) -m ruff format --check .

lint:  ## ruff, all rules
	$(PYTHON) -m ruff check .

types:  ## mypy --strict, package and tests
	$(PYTHON) -m mypy

test:  ## the tests, with branch coverage
	$(PYTHON) -m pytest --cov --cov-report=term --ignore=tests/test_docs.py

docs:  ## every command and output that the documents and examples show; spelling
	$(PYTHON) -m pytest tests/test_docs.py
	$(PYTHON) -m codespell_lib bpcli tests examples README.md CHANGELOG.md CONTRIBUTING.md

fix:  ## format, and mend what ruff can mend
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

refresh:  ## write what the commands print now into the documents and examples
	$(PYTHON) tests/shown.py README.md CONTRIBUTING.md examples

fuzz:  ## 200,000 random and mutated inputs through the whole command
	$(PYTHON) tests/fuzz.py --inputs 200000

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12
