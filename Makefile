# `make demo` and `make test` set up everything they need on a fresh Debian 12 or Ubuntu machine with a Swift 6 toolchain.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
CHECKED := --explicit-target-dependency-import-check error
SWIFT_FILES := Package.swift Sources Tests
HERA := .build/release/hera
# Where `make install` puts things; DESTDIR is put before it, for packages.
PREFIX ?= /usr/local
DESTDIR ?=
SHARE = $(DESTDIR)$(PREFIX)/share
# The Swift runtime is linked in, so that the program runs where no toolchain is.
STATIC := --static-swift-stdlib
# What runs on several threads, within minutes: the thread sanitizer makes a test five to twenty times slower.
SANITIZED := JSONTests|UpstreamTests|CallsTests|StepsTests|BatchesTests|SizeAndTimeTests|TextTests|$(\
)ConcurrencyTests|FlushTests|GroupTests|LeaseTests|SharedRateTests|TogetherTests

.PHONY: help setup build demo test test-dates sanitize chaos lint lint-accept file-lengths format bench \
  bench-agents bench-gateway fetch run smoke install uninstall deb check-install clients soak contract page snippets prometheus
help:            ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup:           ## apt packages that the build needs (asks for nothing)
	@Tests/Demo/packages.sh

build: setup $(HERA)  ## the optimised binary, .build/release/hera

# Not asked for again while it is newer than all it is made of.
$(HERA): Package.swift $(shell find Sources -path Sources/Packaging -prune -o -type f -print)
	swift build -c release --product hera $(STATIC)
	@touch -c $@

demo: setup fetch $(HERA)  ## three agent jobs on real models on this machine
	@Tests/Demo/demo.sh

# The models come while the compiler works. demo.sh calls the same script, which waits for the one that is under way.
fetch: setup
	@Tests/Demo/models.sh &

test: setup lint ## lint, build and run all tests, then the release build and what runs it: smoke, clients, guide, contract, page, Prometheus, soak
	swift build --build-tests $(CHECKED)
	@# What failed is said again at the end, where it is looked for.
	@swift test --skip-build --no-parallel 2>&1 | tee .build/test.log || { \
	  echo; echo "failed, from .build/test.log:"; grep -E '✘|recorded an issue' .build/test.log; exit 1; }
	swift build -c release --product hera $(STATIC)
	@$(MAKE) --no-print-directory smoke
	@Tests/Clients/clients.sh
	@Tests/Snippets/snippets.py
	@Tests/Contract/contract.sh --examples 5
	@Tests/Page/page.sh
	@Tests/Prometheus/prometheus.sh
	@Tests/Soak/soak.sh 20

test-dates:      ## the built tests at ends of months and years, on leap days and in far zones; PART=calendar is short
	@Tests/Habits/dates.sh $(PART)

sanitize: setup  ## tests of what runs on several threads, under the thread sanitizer, in .build-tsan
	swift build --build-tests --sanitize thread --scratch-path .build-tsan
	clang -shared -fPIC -O1 -o .build-tsan/mutex.so Tests/Sanitize/mutex.c
	LD_PRELOAD=$(CURDIR)/.build-tsan/mutex.so TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 swift test --skip-build --sanitize thread \
	  --scratch-path .build-tsan --no-parallel --filter '$(SANITIZED)'

smoke:           ## the release binary does its first steps
	@Tests/Demo/smoke.sh

clients: build   ## real client libraries from PyPI; writes docs/reference/clients.md
	@Tests/Clients/clients.sh

snippets: build  ## the commands of README and guide, run as they stand
	@Tests/Snippets/snippets.py

soak: build      ## ten minutes of load with faults: ledger and bill, memory and descriptors; DURATION=60 is shorter
	@Tests/Soak/soak.sh $(or $(DURATION),600)

contract:        ## generated requests against the API description (schemathesis from PyPI; skipped without it)
	@Tests/Contract/contract.sh

prometheus:      ## a real Prometheus scrapes the service (skipped without it): format, alerts, queries, money
	@Tests/Prometheus/prometheus.sh

