#!/bin/sh
# Whether the scripts are sound, where shellcheck is installed; where it is not, that is said and is no failure.
set -eu
cd "$(dirname "$0")/.."
if command -v shellcheck >/dev/null; then
    shellcheck --severity=warning scripts/*.sh .ci/run
else
    echo "not looked at: the scripts, as shellcheck is not installed" >&2
fi
