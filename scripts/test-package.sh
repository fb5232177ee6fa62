#!/bin/sh
# Installs what package.sh has made into folders of its own, uses it and removes it again: nothing may be left, and nothing else
# may be touched. Without a display the window is not opened.
set -eu
cd "$(dirname "$0")/.."

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

archive=$(ls -t target/package/*.tar.zst 2>/dev/null | head -1)
[ -n "$archive" ] || fail "there is no archive in target/package: make package"
mkdir "$place/from" "$place/prefix" "$place/home"
tar --zstd -C "$place/from" -xf "$archive"
from=$(echo "$place"/from/*)
echo kept >"$place/prefix/of-somebody-else"
run() { env HOME="$place/home" "$@"; }

run "$from/install.sh" --prefix "$place/prefix" >/dev/null
version=$(run "$place/prefix/bin/solti" --version)
[ -n "$version" ] || fail "solti does not say its version"
entry=$place/prefix/share/applications/dev.solti.desktop.desktop
grep -q "^Exec=\"$place/prefix/bin/solti-desktop\" --new-task$" "$entry" || fail "the menu would not find the program"
grep -q '^MimeType=x-scheme-handler/solti;$' "$entry" || fail "links are not registered"

# A task through the programs that were installed.
run env SOLTI_DATA_DIR="$place/data" "$place/prefix/bin/solti" serve >"$place/serve.log" 2>&1 &
serving=$!
tries=0
until said=$(run env SOLTI_DATA_DIR="$place/data" "$place/prefix/bin/solti" run --wait -- echo installed 2>"$place/run.log"); do
    tries=$((tries + 1))
    [ $tries -lt 50 ] || { cat "$place/serve.log" "$place/run.log" >&2; kill $serving; fail "no task runs"; }
    sleep 0.2
done
kill $serving
wait $serving || true
case $said in *installed*) ;; *) fail "the task has printed: $said" ;; esac
run "$place/prefix/bin/solti-wasi" --version | grep -q '^solti-wasi [0-9.]* (wasmtime ' || fail "solti-wasi does not run"

# Over itself, and away.
run "$from/install.sh" --prefix "$place/prefix" >/dev/null
run "$from/install.sh" --uninstall --prefix "$place/prefix" >/dev/null
left=$(cd "$place/prefix" && find . -mindepth 1)
[ "$left" = ./of-somebody-else ] || fail "left behind or lost: $left"
if run "$from/install.sh" --uninstall --prefix "$place/prefix" 2>/dev/null; then fail "removed twice"; fi
echo "$archive: installed, used and removed"

package=$(ls -t target/package/*.deb 2>/dev/null | head -1)
if [ -n "$package" ] && command -v dpkg-deb >/dev/null; then
    mkdir "$place/deb"
    dpkg-deb -x "$package" "$place/deb"
    for file in bin/solti bin/solti-desktop bin/solti-shim bin/solti-wasi share/man/man1/solti.1.gz share/man/man1/solti-desktop.1.gz \
        share/doc/solti/copyright share/doc/solti/changelog.gz share/metainfo/dev.solti.desktop.metainfo.xml; do
        [ -s "$place/deb/usr/$file" ] || fail "$package is without usr/$file"
    done
    case $(dpkg-deb -f "$package" Depends) in *libc6*libwebkit2gtk-4.1-0*) ;; *) fail "$package does not say what it needs" ;; esac
    echo "$package: whole"
fi

package=$(ls -t target/package/*.rpm 2>/dev/null | head -1)
if [ -n "$package" ] && command -v rpm >/dev/null; then
    root=$place/rpm
    mkdir "$root"
    database() { rpm --root "$root" --dbpath /var/lib/rpm "$@"; }
    rpm -qip "$package" | grep -q '^License *: MIT OR Apache-2.0$' || fail "$package does not say its licence"
    # One for each library that the window is linked against.
    rpm -qRp "$package" | grep -q '^libwebkit2gtk-4.1' || fail "$package does not say what it needs"
    # What it needs is this machine's, and not in that root.
    database -i --nodeps --noscripts "$package"
    said=$(run "$root/usr/bin/solti" --version)
    [ "$said" = "$version" ] || fail "$package brings $said, the archive $version"
    for file in bin/solti-desktop bin/solti-shim bin/solti-wasi share/man/man1/solti.1.gz share/zsh/site-functions/_solti \
        share/applications/dev.solti.desktop.desktop share/licenses/solti/copyright; do
        [ -s "$root/usr/$file" ] || fail "$package is without usr/$file"
    done
    database -V --nodeps solti || fail "$package is not what it says"
    database -e solti
    left=$(find "$root/usr" -type f)
    [ -z "$left" ] || fail "$package left behind: $left"
    echo "$package: installed, used and removed"
fi
