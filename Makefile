# `make demo` and `make test` set up everything they need on a fresh Debian 12 or Ubuntu machine with a Swift 6 toolchain.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
CHECKED := --explicit-target-dependency-import-check error
SWIFT_FILES := Package.swift Sources Tests

.PHONY: help setup build demo test chaos lint file-lengths format bench bench-agents run smoke
help:            ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup:           ## apt packages that the build needs (asks for nothing)
	@Tests/Demo/packages.sh

build: setup     ## the optimised binary, .build/release/hera
	swift build -c release --product hera

demo: build      ## three agent jobs on real models on this machine
	@Tests/Demo/demo.sh

test: setup lint file-lengths  ## lint, build and run all tests, then the release build and a smoke run
	swift build --build-tests $(CHECKED)
	swift test --skip-build --no-parallel
	swift build -c release --product hera
	@$(MAKE) --no-print-directory smoke

smoke:           ## the release binary does its first steps
	@Tests/Demo/smoke.sh

chaos: setup     ## the long form of the tests that kill processes, servers, batches and nodes, and of those on hot budgets
	swift build --build-tests $(CHECKED)
	HERA_CHAOS=1 swift test --skip-build --no-parallel --filter \
	  'BatchKillTests|CrashTests|NodeTests|HotBudgetTests|PostgreSQLTests|FlushTests|FaultTests|ClockTests'

lint:            ## swift format in strict mode
	swift format lint --strict --parallel --configuration .swift-format --recursive $(SWIFT_FILES)

file-lengths:    ## no source file above 500 lines
	@! find Sources Tests -name '*.swift' -print0 | xargs -0 wc -l | awk '$$2 != "total" && $$1 > 500' | grep . \
	  || { echo "files above 500 lines: split them by noun"; exit 1; }

format:          ## format all sources in place
	swift format --in-place --parallel --configuration .swift-format --recursive $(SWIFT_FILES)

bench: setup     ## benchmarks of the parts (ratios within one run)
	swift build -c release --product Benchmarks
	.build/release/Benchmarks plan
	.build/release/Benchmarks rule Profiles
	.build/release/Benchmarks ledger

bench-agents: build  ## agent jobs on two real models, by several ways of routing
	@Tests/AgentBench/bench.sh

run: build       ## the service on 127.0.0.1:8484
	.build/release/hera serve
