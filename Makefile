# The commands of this repository. Every target brings what it needs (see scripts/deps.sh).

CARGO ?= cargo
NPM = npm --prefix ui --silent
# With nextest, tests of a real window run one at a time (.config/nextest.toml).
NEXTEST := $(shell $(CARGO) nextest --version 2>/dev/null)

.PHONY: help deps page build package run dev foreign test torture bench check format bindings

help:
	@echo "make deps    install what is missing"
	@echo "make build   the app, its shim and its page, as released"
	@echo "make package packages for Debian and for rpm's distributions"
	@echo "make run     build and start the app"
	@echo "make dev     the app with a page that reloads itself"
	@echo "make test    all tests, those of the real window too"
	@echo "make torture the fault tests for many rounds, and a table of them"
	@echo "make bench   measurements"
	@echo "make check   formats, lints, types, dependencies"
	@echo "make bindings  the page's types from crates/model"
	@echo "make format  put everything into its format"

deps:
	@scripts/deps.sh

page: deps
	$(NPM) run build

build: page
	$(CARGO) build --release --workspace --bins

# The programs all in one go, as `build` makes them; target/release/bundle then holds the packages.
package: deps
	ui/node_modules/.bin/tauri build -- --workspace

run: build
	scripts/run.sh

dev: deps
	$(CARGO) build -p solti-shim
	ui/node_modules/.bin/tauri dev

# What the API is tested with: others' programs, the first time over the network.
foreign: deps
	@scripts/foreign.sh

# The programs and the page first: the tests of the whole app start the ones and show the other.
test: page foreign
	$(CARGO) build -p solti-shim -p solti-cli --bins
ifneq ($(NEXTEST),)
	$(CARGO) nextest run --workspace
	$(CARGO) nextest run -p solti-api --features failpoints --test fail_points
	$(CARGO) test --workspace --doc
else
	$(CARGO) test --workspace -- --test-threads=1
	$(CARGO) test -p solti-api --features failpoints --test fail_points
endif
	$(NPM) test
	$(NPM) run check

# The long form of the fault tests: docs/faults.md.
torture:
	@scripts/torture.sh $(ROWS)

# As for the tests: benches/window starts the app, which needs the shim beside it and the page inside.
bench: page
	$(CARGO) build --release -p solti-shim --bins
	$(CARGO) bench --workspace

check: page
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(NPM) run check
	$(NPM) run lint
	scripts/dependencies.sh

format: deps
	$(CARGO) fmt --all
	$(NPM) run format

# A test compares them, so that they are never stale.
bindings: deps
	UPDATE_BINDINGS=1 $(CARGO) test --quiet -p solti-model --test bindings
