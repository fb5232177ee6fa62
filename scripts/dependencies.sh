#!/bin/sh
# Whether the dependencies are what deny.toml allows, and the page's packages what their authors signed. What cannot be
# looked at here (no cargo-deny, no network) is said and is no failure.
set -eu
cd "$(dirname "$0")/.."

unseen() { echo "not looked at: $1" >&2; }

if cargo deny --version >/dev/null 2>&1; then
    cargo deny check bans licenses sources
    if git ls-remote -q https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
        cargo deny check advisories
    else
        unseen "advisories: their database cannot be reached"
    fi
else
    unseen "crates: cargo-deny is not installed (cargo install cargo-deny --locked)"
fi

# The keys of the signatures are elsewhere than the packages: either may be out of reach, which npm would try again for minutes.
if said=$(timeout 300 npm --prefix ui --fetch-retries=1 --fetch-retry-mintimeout=2000 audit signatures 2>&1); then
    echo "$said"
else
    case $said in
        *"problem related to network"* | *ENOTFOUND* | *EAI_AGAIN* | "")
            unseen "signatures of npm packages: the registry or its keys cannot be reached" ;;
        *)
            echo "$said" >&2
            exit 1 ;;
    esac
fi
