# OpenVOD. `make demo` and `make test` install what they need into .venv; see README.md.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo unit check fmt metrics test test-all test-clients test-large lint lock clean bench bench-media bench-upload kill-sweep flow-sweep database-drill client-sweep bench-events test-events-truth bench-api web test-web bench-web
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1: \2/p' $(MAKEFILE_LIST)

define install
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/$(1).txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e ./sdk/python -e .
	@rm -f $(VENV)/.installed-* && touch $@
endef

SOURCES := pyproject.toml sdk/python/pyproject.toml

$(VENV)/.installed-runtime: requirements/runtime.txt $(SOURCES)
	$(call install,runtime)

$(VENV)/.installed-dev: requirements/dev.txt $(SOURCES)
	$(call install,dev)

# The dev set includes the runtime set.
RUNTIME := $(if $(wildcard $(VENV)/.installed-dev),$(VENV)/.installed-dev,$(VENV)/.installed-runtime)

# Browser code, built from TypeScript into src/openvod/surfaces/assets.
WEB_SOURCES := package.json package-lock.json tsconfig.base.json scripts/compress.js $(shell find sdk/web player console -type f \
	-not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/tests/*' 2>/dev/null)

$(VENV)/.built-web: $(WEB_SOURCES) | $(RUNTIME)
	@VENV=$(VENV) scripts/npm ci --silent
	@VENV=$(VENV) scripts/npm run --silent build
	@touch $@

web: $(VENV)/.built-web ## build the upload SDK, the player page and the console

demo: $(RUNTIME) $(VENV)/.built-web ## start everything, upload a video, show its event and playback (ARGS="--exit --json")
	@$(BIN)/openvod demo $(ARGS)

QUICK := not postgresql and not clients and not browser and not nginx and not fonts and not slow

unit: $(VENV)/.installed-dev ## tests/unit: pure functions, no server (half a minute)
	@$(BIN)/python -m pytest tests/unit -q -m "$(QUICK)" -n 2 --dist loadgroup $(ARGS)

test: $(VENV)/.installed-dev $(VENV)/.built-web ## all tests that need only pip packages
	@VENV=$(VENV) scripts/npm test --silent
	@$(BIN)/python -m pytest -m "$(QUICK)" -n 2 --dist loadgroup $(ARGS)

MATRIX := tests/clients/test_matrix.py tests/clients/test_one_domain.py tests/clients/test_howto.py

HOTLINKS := tests/process/test_hotlink_table.py

# It runs the documented targets themselves, so that they are tested too.
test-all: test lint ## everything: databases, browser, official clients (installs Debian packages when root)
	@scripts/install-test-services
	@$(BIN)/python -m pytest -m "not ($(QUICK))" -n 2 --dist loadgroup --ignore=tests/clients --ignore=tests/browser \
		--ignore=$(HOTLINKS) $(ARGS)
	@$(MAKE) --no-print-directory test-clients
	@$(MAKE) --no-print-directory test-web

# Separate processes: an open browser runs an event loop in its thread, which does not allow another one.
test-web: $(VENV)/.installed-dev $(VENV)/.built-web ## upload SDK, player page and console in Chromium; prints its tables
	@scripts/install-test-services
	@$(BIN)/python -m pytest tests/browser $(ARGS)
	@$(BIN)/python -m pytest $(HOTLINKS) $(ARGS)

test-clients: $(VENV)/.installed-dev $(VENV)/.built-web ## run every official client and our web SDK through every scenario, every API SDK through every action; prints both tables
	@scripts/install-test-services
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(MATRIX) $(ARGS)
	@$(BIN)/python -m pytest tests/clients $(MATRIX:%=--ignore=%) $(ARGS)

test-large: $(VENV)/.installed-dev $(VENV)/.built-web ## every official client and our web SDK uploads a file of 20 GB (an hour, 50 GB of disk)
	@scripts/install-test-services
	@OPENVOD_LARGE=yes $(BIN)/python -m pytest -q tests/clients/test_matrix.py -k "20-GB" --durations=20 $(ARGS)

kill-sweep: $(VENV)/.installed-dev ## kill -9 the server 100 times during uploads and count lost data
	@$(BIN)/python -m pytest -q tests/process/test_kill_sweep.py -k "100"

bench: $(VENV)/.installed-dev ## measure latency and memory of a real server, and its latency while encoders run
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.latency
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.memory
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.responsiveness

database-drill: $(VENV)/.installed-dev ## crash PostgreSQL 20 times during uploads and flows with two workers; count lost data and flows that two workers ran
	@scripts/install-test-services
	@PYTHONPATH=tests $(BIN)/python -m support.sweeps.database --restarts 20 --seed 1 $(ARGS)

client-sweep: $(VENV)/.installed-dev ## kill -9 official clients and the server 200 times during uploads and count lost data
	@scripts/install-test-services
	@PYTHONPATH=tests $(BIN)/python -m support.sweeps.clients --kills 200 --seed 1 $(ARGS)

flow-sweep: $(VENV)/.installed-dev ## kill -9 the worker 100 times during flows and count lost results
	@PYTHONPATH=tests $(BIN)/python -m support.sweeps.flows --kills 100 --seed 1 $(ARGS)

test-events-truth: $(VENV)/.installed-dev ## send 10,000 events to faulty receivers, with kill -9 of the server; count lost events
	@PYTHONPATH=tests $(BIN)/python -m support.sweeps.events $(ARGS)

bench-events: $(VENV)/.installed-dev ## measure the delay to the first attempt, events per second, the effect of a hanging receiver on others
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.events $(ARGS)

bench-api: $(VENV)/.installed-dev ## measure the first and the last page of a library of 100,000 files
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.media_list $(ARGS)

bench-media: $(VENV)/.installed-dev ## measure time and quality of ladders, remuxes, snapshots and reviews
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.media $(ARGS)

bench-upload: $(VENV)/.installed-dev ## compare uploads to OpenVOD and to other servers, interleaved
	@scripts/install-test-services
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.upload $(ARGS)

bench-web: $(VENV)/.installed-dev $(VENV)/.built-web ## measure first frame, web uploads against the official SDK, segments against nginx, the console
	@scripts/install-test-services
	@for each in web_first_frame web_upload web_playback console web_console; do \
		echo "== $$each" && PYTHONPATH=tests $(BIN)/python -m benchmarks.$$each || exit 1; done

check: $(VENV)/.installed-dev $(VENV)/.built-web ## format, lint and types of Python and TypeScript, import contract, licences, measures
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/licences.py --check
	@$(BIN)/python scripts/metrics.py --check
	@VENV=$(VENV) scripts/npm run --silent check

lint: check ## alias of check

fmt: $(VENV)/.installed-dev $(VENV)/.built-web ## format Python and TypeScript
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .
	@VENV=$(VENV) scripts/npm exec --silent -- biome check --write .

metrics: $(VENV)/.installed-dev ## lengths, fan-out, collaborators, private imports, dialect words (ARGS=--check compares with the limits)
	@$(BIN)/python scripts/metrics.py $(ARGS)

lock: $(VENV)/.installed-dev ## rewrite the lock files, the page of licences and the SBOM
	@$(BIN)/python -m pip install --quiet uv && requirements/lock.sh
	@VENV=$(VENV) scripts/npm install --silent --package-lock-only
# Install packages that the new lock files add, because licences are read from installed packages.
	@$(MAKE) --no-print-directory $(VENV)/.installed-dev && $(BIN)/python scripts/licences.py

clean:
	@rm -rf $(VENV)
