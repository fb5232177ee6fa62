#!/bin/sh
# Runs a program on a kernel of its own (User Mode Linux) whose control groups limit memory, processors and processes, whatever
# those of this machine do. It sees the files of this machine and can change none of them; /tmp is its own. Arguments: the
# program and its arguments; of the environment, PATH and what begins with SOLTI_ goes with it. Cargo takes it as a runner:
# CARGO_TARGET_…_RUNNER.
set -eu

if ! command -v linux.uml >/dev/null; then
    echo "skipped: no kernel to run it on; on Debian: apt-get install user-mode-linux"
    exit 0
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
quoted() { printf "'%s' " "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }
{
    cat <<'END'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo "+memory +pids +cpu +io" >/sys/fs/cgroup/cgroup.subtree_control
mount -t tmpfs tmp /tmp
END
    printf 'export PATH=%s HOME=/tmp\ncd %s\n' "$(quoted "$PATH")" "$(quoted "$PWD")"
    for name in $(env | sed -n 's/^\(SOLTI_[A-Z_]*\)=.*/\1/p'); do
        printf 'export %s=%s\n' "$name" "$(eval "quoted \"\$$name\"")"
    done
    for word in "$@"; do quoted "$word"; done
    cat <<'END'
</dev/null
echo "exit status $?"
sync
echo o >/proc/sysrq-trigger
sleep 10
END
} >"$dir/init"
chmod +x "$dir/init"

# A kernel that breaks down itself says nothing of the program: then it is started again.
for _ in 1 2 3; do
    timeout 600 linux.uml root=/dev/root rootfstype=hostfs rootflags=/ ro mem=1024M init="$dir/init" \
        con=null con0=fd:0,fd:1 quiet </dev/null 2>&1 | tee "$dir/said"
    status=$(sed -n 's/^exit status \([0-9]*\).*/\1/p' "$dir/said" | tail -1)
    [ -z "$status" ] || exit "$status"
    echo "the kernel broke down"
done
exit 1
