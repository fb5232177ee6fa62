#!/bin/sh
# Installs the package for Debian that package.sh has made in a bare Debian (debootstrap's smallest), opens the window there, runs a
# task, and removes the package again: nothing may be left. With an earlier package that one is installed first, and upgraded while a
# task runs: the task goes on, and none of its lines is lost.
#
#   scripts/test-bare-debian.sh [EARLIER.deb]
#
# Needs root, debootstrap and Debian's mirror. Without them it says so and does nothing. What was fetched is kept in target/bare.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "FAILED: $*" >&2; exit 1; }
skip() { echo "skipped: a bare Debian: $*"; exit 0; }

package=$(ls -t target/package/*.deb 2>/dev/null | head -1)
[ -n "$package" ] || fail "there is no package for Debian in target/package: make package"
earlier=${1:-}
[ -z "$earlier" ] || [ -f "$earlier" ] || fail "$earlier is not there"
[ "$(id -u)" = 0 ] || skip "only root can make one"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"

suite=bookworm
mirror=http://deb.debian.org/debian
kept=$PWD/target/bare
mkdir -p "$kept/archives/partial"
if [ ! -f "$kept/$suite.tar" ]; then
    rm -rf "$kept/new"
    debootstrap --variant=minbase "$suite" "$kept/new" "$mirror" >"$kept/debootstrap.log" 2>&1 || {
        tail -3 "$kept/debootstrap.log" >&2
        rm -rf "$kept/new"
        skip "debootstrap could not make one, see target/bare/debootstrap.log"
    }
    tar -C "$kept/new" -cf "$kept/$suite.tar.part" .
    mv "$kept/$suite.tar.part" "$kept/$suite.tar"
    rm -rf "$kept/new"
fi

root=$(mktemp -d)
mounted=""
end() {
    # What still runs in there ends first: nothing can be unmounted under it.
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/root" 2>/dev/null)" != "$root" ] || kill -9 "${process#/proc/}" 2>/dev/null || true
    done
    for place in $mounted; do umount -l "$root/$place"; done
    rm -rf --one-file-system "$root"
}
trap end EXIT
trap 'exit 1' INT TERM
tar -C "$root" -xf "$kept/$suite.tar"
mount_in() { mkdir -p "$root/$2" && mount $3 "$1" "$root/$2" && mounted="$2 $mounted"; }
mount_in proc proc "-t proc"
mount_in /dev dev --bind
mount_in tmpfs dev/shm "-t tmpfs"
mount_in tmpfs tmp "-t tmpfs"
mount_in "$kept/archives" var/cache/apt/archives --bind
cp /etc/resolv.conf "$root/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
cp "$package" "$root/tmp/solti.deb"
[ -z "$earlier" ] || cp "$earlier" "$root/tmp/earlier.deb"

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
# As the person at the machine, who has no rights there.
person() { inside HOME=/home/person DISPLAY=:99 setpriv --reuid person --regid person --init-groups -- "$@"; }
install() {
    inside apt-get install --yes --no-install-recommends "$@" >"$kept/apt.log" 2>&1 || {
        tail -20 "$kept/apt.log" >&2
        fail "apt-get install $*"
    }
}
# wait_for WHAT COMMAND…: until the command succeeds.
wait_for() {
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || fail "$what"
        sleep 0.2
    done
}
files() { (cd "$root" && find . -xdev -type f ! -path './var/*' ! -path './home/*' ! -path './tmp/*' ! -path './root/*' | LC_ALL=C sort); }

inside useradd --create-home person
inside apt-get update >"$kept/apt.log" 2>&1 || skip "Debian's mirror does not answer, see target/bare/apt.log"
install xvfb x11-utils procps
# What the packages need comes first, so that what they themselves bring can be told from it.
for deb in $(cd "$root/tmp" && ls *.deb); do
    needs=$(dpkg-deb -f "$root/tmp/$deb" Depends)
    inside apt-get satisfy --yes --no-install-recommends "$needs" >"$kept/apt.log" 2>&1 || fail "what $deb needs cannot be had: $needs"
done
files >"$kept/before"

inside Xvfb :99 -screen 0 1280x800x24 >/dev/null 2>&1 &
open_window() {
    person solti-desktop >"$kept/window.log" 2>&1 &
    wait_for "no window opens, see target/bare/window.log" window_is_there
}
window_is_there() { person xwininfo -root -tree | grep -q '"Solti'; }
close_window() {
    inside pkill -x solti-desktop || true
    wait_for "the window does not go" window_is_gone
}
window_is_gone() { ! inside pgrep -x solti-desktop; }

if [ -n "$earlier" ]; then
    install /tmp/earlier.deb
    old=$(person solti --version)
    open_window
    # The engine of an early version listens to other programs only when it is told to: its own server does without that.
    close_window
    person solti serve >"$kept/serve.log" 2>&1 &
    wait_for "$old: no task starts, see target/bare/serve.log" person sh -c \
        'test -s ~/id || solti run -- sh -c "for n in \$(seq 600); do echo line \$n; sleep 0.1; done" >~/id'
    id=$(person sh -c 'grep -oE "[0-9a-zA-Z_-]{8,}" ~/id | head -1')
    wait_for "$old: the task prints nothing" person sh -c "solti logs $id | grep -q 'line 3'"
    install /tmp/solti.deb
    [ "$(person solti --version)" != "$old" ] || fail "$old was not upgraded"
    inside pkill -9 -x solti
    open_window
    wait_for "the task of $old does not end" person sh -c "solti show $id --json | grep -qE '\"phase\": *\"(succeeded|failed|canceled)\"'"
    person solti logs "$id" >"$kept/logged"
    seq -f 'line %g' 600 | cmp - "$kept/logged" || fail "lines of the task of $old are lost, see target/bare/logged"
    close_window
    echo "$earlier: upgraded while a task ran, which went on and lost nothing"
else
    install /tmp/solti.deb
fi

open_window
said=$(person solti run --wait -- echo from a bare Debian)
[ "$said" = "from a bare Debian" ] || fail "the task has printed: $said"
person solti-desktop doctor >"$kept/doctor.log" 2>&1 || fail "the doctor is not content, see target/bare/doctor.log"
close_window

inside dpkg --purge solti >/dev/null 2>&1
files >"$kept/after"
left=$(comm -13 "$kept/before" "$kept/after")
[ -z "$left" ] || fail "left behind: $left"
lost=$(comm -23 "$kept/before" "$kept/after")
[ -z "$lost" ] || fail "taken away: $lost"
echo "$package: installed in a bare Debian, its window opened, a task run, removed without a trace"
