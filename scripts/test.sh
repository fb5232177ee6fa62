#!/bin/sh
# All tests, as `make test` runs them once the page is built. Each part runs whatever became of those before it, so that one run
# shows all that fails; the parts that did are named at the end.
set -u
cd "$(dirname "$0")/.." || exit

cargo=${CARGO:-cargo}
failed=""

# part NAME COMMAND…
part() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed
  $name"
}

# From nothing all that is built takes about 8 GB, and twice that where the compiler keeps what it needs to build parts again. A full
# disk fails in a hundred ways, none of which says so.
free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1000000) }')
[ "$free" -ge 20 ] || echo "Only $free GB are free here; from nothing the tests need 8, and up to 20." >&2

# The programs that tests start: the whole-app tests look for them beside the app, the others are told where these two are.
$cargo build -p solti-shim -p solti-cli --bins || exit 1
# By itself, as nothing else is built with its engine: what changes elsewhere does not build that again. And with its tests, as
# with what those use the engine would be built a second time.
$cargo test --no-run -p solti-wasi --features program || exit 1
built="${CARGO_TARGET_DIR:-target}/debug"
[ -x "$built/solti-shim" ] && SOLTI_TEST_SHIM=$(realpath "$built/solti-shim") && export SOLTI_TEST_SHIM
[ -x "$built/solti-wasi" ] && SOLTI_TEST_WASI=$(realpath "$built/solti-wasi") && export SOLTI_TEST_WASI

if $cargo nextest --version >/dev/null 2>&1; then
    part "tests of all crates" $cargo nextest run --workspace
    part "tests of WebAssembly's program" $cargo nextest run -p solti-wasi --features program
    part "tests with fail points" $cargo nextest run -p solti-api --features failpoints --test fail_points
    part "tests in the documentation" $cargo test --workspace --doc
else
    part "tests of all crates" $cargo test --workspace --no-fail-fast -- --test-threads=1
    part "tests of WebAssembly's program" $cargo test -p solti-wasi --features program
    part "tests with fail points" $cargo test -p solti-api --features failpoints --test fail_points
fi
part "tests of the page" npm --prefix ui --silent test
part "types of the page" npm --prefix ui --silent run check

if [ -n "$failed" ]; then
    echo "Failed:$failed" >&2
    exit 1
fi
