#!/bin/sh
# Brings what building and testing need: Debian packages that are missing, and the page's npm packages when the lock
# is newer than what is installed. Quick when nothing is missing. Rust and Node are brought by toolchain.sh, which asks.
# `deps.sh run` leaves out what only tests and measurements need.
set -eu
cd "$(dirname "$0")/.."

scripts/toolchain.sh
# shellcheck source=scripts/toolchain-path.sh
. scripts/toolchain-path.sh

# To build: the webview, and what links against it. To run without a display: a screen, a session bus.
packages="build-essential pkg-config libwebkit2gtk-4.1-dev librsvg2-dev xvfb xauth dbus"
programs="Xvfb dbus-daemon pkg-config"
if [ "${1:-}" != run ]; then
    # To test in a real window.
    packages="$packages webkit2gtk-driver"
    # To test faults of disks and clocks.
    packages="$packages strace libfaketime"
    # To call the API as others do (scripts/foreign.sh).
    packages="$packages curl python3 python3-venv"
    # To run containers (scripts/containers.sh).
    packages="$packages podman crun runc conmon netavark iptables catatonit uidmap slirp4netns fuse-overlayfs busybox-static"
    # To make WebAssembly modules of C.
    packages="$packages clang lld libclang-rt-dev-wasm32 wasi-libc"
    # To hand tasks to a cluster (scripts/slurm.sh).
    packages="$packages slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge"
    # To keep secrets of jobs: a keyring.
    packages="$packages gnome-keyring"
    # To measure: what a search is held against.
    packages="$packages ripgrep"
    programs="$programs WebKitWebDriver curl python3"
fi
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    wanted=""
    for package in $packages; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || wanted="$wanted $package"
    done
    if [ -n "$wanted" ]; then
        sudo=""
        if [ "$(id -u)" -ne 0 ]; then
            if ! command -v sudo >/dev/null; then
                echo "As root, please run: apt-get install$wanted" >&2
                exit 1
            fi
            sudo=sudo
        fi
        echo "Installing:$wanted"
        $sudo apt-get update -qq
        # shellcheck disable=SC2086 # one word a package
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted
    fi
else
    for program in $programs; do
        command -v "$program" >/dev/null || echo "Not found: $program. On Debian: $packages" >&2
    done
fi

installed=ui/node_modules/.package-lock.json
# shellcheck disable=SC3013 # every sh of a Linux knows it
if [ ! -e "$installed" ] || [ ui/package-lock.json -nt "$installed" ]; then
    (cd ui && npm ci --no-audit --no-fund)
    touch "$installed"
fi