page:            ## every view of the page in a headless Chromium (skipped without it)
	@Tests/Page/page.sh

chaos: setup     ## the long form of the tests that kill processes, servers, batches and nodes, and of those on hot budgets
	swift build --build-tests $(CHECKED)
	HERA_CHAOS=1 swift test --skip-build --no-parallel --filter \
	  'BatchKillTests|CrashTests|NodeTests|HotBudgetTests|PostgreSQLTests|FlushTests|FaultTests|ClockTests'

lint: file-lengths  ## swift format in strict mode, lengths of files, and comments that are missing or misworded
	swift format lint --strict --parallel --configuration .swift-format --recursive $(SWIFT_FILES)
	@Tests/Habits/documented.py

lint-accept:     ## lowers the ceilings of `make lint` to what is left
	@Tests/Habits/documented.py --accept

file-lengths:    ## no source file above 500 lines
	@! find Sources Tests -name '*.swift' -print0 | xargs -0 wc -l | awk '$$2 != "total" && $$1 > 500' | grep . \
	  || { echo "files above 500 lines: split them by noun"; exit 1; }

format:          ## format all sources in place
	swift format --in-place --parallel --configuration .swift-format --recursive $(SWIFT_FILES)

bench: build     ## benchmarks of the parts (ratios within one run)
	swift build -c release --product Benchmarks
	.build/release/Benchmarks plan
	.build/release/Benchmarks rule Profiles
	.build/release/Benchmarks ledger
	@Tests/GatewayBench/cost.py check

bench-gateway: build  ## hera beside the other gateways that are installed on this machine
	@Tests/GatewayBench/bench.py

bench-agents: build  ## agent jobs on two real models, by several ways of routing
	@Tests/AgentBench/bench.sh

install: build   ## program, share/hera, completions and manual pages below PREFIX (/usr/local)
	install -D -m 755 --strip $(HERA) $(DESTDIR)$(PREFIX)/bin/hera
	install -d $(SHARE)/hera/Catalog $(SHARE)/hera/Profiles
	install -m 644 Catalog/*.yaml $(SHARE)/hera/Catalog
	cp -R --no-preserve=mode,ownership Profiles/. $(SHARE)/hera/Profiles
	install -D -m 644 Sources/Packaging/prometheus/hera-alerts.yaml $(SHARE)/hera/hera-alerts.yaml
	install -D -m 644 LICENSE $(SHARE)/doc/hera/copyright
	Sources/Packaging/notices.sh .build/checkouts $(SHARE)/doc/hera/notices
	install -d $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	$(HERA) --generate-completion-script bash > $(SHARE)/bash-completion/completions/hera
	$(HERA) --generate-completion-script zsh > $(SHARE)/zsh/site-functions/_hera
	$(HERA) --generate-completion-script fish > $(SHARE)/fish/vendor_completions.d/hera.fish
	$(HERA) manual $(SHARE)/man/man1
	gzip --force --best --no-name $(SHARE)/man/man1/hera*.1

uninstall:       ## removes what `make install` put below PREFIX
	rm -rf $(SHARE)/hera $(SHARE)/doc/hera
	rm -f $(DESTDIR)$(PREFIX)/bin/hera $(SHARE)/bash-completion/completions/hera $(SHARE)/zsh/site-functions/_hera \
	  $(SHARE)/fish/vendor_completions.d/hera.fish $(SHARE)/man/man1/hera*.1.gz

deb: build       ## dist/hera.deb: program, systemd unit, /etc/hera/hera.yaml, /var/lib/hera
	rm -rf dist/tree
	@$(MAKE) --no-print-directory install PREFIX=/usr DESTDIR=$(CURDIR)/dist/tree
	Sources/Packaging/deb.sh dist/tree dist/hera.deb
	rm -rf dist/tree

check-install: deb  ## dist/hera.deb on a clean Debian and as a service there (root, debootstrap, systemd-nspawn; skipped without)
	@Tests/Install/install.sh

run: build       ## the service on 127.0.0.1:8484
	$(HERA) serve
