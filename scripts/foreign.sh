#!/bin/sh
# Brings the programs of others that the API is tested with, into a Python environment under the target folder: foreign.txt
# says which. Quick when nothing is missing. Tests run it too: they are then the same with `cargo nextest` alone.
set -eu
cd "$(dirname "$0")"
wanted=$PWD/foreign.txt
cd ..
env=${1:-${CARGO_TARGET_DIR:-target}/tmp/foreign}
mkdir -p "$(dirname "$env")"

# Two tests that need it start at the same time.
exec 9>"$env.lock"
flock 9
# The list is put there last. The interpreter that the environment was made with may be gone.
if cmp -s "$wanted" "$env/foreign.txt" && "$env/bin/python" -c "" 2>/dev/null; then
    exit 0
fi
echo "Installing what the API is tested with: $wanted" >&2
python3 -m venv --clear "$env"
"$env/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r "$wanted"
cp "$wanted" "$env/foreign.txt"
