#!/bin/sh
# Installs Solti from this folder, for you alone, or as root for everybody on the machine.
#
#   ./install.sh [--prefix DIR]      to ~/.local, as root to /usr/local
#   ./install.sh --uninstall [--prefix DIR]
#
# Your tasks and their logs are elsewhere, in ~/.local/share/solti, and are never touched.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

prefix="$HOME/.local"
[ "$(id -u)" -ne 0 ] || prefix=/usr/local
uninstall=""
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) prefix=${2:?--prefix needs a folder}; shift ;;
        --uninstall) uninstall=yes ;;
        -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "$0 knows no $1" >&2; exit 2 ;;
    esac
    shift
done
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
list=$prefix/share/solti-desktop/installed

tell_the_desktop() {
    if [ -d "$prefix/share/applications" ] && command -v update-desktop-database >/dev/null; then
        update-desktop-database -q "$prefix/share/applications" 2>/dev/null || true
    fi
    if command -v gtk-update-icon-cache >/dev/null && [ -e "$prefix/share/icons/hicolor/index.theme" ]; then
        gtk-update-icon-cache -qtf "$prefix/share/icons/hicolor" 2>/dev/null || true
    fi
}

remove_what_was_installed() {
    [ -e "$list" ] || return 0
    while IFS= read -r file; do
        rm -f "$prefix/$file"
    done <"$list"
    # The list that tell_the_desktop has made is of no use where no other program is.
    if ! ls "$prefix"/share/applications/*.desktop >/dev/null 2>&1; then
        rm -f "$prefix/share/applications/mimeinfo.cache"
    fi
    # The folders that are empty now, the deepest first.
    while IFS= read -r file; do
        folder=$(dirname "$file")
        while [ "$folder" != . ]; do
            rmdir "$prefix/$folder" 2>/dev/null || break
            folder=$(dirname "$folder")
        done
    done <"$list"
    rm -f "$list"
    rmdir "$(dirname "$list")" "$prefix/share" 2>/dev/null || true
}

if [ -n "$uninstall" ]; then
    if [ ! -e "$list" ]; then
        echo "Solti is not installed in $prefix" >&2
        exit 1
    fi
    remove_what_was_installed
    tell_the_desktop
    echo "Solti is removed from $prefix. Tasks that run go on, and your data is where it was."
    exit 0
fi

missing=$(ldd "$here/bin/solti-desktop" 2>/dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | sort -u)
if [ -n "$missing" ]; then
    echo "The window needs libraries that are not here:" >&2
    echo "$missing" | sed 's/^/  /' >&2
    echo "On Debian and Ubuntu: apt install libwebkit2gtk-4.1-0. On Fedora: dnf install webkit2gtk4.1." >&2
    echo "The command line works without them; installing all the same." >&2
fi

# What an earlier version had and this one has not goes. A program that runs keeps its file, under no name.
remove_what_was_installed
mkdir -p "$(dirname "$list")"
(cd "$here" && find bin share -type f | LC_ALL=C sort) >"$list.new"
while IFS= read -r file; do
    mkdir -p "$prefix/$(dirname "$file")"
    cp -p "$here/$file" "$prefix/$file.new"
    mv -f "$prefix/$file.new" "$prefix/$file"
done <"$list.new"
mv "$list.new" "$list"
# A desktop may look for programs elsewhere than a terminal does.
entry=$prefix/share/applications/dev.solti.desktop.desktop
sed "s|^\(Try\)\{0,1\}Exec=solti-desktop|\1Exec=$prefix/bin/solti-desktop|" "$entry" >"$entry.new"
sed -i "s|^Exec=$prefix/bin/solti-desktop|Exec=\"$prefix/bin/solti-desktop\"|" "$entry.new"
mv "$entry.new" "$entry"
tell_the_desktop

echo "Solti is installed in $prefix."
case :$PATH: in
    *":$prefix/bin:"*) ;;
    *) echo "For solti in a terminal, put $prefix/bin into your PATH." ;;
esac
