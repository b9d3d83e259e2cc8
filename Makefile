# The commands of pricefeed. Needs make and Python 3.11, 3.12 or 3.13; everything else is installed into .venv.
#
#   make run            the app on http://127.0.0.1:8000 with prices from Binance     PORT=8000
#   make demo           the same with a built-in exchange, no network needed          REPLAY=file SPEED=1
#   make test           every test that this machine has the services for
#   make lint           ruff, mypy --strict, tsc over the JSDoc
#   make bench          our fan-out beside the usual ways, one table
#   make soak           the long fault tests
#   make words          new sentences into locale/ for a translator, and compiled (needs gettext)
#   make clean          remove what the above made; keeps var/ (your database)

PORT   ?= 8000
REPLAY ?=
SPEED  ?= 1
PYTHON ?=

SHELL     := /bin/sh
VENV      := .venv
BIN       := $(VENV)/bin
NODE_DONE := tests/js/node_modules/.complete
PIP       := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run demo test lint bench soak words clean
.DELETE_ON_ERROR:

# A .venv that no longer runs (moved, or its Python removed) is made again.
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell $(BIN)/python -c 'import pip; print(1)' 2>/dev/null),1)
$(shell rm -f $(VENV)/.complete $(VENV)/.complete-*)
endif
endif

# Gives the program the terminal, so that Ctrl-C reaches it and not make: it ends by itself, make ends with 0.
# It cannot be stopped with Ctrl-Z then, as make would wait for it for ever.
define FOREGROUND
import os, signal, sys
signal.signal(signal.SIGTSTP, signal.SIG_IGN)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
if os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp():
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
endef
export FOREGROUND

run: $(VENV)/.complete
	@exec $(BIN)/python -c "$$FOREGROUND" manage.py serve --port '$(PORT)'

demo: $(VENV)/.complete
	@exec $(BIN)/python -c "$$FOREGROUND" manage.py serve --port '$(PORT)' --demo \
	    $(if $(REPLAY),--replay '$(REPLAY)' --speed '$(SPEED)')

test: $(VENV)/.complete-tests
	@$(BIN)/pytest -q -n auto --dist loadfile

soak: $(VENV)/.complete-tests
	@$(BIN)/pytest -q -m soak -o timeout=7200

words: $(VENV)/.complete-tests
	@$(BIN)/python -m tests.support.catalogs

bench: $(VENV)/.complete-benchmarks
	@$(BIN)/python -m benchmarks

lint: $(VENV)/.complete-tests $(if $(shell command -v npm),$(NODE_DONE))
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy manage.py pricefeed market tests
ifneq ($(shell command -v npm),)
	tests/js/node_modules/.bin/tsc -p tests/js/jsconfig.json
else ifeq ($(REQUIRE_SERVICES),1)
	@echo 'npm is not installed (REQUIRE_SERVICES=1): tsc cannot check the JavaScript' >&2; exit 1
else
	@echo 'npm is not installed: tsc has not checked the JavaScript'
endif

clean:
	rm -rf $(VENV) tests/js/node_modules staticfiles test-artefacts .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ".complete" is written last: an install that was interrupted is begun again from nothing,
# changed requirements are installed into what is there.
$(VENV)/.complete: requirements.txt
	@command -v '$(BIN)/python' >/dev/null && [ -e $@ ] || { \
	    for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11); do \
	        $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || continue; \
	        found=$$python; \
	        $$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
	        echo "installing into $(VENV) with $$($$python --version), once"; \
	        exec $$python -m venv --clear $(VENV); \
	    done; \
	    if [ -n "$$found" ]; then \
	        echo "$$found cannot make a virtual environment: install its venv package (Debian, Ubuntu: apt install python3-venv)" >&2; \
	    else \
	        echo "pricefeed needs Python 3.11, 3.12 or 3.13, and $(or $(PYTHON),python3) is not one of them (make PYTHON=/path/to/python3)" >&2; \
	    fi; \
	    exit 1; }
	@rm -f $@
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.complete-tests: $(VENV)/.complete tests/requirements.txt
	@$(PIP) -r tests/requirements.txt
	@touch $@

$(VENV)/.complete-benchmarks: $(VENV)/.complete-tests $(wildcard benchmarks/requirements.txt)
	@$(PIP) $(addprefix -r ,$(or $(wildcard benchmarks/requirements.txt),requirements.txt))
	@touch $@

$(NODE_DONE): tests/js/package-lock.json
	@npm ci --prefix tests/js --no-audit --no-fund --loglevel=error
	@touch $@
