#!/bin/sh
# Prepares what tests run containers by, each with everything of its own under the target folder. `containers.sh ENGINE [DIR]`:
#   podman     as the superuser
#   rootless   podman as another user; scripts/as-user.sh is for a superuser who wants to be one
#   docker     a daemon, as the superuser. It ends when for some seconds nobody has held a lock on DIR/docker/users
#   registry   the program of a registry, which is only fetched here
# An engine's client is then DIR/ENGINE/bin/podman or docker, and has an image that needs no registry. Quick when all is there. Where
# it cannot be, the reason is said on one line, and the exit code is 3.
set -eu
cd "$(dirname "$0")/.."
engine=$1
all=${2:-${CARGO_TARGET_DIR:-target}/tmp/containers}
dir=$all/$engine
image=localhost/solti-test:1
# What the documentation names, in its place.
documented=docker.io/library/alpine:3

say_no() {
    echo "no $engine here: $1" >&2
    exit 3
}
# It stays so for a while: many tests ask, one after the other.
refuse() {
    [ ! -w "$dir" ] || echo "$1" >"$dir/refused"
    say_no "$1"
}
was_refused() {
    [ -n "$(find "$dir/refused" -mmin -10 2>/dev/null)" ]
}

# Debian's packages, unpacked: installed, they would start daemons on this machine. Arguments: the folder, and their names.
unpack() {
    to=$1
    shift
    command -v dpkg >/dev/null || refuse "its packages are Debian's"
    rm -rf "$to.new" && mkdir -p "$to.new/debs"
    for package in "$@"; do
        (cd "$to.new/debs" && apt-get -qq download "$package") >/dev/null 2>&1 || refuse "$package cannot be fetched"
    done
    for deb in "$to.new"/debs/*.deb; do dpkg -x "$deb" "$to.new"; done
    rm -rf "$to.new/debs" "$to"
    mv "$to.new" "$to"
}

# Sockets must not have long names.
place_of_docker() {
    echo "/tmp/solti-test-docker-$(echo "$1" | cksum | cut -d' ' -f1)"
}

# The daemon, and who ends it.
if [ "$engine" = docker-daemon ]; then
    dir=$all/docker
    dockerd --config-file "$dir/daemon.json" 9>&- &
    daemon=$!
    exec 8>"$dir/users"
    while sleep 5 && kill -0 "$daemon" 2>/dev/null; do
        if flock -n 8; then
            kill "$daemon"
            wait "$daemon" || true
            rm -rf "$(place_of_docker "$dir")" || true
            break
        fi
    done
    exit 0
fi

case $engine in
podman | docker) [ "$(id -u)" -eq 0 ] || refuse "it needs the rights of the superuser" ;;
rootless) [ "$(id -u)" -ne 0 ] || refuse "this is the superuser" ;;
registry) ;;
*) refuse "nobody knows it" ;;
esac
is_ready() {
    [ "$engine" != docker ] && [ -e "$dir/ready" ]
}
is_ready && exit 0
was_refused && say_no "$(cat "$dir/refused")"
mkdir -p "$dir/bin" || refuse "its folder cannot be made"
dir=$(cd "$dir" && pwd)
all=$(dirname "$dir")
# Tests that need it start at the same time.
exec 9>"$dir/lock"
flock 9
is_ready && exit 0
was_refused && say_no "$(cat "$dir/refused")"
rm -f "$dir/refused"

# A root file system of one program under many names, to standard output.
rootfs() {
    busybox=$(command -v busybox) || refuse "busybox is not installed"
    rootfs=$dir/rootfs
    rm -rf "$rootfs" && mkdir -p "$rootfs/bin" "$rootfs/etc" "$rootfs/tmp"
    cp "$busybox" "$rootfs/bin/busybox"
    for name in sh echo cat sleep true false env id ls printf kill touch pwd seq yes mkdir wc; do
        ln -sf busybox "$rootfs/bin/$name"
    done
    echo "root:x:0:0::/:/bin/sh" >"$rootfs/etc/passwd"
    echo "text" >"$rootfs/etc/no-program"
    tar -C "$rootfs" -c --owner=0 --group=0 .
    rm -rf "$rootfs"
}

# Whether a container runs; what is said else is in the file `said`.
runs() {
    "$client" run --rm --init --log-driver=none --network=none "$image" true 2>"$dir/said"
}

prepare_podman() {
    podman=$(command -v podman) || refuse "podman is not installed"
    # The engine asks for more open files than some machines let even the superuser have.
    cat >"$dir/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]
pids_limit = 0
[engine]
events_logger = "none"
CONF
    client=$dir/bin/podman
    for runtime in "" "--runtime=runc"; do
        cat >"$client" <<CLIENT
#!/bin/sh
export CONTAINERS_CONF='$dir/containers.conf'
exec '$podman' --root '$dir/root' --runroot '$dir/run' --tmpdir '$dir/tmp' --cgroup-manager=cgroupfs --events-backend=file $runtime "\$@"
CLIENT
        chmod +x "$client"
        # What the first command of a session has to say is none of our business.
        "$client" image exists "$image" 2>/dev/null ||
            rootfs | "$client" import - "$image" >/dev/null 2>"$dir/said" || true
        if runs; then
            "$client" tag "$image" "$documented"
            # A network of its own needs more of the machine than a container does.
            "$client" run --rm --init --log-driver=none "$image" true 2>/dev/null ||
                sed -i '/^\[containers\]/a netns = "none"' "$dir/containers.conf"
            touch "$dir/ready"
            return
        fi
    done
    refuse "$(tail -n 1 "$dir/said")"
}

prepare_docker() {
    # Before anything is fetched: without these no daemon starts.
    unshare -m true 2>/dev/null || refuse "this superuser may not mount"
    place=$(place_of_docker "$dir")
    if [ ! -e "$dir/unpacked" ] && ! command -v dockerd >/dev/null; then
        unpack "$dir/unpacked" docker.io containerd runc tini
        # A package of its own in newer Debians.
        [ -x "$dir/unpacked/usr/bin/docker" ] || command -v docker >/dev/null || {
            unpack "$dir/client" docker-cli
            cp "$dir/client/usr/bin/docker" "$dir/unpacked/usr/bin/"
        }
    fi
    # What is installed here comes first: the client is then often newer than the daemon, as with many users.
    export PATH="$PATH:$dir/unpacked/usr/sbin:$dir/unpacked/usr/bin"
    docker=$(PATH=${PATH#"$dir/bin:"} command -v docker) || refuse "docker has no client here"
    client=$dir/bin/docker
    # In one step: other tests may be executing it.
    cat >"$client.new" <<CLIENT
#!/bin/sh
export DOCKER_HOST="\${SOLTI_TEST_DOCKER_HOST:-unix://$place/docker.sock}"
exec '$docker' "\$@"
CLIENT
    chmod +x "$client.new"
    mv -f "$client.new" "$client"
    "$client" version >/dev/null 2>&1 && return
    mkdir -p "$place"
    chmod 700 "$place"
    cat >"$dir/daemon.json" <<CONF
{"hosts": ["unix://$place/docker.sock"], "data-root": "$dir/data", "exec-root": "$place/exec", "pidfile": "$place/pid",
 "iptables": false, "ip6tables": false, "bridge": "none",
 "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}}}
CONF
    rm -f "$place/pid"
    setsid scripts/containers.sh docker-daemon "$all" </dev/null >"$dir/log" 2>&1 9>&- &
    looks=0
    until "$client" version >/dev/null 2>&1; do
        looks=$((looks + 1))
        if [ $looks -gt 150 ] || grep -q "failed to start daemon\|^failed to" "$dir/log"; then
            refuse "$(grep failed "$dir/log" | tail -n 1)"
        fi
        sleep 0.1
    done
    "$client" image inspect "$image" >/dev/null 2>&1 ||
        rootfs | "$client" import - "$image" >/dev/null 2>"$dir/said" || true
    runs || refuse "$(tail -n 1 "$dir/said")"
    "$client" tag "$image" "$documented"
}

prepare_registry() {
    registry=$(command -v docker-registry) || {
        unpack "$dir/unpacked" docker-registry
        registry=$dir/unpacked/usr/bin/docker-registry
    }
    ln -sf "$registry" "$dir/bin/docker-registry"
    "$dir/bin/docker-registry" --version >/dev/null 2>"$dir/said" || refuse "$(tail -n 1 "$dir/said")"
    touch "$dir/ready"
}

case $engine in
podman | rootless) prepare_podman ;;
docker) prepare_docker ;;
registry) prepare_registry ;;
esac
