#!/bin/sh
# Prepares what tests run containers by: a podman with storage of its own under the target folder, and an image that needs no
# registry. Quick when it is there. Where no container can be started it says why, on one line, and exits with 3.
set -eu
cd "$(dirname "$0")/.."
dir=${1:-${CARGO_TARGET_DIR:-target}/tmp/containers}
mkdir -p "$dir/bin"
dir=$(cd "$dir" && pwd)

# Two tests that need it start at the same time.
exec 9>"$dir/lock"
flock 9
[ -e "$dir/ready" ] && exit 0

refuse() {
    echo "no container can be started here: $1" >&2
    exit 3
}
podman=$(command -v podman) || refuse "podman is not installed"
busybox=$(command -v busybox) || refuse "busybox is not installed"

# The engine asks for more open files than some machines let even the superuser have.
cat >"$dir/containers.conf" <<END
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]
pids_limit = 0
[engine]
events_logger = "none"
END

wrapper() {
    cat >"$dir/bin/podman" <<END
#!/bin/sh
export CONTAINERS_CONF='$dir/containers.conf'
exec '$podman' --root '$dir/root' --runroot '$dir/run' --tmpdir '$dir/tmp' --cgroup-manager=cgroupfs --events-backend=file $1 "\$@"
END
    chmod +x "$dir/bin/podman"
}

# A root file system of one program under many names.
rootfs=$dir/rootfs
if [ ! -e "$rootfs/bin/sh" ]; then
    mkdir -p "$rootfs/bin" "$rootfs/etc" "$rootfs/tmp"
    cp "$busybox" "$rootfs/bin/busybox"
    for name in sh echo cat sleep true false env id ls printf kill touch pwd seq yes trap mkdir; do
        ln -sf busybox "$rootfs/bin/$name"
    done
    echo "root:x:0:0::/:/bin/sh" >"$rootfs/etc/passwd"
    echo "text" >"$rootfs/etc/no-program"
fi

image=localhost/solti-test:1
said=""
for runtime in "" "--runtime=runc"; do
    wrapper "$runtime"
    # What the first command of a session has to say is none of our business.
    "$dir/bin/podman" image exists "$image" 2>/dev/null ||
        tar -C "$rootfs" -c . | "$dir/bin/podman" import - "$image" >/dev/null 2>"$dir/said" || true
    if "$dir/bin/podman" run --rm --init --log-driver=none --network=none "$image" true 2>"$dir/said"; then
        touch "$dir/ready"
        exit 0
    fi
    said=$(tail -n 1 "$dir/said")
done
refuse "$said"
