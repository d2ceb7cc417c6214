# On a fresh machine: Python 3.11 or newer, make and git. Everything else is set up by what needs it.
#
#   make run                      the sample season into an embedded database, then a summary
#   make run RESULTS=1            with results (spoilers)
#   make run RECORDING=<folder>   a folder of recorded answers instead of the sample
#   make run LIVE=1 YEAR=2024     the real API, at its real pace
#   make run ARCHIVE=<folder>     the Ergast archive, from a folder or a .zip, instead of OpenF1
#   make run WIKI=1               a series of The Third Turn: the shipped pages, or WIKI=<folder>
#   make run CONFIRM=<database>   despite the users' rows in DATABASE_URL's database
#   make serve                    the same, and stays up
#   make package                  what is deployed, in .local/package, with its size
#   make chaos                    the long form of the fault tests and of the fuzzing
#   make chaos SEED=7             one seed of it, again
#   make test | check | bench | setup | tools | clean

PYTHON ?= python3
VENV := .venv/bin/python
MAKEFLAGS += --no-print-directory
.PHONY: run serve test chaos check bench package setup tools clean
.DEFAULT_GOAL := run

# Without compiled files each process of the tests, some hundred, compiles what it imports, and each
# worker rewrites every test's assertions anew.
unexport PYTHONDONTWRITEBYTECODE

ifndef PARCFERME_RECORDINGS
ifneq ($(wildcard ../shared/data),)
export PARCFERME_RECORDINGS := $(abspath ../shared/data)
endif
endif

on = $(filter-out 0 false no,$(1))
options = $(if $(call on,$(RESULTS)),--results) $(if $(call on,$(LIVE)),--live) \
	$(if $(YEAR),--year '$(YEAR)') $(if $(RECORDING),--recording '$(RECORDING)') \
	$(if $(ARCHIVE),--archive '$(ARCHIVE)') $(if $(call on,$(WIKI)),--wiki '$(WIKI)') \
	$(if $(WIKI_SERIES),--series '$(WIKI_SERIES)') $(if $(CONFIRM),--confirm '$(CONFIRM)')

run serve: setup
	@exec $(VENV) -m local $@ --with-parent $(options)

# How many at a time, in which order and on which worker, tests/conftest.py says.
pytest = $(VENV) -m pytest -n auto --no-loadscope-reorder

test: tools
	@$(pytest)

# Hypothesis is given the day as its seed: another one each week, and a failure can be repeated.
chaos: export CHAOS := 1
chaos: seed := $(or $(SEED),$(shell date +%Y%m%d))
chaos: setup
	@echo 'make chaos SEED=$(seed) repeats what Hypothesis tries here; the faults say their own seeds'
	@$(if $(SEED),SEED='$(SEED)') $(pytest) --hypothesis-seed='$(seed)' tests/faults $(fuzzing)

fuzzing = $(shell grep -l 'import fuzzed' tests/unit/*.py)

check: tools
	@$(VENV) -m ruff format --check
	@$(VENV) -m ruff check
	@$(VENV) -m mypy --strict functions ingestion_core local
	@.venv/bin/lint-imports
	@$(pytest)

bench: setup
	@$(VENV) -m benchmarks

package: setup
	@$(VENV) -m local.package

setup:
	@$(PYTHON) -m local.stack.setup

# What only checks need: linters of templates and workflows, and what is deployed, by itself.
tools: setup
	@$(PYTHON) -m local.stack.tools
	@$(VENV) -m local.package --packages

clean:
	@$(PYTHON) -m local.stack.clean
