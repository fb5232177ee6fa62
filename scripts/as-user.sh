#!/bin/sh
# `as-user.sh DIR PROGRAM ARGUMENTS…`: runs a program as a user without rights who has what users of a desktop have: subordinate ids, a
# control group, a network device that may be opened. For the superuser, and for tests. Nothing of this machine is changed but for a
# control group that is left empty: what has to be said of that user is said in a mount namespace. What is the user's own is in DIR.
# Where that cannot be, it says why and exits with 3.
set -eu
dir=$1
shift
name=solti-test
id=64987
refuse() {
    echo "no other user here: $1" >&2
    exit 3
}

mkdir -p "$dir/home" "$dir/runtime" "$dir.machine"
dir=$(cd "$dir" && pwd)
machine=$dir.machine
chown "$id:$id" "$dir" "$dir/home" "$dir/runtime"
chmod 700 "$dir/runtime"
exec 9>"$machine/lock"
flock 9
if [ ! -e "$machine/ready" ]; then
    (cat /etc/passwd && echo "$name:x:$id:$id::$dir/home:/bin/sh") >"$machine/passwd"
    (cat /etc/group && echo "$name:x:$id:") >"$machine/group"
    echo "$name:200000:65536" >"$machine/subuid"
    cp "$machine/subuid" "$machine/subgid"
    # As everywhere but on machines like the one that this was written for.
    if [ -e "$machine/tun" ] || mknod "$machine/tun" c 10 200 2>/dev/null; then chmod 666 "$machine/tun"; fi
    touch "$machine/ready"
fi
flock -u 9
exec 9>&-
unshare -m --propagation private true 2>/dev/null || refuse "there are no mount namespaces"
# shellcheck disable=SC2016 # for that shell
setpriv --reuid="$id" --regid="$id" --clear-groups sh -c 'command -v "$0"' "$1" >/dev/null ||
    refuse "that user may not execute $1"

export SOLTI_TEST_USER="$id" SOLTI_TEST_DIR="$dir"
# shellcheck disable=SC2016 # for the shell in the namespace
exec unshare -m --propagation private sh -euc '
    machine=$SOLTI_TEST_DIR.machine
    for file in passwd group subuid subgid; do
        # There need be none to be covered.
        [ -e "/etc/$file" ] || touch "/etc/$file"
        mount --bind "$machine/$file" "/etc/$file"
    done
    [ ! -e /dev/net/tun ] || [ ! -c "$machine/tun" ] || mount --bind "$machine/tun" /dev/net/tun
    # Some have control groups of the first kind, and of the second elsewhere.
    if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
        umount -R /sys/fs/cgroup 2>/dev/null && mount -t cgroup2 none /sys/fs/cgroup || true
    fi
    group=/sys/fs/cgroup/solti-test-user
    if mkdir -p "$group" 2>/dev/null && echo $$ >"$group/cgroup.procs"; then
        chown "$SOLTI_TEST_USER:$SOLTI_TEST_USER" "$group" "$group/cgroup.procs" "$group/cgroup.subtree_control"
    fi 2>/dev/null
    export HOME="$SOLTI_TEST_DIR/home" XDG_RUNTIME_DIR="$SOLTI_TEST_DIR/runtime" USER='"$name"' LOGNAME='"$name"'
    unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_STATE_HOME DBUS_SESSION_BUS_ADDRESS DOCKER_HOST CONTAINERS_CONF
    exec setpriv --reuid="$SOLTI_TEST_USER" --regid="$SOLTI_TEST_USER" --clear-groups --inh-caps=-all --bounding-set=+all -- "$@"
' sh "$@"
