#!/bin/sh
# Makes the packages: one for Debian, one for distributions of rpm, and a portable archive for any other Linux.
#
#   scripts/package.sh [DIR]     of the programs in DIR, target/release by default; into target/package
#
# The same programs and the same SOURCE_DATE_EPOCH (the last commit's time by default) give the same files. Who looks after the
# packages is MAINTAINER, as "Name <address>": whoever made the last commit, unless somebody says otherwise.
set -eu
cd "$(dirname "$0")/.."

programs=${1:-target/release}
out=target/package
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
: "${MAINTAINER:=$(git log -1 --format='%an <%ae>' 2>/dev/null || echo "$(id -un) <$(id -un)@localhost>")}"
export SOURCE_DATE_EPOCH
day=$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)
for program in solti solti-desktop solti-shim solti-wasi; do
    if [ ! -x "$programs/$program" ]; then
        echo "$programs/$program is not there: make build, or name the folder of the programs" >&2
        exit 1
    fi
done
machine=$("$programs/solti" --version >/dev/null && uname -m)

# ---- what all of them hold, as it lies under a prefix ------------------------------------------------------------

tree=$out/tree
rm -rf "$tree"
install -d "$tree/bin" "$tree/share/man/man1"
install -m 755 "$programs/solti" "$programs/solti-desktop" "$programs/solti-shim" "$programs/solti-wasi" "$tree/bin"
# Released ones are already; those of another profile become as they are.
strip --strip-unneeded "$tree"/bin/*
"$programs/solti" man "$tree/share/man/man1"
install -m 644 packaging/man/*.1 "$tree/share/man/man1"
# Without a time in it the same page is the same file.
gzip -9nf "$tree"/share/man/man1/*.1
install -d "$tree/share/bash-completion/completions" "$tree/share/zsh/vendor-completions" \
    "$tree/share/fish/vendor_completions.d"
"$programs/solti" completions bash >"$tree/share/bash-completion/completions/solti"
"$programs/solti" completions zsh >"$tree/share/zsh/vendor-completions/_solti"
"$programs/solti" completions fish >"$tree/share/fish/vendor_completions.d/solti.fish"
install -D -m 644 packaging/dev.solti.desktop.desktop "$tree/share/applications/dev.solti.desktop.desktop"
install -d "$tree/share/metainfo"
sed "s/@VERSION@/$version/; s/@DATE@/$day/" packaging/dev.solti.desktop.metainfo.xml \
    >"$tree/share/metainfo/dev.solti.desktop.metainfo.xml"
for size in 16 24 32 48 64 128 256 512; do
    install -D -m 644 "icons/${size}x$size.png" "$tree/share/icons/hicolor/${size}x$size/apps/solti-desktop.png"
done
install -D -m 644 icons/solti.svg "$tree/share/icons/hicolor/scalable/apps/solti-desktop.svg"
if command -v desktop-file-validate >/dev/null; then
    desktop-file-validate "$tree/share/applications/dev.solti.desktop.desktop"
fi
if command -v appstreamcli >/dev/null; then
    appstreamcli validate --no-net --explain "$tree/share/metainfo/dev.solti.desktop.metainfo.xml"
fi

# ---- for Debian ----------------------------------------------------------------------------------------------------

# In lines of less than 80 letters, as both kinds of packages want it.
description() {
    cat <<'TEXT'
Solti runs builds, imports, trainings, servers and backups: in lanes, at set
times, again when they fail. It keeps everything that they print, and its
tasks go on when its window is closed.

This package holds the window (solti-desktop), the command line (solti), the
program that supervises each run (solti-shim) and the one that runs
WebAssembly (solti-wasi).
TEXT
}

debian() {
    root=$out/deb
    rm -rf "$root"
    install -d "$root/DEBIAN" "$root/usr/share/doc/solti"
    cp -a "$tree/." "$root/usr"
    install -m 644 packaging/copyright "$root/usr/share/doc/solti/copyright"
    gzip -9nc CHANGELOG.md >"$root/usr/share/doc/solti/changelog.gz"
    printf 'solti (%s-1) unstable; urgency=medium\n\n  * Release %s. What is new is in changelog.gz.\n\n -- %s  %s\n' \
        "$version" "$version" "$MAINTAINER" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" |
        gzip -9n >"$root/usr/share/doc/solti/changelog.Debian.gz"
    # Which packages the programs link against, and from which version on. It wants to be among sources of a package.
    sources=$(mktemp -d)
    mkdir "$sources/debian"
    printf 'Source: solti\n\nPackage: solti\nArchitecture: any\n' >"$sources/debian/control"
    bin=$(cd "$root/usr/bin" && pwd)
    depends=$(cd "$sources" && dpkg-shlibdeps -O "$bin"/* 2>/dev/null |
        sed -n 's/^shlibs:Depends=//p')
    rm -rf "$sources"
    architecture=$(dpkg --print-architecture)
    cat >"$root/DEBIAN/control" <<CONTROL
Package: solti
Version: $version-1
Section: utils
Priority: optional
Architecture: $architecture
Maintainer: $MAINTAINER
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: $depends
Recommends: default-dbus-session-bus | dbus-session-bus
Suggests: openssh-client
Description: run long and batch tasks on this machine
$(description | sed 's/^$/./; s/^/ /')
CONTROL
    (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    package=$out/solti_$version-1_$architecture.deb
    dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
    rm -rf "$root"
    echo "$package"
}

if command -v dpkg-deb >/dev/null; then
    debian
else
    echo "no package for Debian: dpkg-deb is not installed" >&2
fi

# ---- for Fedora, openSUSE and others of rpm ------------------------------------------------------------------------

rpm_package() {
    top=$(cd "$out" && pwd)/rpm
    rm -rf "$top"
    mkdir -p "$top"
    cp -a "$tree" "$top/usr"
    mv "$top/usr/share/zsh/vendor-completions" "$top/usr/share/zsh/site-functions"
    install -D -m 644 packaging/copyright "$top/usr/share/licenses/solti/copyright"
    # It finds out by itself which libraries the programs are linked against. They are packed as they are, with no time but the commit's.
    cat >"$top/solti.spec" <<SPEC
Name: solti
Version: $version
Release: 1
Summary: Run long and batch tasks on this machine
License: MIT OR Apache-2.0
Packager: $MAINTAINER
Recommends: dbus-daemon
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global _buildhost localhost
%description
$(description)
%install
mkdir -p %{buildroot}
cp -a $top/usr %{buildroot}/usr
%files
$(cd "$top" && find usr -type f | LC_ALL=C sort | sed 's|^|/|')
SPEC
    rpmbuild -bb --quiet --define "_topdir $top" --define "_rpmdir $top/made" "$top/solti.spec" >/dev/null
    made=$(find "$top/made" -name '*.rpm')
    mv "$made" "$out"
    echo "$out/$(basename "$made")"
    rm -rf "$top"
}

if command -v rpmbuild >/dev/null; then
    rpm_package
else
    echo "no package for rpm: rpmbuild is not installed (on Debian: apt-get install rpm)" >&2
fi

# ---- portable --------------------------------------------------------------------------------------------------------

name=solti-$version-$machine
rm -rf "${out:?}/$name"
cp -a "$tree" "$out/$name"
# Where zsh looks for them when they are not a distribution's.
mv "$out/$name/share/zsh/vendor-completions" "$out/$name/share/zsh/site-functions"
install -m 755 packaging/install.sh "$out/$name"
install -m 644 LICENSE-MIT LICENSE-APACHE CHANGELOG.md "$out/$name"
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$out" -cf - "$name" |
    zstd -q -19 -T0 -f -o "$out/$name.tar.zst"
rm -rf "${out:?}/$name" "$tree"
echo "$out/$name.tar.zst"
rm -f "$out/SHA256SUMS"
(cd "$out" && for made in *.deb *.rpm *.tar.zst; do [ ! -e "$made" ] || sha256sum "$made"; done >SHA256SUMS)

if [ -n "${package:-}" ]; then
    if command -v lintian >/dev/null; then
        lintian --allow-root --fail-on error --tag-display-limit 0 "$package"
    else
        echo "not looked at: lintian is not installed" >&2
    fi
fi
