#!/bin/sh
# Makes a release of what is committed: the version, a dated changelog, a commit, a tag, the packages and their sums. Publishes
# nothing. Whoever repeats it from the tag (git checkout v0.2.0 && make package) gets the same version and the same dates.
#
#   scripts/release.sh VERSION
set -eu
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
version=${1:-}
stop() {
    echo "$1" >&2
    exit 1
}

old=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
echo "$version" | grep -Eq '^[0-9]+\.[0-9]+\.[0-9]+$' || stop "which version? The last one is $old: make release VERSION=x.y.z"
[ "$(printf '%s\n%s\n' "$old" "$version" | sort -V | tail -1)" = "$version" ] && [ "$old" != "$version" ] ||
    stop "$version does not come after $old"
[ -z "$(git status --porcelain)" ] || stop "there are changes that are not committed"
! git rev-parse -q --verify "refs/tags/v$version" >/dev/null || stop "there is a tag v$version already"
[ -n "$(sed -n '/^## Unreleased/,/^## [0-9]/p' CHANGELOG.md | grep '^- ')" ] || stop "CHANGELOG.md has nothing that is unreleased"

# The one place that has the version; the lock files follow.
sed -i "/^\[workspace.package\]/,/^\[/s/^version = .*/version = \"$version\"/" Cargo.toml
for manifest in Cargo.toml fuzz/Cargo.toml; do
    # Of the crates of others nothing changes.
    "$cargo" update --quiet --workspace --manifest-path "$manifest"
done
sed -i "s/^## Unreleased$/## Unreleased\n\n## $version - $(date -u +%F)/" CHANGELOG.md
git commit -qam "Release $version"
git tag -a "v$version" -m "Solti $version"

make package
cat target/package/SHA256SUMS
echo "v$version is tagged, and its packages are in target/package. To publish: git push origin main v$version"
