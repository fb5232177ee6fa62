# The commands of this repository. Every target brings what it needs (see scripts/deps.sh).

# Where scripts/toolchain.sh puts what was missing.
export PATH := $(PATH):$(HOME)/.cargo/bin:$(CURDIR)/target/node/bin
CARGO ?= cargo
NPM = npm --prefix ui --silent

.PHONY: help deps run-deps page build package package-only release test-package run dev foreign test screenshots pictures test-busy torture bench check format bindings

help:
	@echo "make deps    install what is missing"
	@echo "make build   the app, its shim and its page, as released"
	@echo "make package packages for Debian, for rpm's distributions, and one to unpack anywhere"
	@echo "make release VERSION=x.y.z  a version, a dated changelog, a tag and the packages"
	@echo "make run     build and start the app"
	@echo "make dev     the app with a page that reloads itself"
	@echo "make test    all tests, those of the real window too"
	@echo "make test-package  installs the packages, in a bare Debian too, uses and removes them"
	@echo "make test-busy  all tests ten times on a busy machine, and how often they passed"
	@echo "make torture the fault tests for many rounds, and a table of them"
	@echo "make bench   measurements"
	@echo "make check   formats, lints, types, dependencies"
	@echo "make bindings  the page's types from crates/model, crates/api and the shell"
	@echo "make screenshots  pictures of every view, in target/screenshots"
	@echo "make pictures  those that the documents show"
	@echo "make format  put everything into its format"

deps:
	@scripts/deps.sh

# Without what only tests and measurements need.
run-deps:
	@scripts/deps.sh run

page: run-deps
	$(NPM) run build

build: page
	$(CARGO) build --release --workspace --exclude solti-shim --bins
	$(CARGO) build --release -p solti-shim --features released --bins
	$(CARGO) build --release -p solti-wasi --features program --bins

# target/package then holds a package for Debian, one for rpm's distributions where there is rpmbuild, and the portable archive.
# `make package-only BIN=dir` makes them of programs that are built already.
package: build
	scripts/package.sh target/release

package-only:
	scripts/package.sh $(or $(BIN),target/release)

# Makes a version of what is committed, and publishes nothing: scripts/release.sh.
release: run-deps
	@CARGO="$(CARGO)" scripts/release.sh "$(VERSION)"

# Installs what is in target/package into folders of its own, and into a bare Debian, uses it and removes it. EARLIER is the
# package of an earlier version, which is then upgraded there while a task runs.
test-package:
	scripts/test-package.sh
	scripts/test-bare-debian.sh $(EARLIER)

# Not as released: an optimised program in less time (the profile `local` in Cargo.toml).
run:
	@CARGO="$(CARGO)" NPM="$(NPM)" scripts/run.sh

dev: run-deps
	$(CARGO) build -p solti-shim
	ui/node_modules/.bin/tauri dev

# What the API is tested with: others' programs, the first time over the network.
foreign: deps
	@scripts/foreign.sh

# The page first: the tests of the whole app show it.
test: deps page foreign
	@CARGO="$(CARGO)" scripts/test.sh

# Pictures of every view, most in both themes and three widths, in target/screenshots.
screenshots: deps page
	SOLTI_SCREENSHOTS="$(CURDIR)/target/screenshots" $(CARGO) nextest run -p solti-desktop --test window
	@echo "Pictures are in target/screenshots."

# The pictures of the documents, from the page without the app. Needs chromium and webp of Debian's packages.
pictures: deps
	cd ui && node scripts/pictures.mjs ../docs

# All tests ten times, beside other work.
test-busy: deps
	@CARGO="$(CARGO)" scripts/test-busy.sh $(ROUNDS)

# The long form of the fault tests: docs/faults.md.
torture:
	@scripts/torture.sh $(ROWS)

# As for the tests: benches/window starts the app, which needs the shim beside it and the page inside.
bench: deps page
	$(CARGO) build --release -p solti-shim --features released --bins
	$(CARGO) bench --workspace

check: page
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy -p solti-wasi --features program --all-targets -- -D warnings
	$(CARGO) clippy -p solti-api --features failpoints --all-targets -- -D warnings
	$(CARGO) clippy -p solti-shim --features released --bins -- -D warnings
	$(CARGO) check --manifest-path fuzz/Cargo.toml --target-dir target
	scripts/shellcheck.sh
	$(NPM) run check
	$(NPM) run lint
	scripts/dependencies.sh

format: deps
	$(CARGO) fmt --all
	$(NPM) run format

# A test compares them, so that they are never stale.
bindings: deps
	UPDATE_BINDINGS=1 $(CARGO) test --quiet -p solti-model --test bindings
	UPDATE_BINDINGS=1 $(CARGO) test --quiet -p solti-api --test bindings
	UPDATE_BINDINGS=1 $(CARGO) test --quiet -p solti-desktop --lib bindings
