#!/bin/sh
# What the package for rpm holds beside the app: the other programs, and completions and manual pages, which `solti` writes itself.
# The Tauri CLI runs it before it makes that; tauri.conf.json says where each file goes. The other packages: package.sh.
set -eu
cd "$(dirname "$0")/.."

cargo build --release --workspace --exclude solti-shim --bins
# By itself: with the rest it would have in it what others ask of its libraries.
cargo build --release -p solti-shim --features released --bins
# With its engine, which the libraries of the rest are without.
cargo build --release -p solti-wasi --features program --bins
solti=target/release/solti
files=target/package
rm -rf "$files"
mkdir -p "$files/completions" "$files/man1"
for shell in bash zsh fish; do
    "$solti" completions "$shell" >"$files/completions/solti.$shell"
done
"$solti" man "$files/man1"
cp packaging/man/*.1 "$files/man1"
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
sed "s/@VERSION@/$version/; s/@DATE@/$(date -u +%F)/" packaging/dev.solti.desktop.metainfo.xml \
    >"$files/dev.solti.desktop.metainfo.xml"
# Without a time in it the same page is the same file.
gzip -9n "$files"/man1/*.1
