.DEFAULT_GOAL := help
.PHONY: help pictures setup demo test test-live attack check audit sbom fuzz mutate format lock docs serve sandbox errors faults soak bench bench-pieces bench-compare bench-publish bench-download clean docker docker-build docker-test

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
NODE   := tests/integration/node
AUDIT  := $(VENV)/audit
ADVISORIES   := https://api.osv.dev
FUZZ_SECONDS ?= 600
SECONDS      ?= 600
ATTACK_SECONDS ?= 10
LOCK   := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv from the lock

$(STAMP): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(NODE)/node_modules/.installed: $(NODE)/package-lock.json
	cd $(NODE) && npm ci --silent --no-audit --no-fund
	touch $@

demo: setup ## sandbox and service, every published method called once, readable
	$(BIN)/python -m rpc_moodle demo

test: setup ## every test
	@command -v npm >/dev/null && $(MAKE) --no-print-directory $(NODE)/node_modules/.installed || echo "npm is missing: the Node tests will be skipped"
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal

test-live: setup ## the contract's promises against MOODLE_URL, with the ids and tokens in IDS; WRITE=1 writes, too
	@test -n "$(MOODLE_URL)" && test -r "$(IDS)" || { echo "Say which site: make test-live MOODLE_URL=https://moodle.example.edu IDS=ids.json"; exit 2; }
	MOODLE_URL="$(MOODLE_URL)" IDS="$(IDS)" $(BIN)/python -m pytest --quiet --tb=short -p no:randomly -p tests.live.table tests/live/reads.py $(if $(filter 1,$(WRITE)),tests/live/writes.py)

check: setup ## formatting, lint, types, import rules, docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sphinx-build -q -W -b html docs docs/_build/html
	@$(MAKE) --no-print-directory audit

audit: setup ## look the locked requirements up among known vulnerabilities, where the network allows
	@if $(BIN)/python -c 'import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=5)' $(ADVISORIES)/v1/vulns/PYSEC-2023-1 2>/dev/null; \
	then $(MAKE) --no-print-directory $(AUDIT)/.installed && $(AUDIT)/bin/pip-audit --vulnerability-service osv --disable-pip --require-hashes -r requirements.lock; \
	else echo "audit skipped: $(ADVISORIES) cannot be reached"; fi

sbom: setup $(AUDIT)/.installed ## write sbom.json, what the image installs (CycloneDX)
	$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml -o sbom.json requirements.lock

$(AUDIT)/.installed: requirements-audit.lock
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.lock
	touch $@

fuzz: setup ## feed the service nonsense for FUZZ_SECONDS (600)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	$(BIN)/python -m tests.fuzz $(FUZZ_SECONDS)

mutate: setup ## make small faults in the modules that decide, and list those that no test sees (eight minutes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutate.lock
	$(BIN)/python -m tests.mutation --max-children 2

format: setup ## format and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pictures: setup ## draw the pictures of the documentation anew
	$(BIN)/python docs/pictures.py

docs: setup ## build the documentation into docs/_build/html
	$(BIN)/sphinx-build -W -b html docs docs/_build/html

serve: setup ## start the service on port 8081
	$(BIN)/python -m rpc_moodle serve

sandbox: setup ## start the in-memory Moodle on port 8090
	$(BIN)/python -m rpc_moodle sandbox

errors: setup ## every error that a caller can read, each triggered
	$(BIN)/python -m tests.errors

faults: setup ## every method against every fault, as a table
	$(BIN)/python -m tests.faults

attack: setup ## hostile sites, names and strangers for ATTACK_SECONDS (10) each, as a table of what another caller notices
	$(BIN)/python -m tests.attack $(ATTACK_SECONDS)

soak: setup ## a bad day in SECONDS (600): memory, descriptors and tasks have to stay flat
	$(BIN)/python benchmarks/soak.py $(SECONDS)

bench: setup $(NODE)/node_modules/.installed ## calls, downloads, sockets and starts beside a bare client, into benchmarks/results
	$(BIN)/python benchmarks/bench.py

bench-pieces: setup $(NODE)/node_modules/.installed ## where the CPU of a call goes, piece by piece
	$(BIN)/python benchmarks/pieces.py

bench-compare: setup ## two runs side by side: OLD and NEW are their bench.json
	$(BIN)/python benchmarks/bench.py --compare $(OLD) $(NEW)

bench-publish: setup ## publishing to 200 and 2,000 users, beside a bare client, and to a class on a slow site
	$(BIN)/python benchmarks/bench_publish.py

bench-download: setup ## downloads each way out, beside a bare client
	$(BIN)/python benchmarks/bench_download.py

clean: ## remove what make made
	rm -rf $(VENV) $(NODE)/node_modules docs/_build mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

lock: setup ## write the lock files anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile $(LOCK) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCK) pyproject.toml --group dev --group docs -o requirements-dev.lock
	$(BIN)/uv pip compile $(LOCK) --group audit -o requirements-audit.lock
	$(BIN)/uv pip compile $(LOCK) --group fuzz -o requirements-fuzz.lock
	$(BIN)/uv pip compile $(LOCK) --group mutate -o requirements-mutate.lock

docker-build: ## build the container's image
	docker compose build rpc_moodle

docker: ## start the container in the background, anew if something changed
	docker compose up --detach --build rpc_moodle

docker-test: setup $(NODE)/node_modules/.installed ## build the container, call it from Node, stop it, remove it
	$(BIN)/python -m pytest tests/docker/container.py
