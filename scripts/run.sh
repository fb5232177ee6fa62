#!/bin/sh
# Brings what is missing, builds page and programs, and starts the app: on the screen there is, else on an invisible one. Says what it
# does and how long that took.
set -eu
cd "$(dirname "$0")/.."
: "${CARGO:=cargo}" "${NPM:=npm --prefix ui --silent}"

# step WHAT COMMAND…
step() {
    echo "==> $1"
    shift
    since=$(date +%s)
    "$@"
    echo "    $(($(date +%s) - since)) s"
}

began=$(date +%s)
# Where toolchain.sh has put what was missing.
# shellcheck source=scripts/toolchain-path.sh
. scripts/toolchain-path.sh
step "What building needs (the first time some packages of the system and of the page)" scripts/deps.sh run
# shellcheck disable=SC2086 # words
step "The page" $NPM run build
# shellcheck disable=SC2086 # words
step "The programs (from nothing about seven minutes on two cores; after a change, those of it)" \
    $CARGO build --profile local -p solti-desktop -p solti-shim -p solti-cli --bins
# What most tasks do without, and takes minutes from nothing: it is not waited for, and found as soon as it is there.
programs=${CARGO_TARGET_DIR:-target}/local
# shellcheck disable=SC2086 # words
nice $CARGO build --profile local -p solti-wasi --features program --bins >"$programs/solti-wasi.log" 2>&1 &
echo "==> Ready after $(($(date +%s) - began)) s. Solti opens its window."
echo "    What runs WebAssembly is being built meanwhile: $programs/solti-wasi.log"

app=$programs/solti-desktop
if [ -n "${WAYLAND_DISPLAY:-}" ] || [ -n "${DISPLAY:-}" ]; then
    exec "$app"
fi
echo "No display: the app runs on an invisible screen (Xvfb). End it with Ctrl+C; its tasks keep running."
export WEBKIT_DISABLE_DMABUF_RENDERER=1
exec dbus-run-session -- xvfb-run -a -s "-screen 0 1600x1000x24" "$app"
