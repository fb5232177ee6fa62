#!/bin/sh
# Inside a kernel of its own (scripts/in-uml.sh): starts a user manager of systemd as a login does, and holds `solti serve` as
# a service of it. Arguments: the programs solti and solti-shim.
set -eu
solti=$1
export SOLTI_SHIM="$2" SOLTI_DATA_DIR=/tmp/data HOME=/tmp/home USER=root
export XDG_RUNTIME_DIR=/run/user/0 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/0/bus

fail() {
    echo "FAILED: $*"
    exit 1
}
# until_true SECONDS WHAT COMMAND …
until_true() {
    limit=$1 what=$2
    shift 2
    while ! "$@" >/dev/null 2>&1; do
        limit=$((limit - 1))
        [ "$limit" -gt 0 ] || fail "$what"
        sleep 1
    done
}

mount -t tmpfs run /run
# As systemd leaves it; without it the user's manager thinks that it is on another kind of system.
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR" "$HOME"
chmod 700 "$XDG_RUNTIME_DIR"
manager=/sys/fs/cgroup/user.slice/user-0.slice/user@0.service
mkdir -p "$manager"
for group in user.slice user.slice/user-0.slice; do
    echo "+memory +pids +cpu" >"/sys/fs/cgroup/$group/cgroup.subtree_control"
done
dbus-daemon --session --address="$DBUS_SESSION_BUS_ADDRESS" --fork --nopidfile
sh -c "echo \$\$ >$manager/cgroup.procs; exec systemd --user" >/tmp/manager.log 2>&1 &
until_true 60 "the user manager did not come up" busctl --user status org.freedesktop.systemd1

serve() {
    systemd-run --user --quiet --unit="$1" -E SOLTI_SHIM -E SOLTI_DATA_DIR "$solti" serve
    until_true 30 "solti serve did not come up" "$solti" list --no-start
}
# task LIMITS SCRIPT: prints the id.
task() {
    printf '{"slot":"s%s","kind":{"subprocess":{"mode":{"command":{"command":"bash","args":["-c","%s"]}}}},"limits":%s}' \
        "$$-$(date +%N)" "$2" "$1" | "$solti" submit -
}

serve first
mkfifo /tmp/gate
id=$(task '{"memoryBytes":300000000,"cpuPercent":150,"processes":50}' 'echo $$ >/tmp/pid; read line </tmp/gate; echo $line')
until_true 30 "the task did not start" test -s /tmp/pid
pid=$(cat /tmp/pid)
group=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
case $group in
*/app.slice/solti-runs-*.scope/solti-"$id".1) ;;
*) fail "the run is in $group" ;;
esac
limits=$(cat "/sys/fs/cgroup$group/memory.max" "/sys/fs/cgroup$group/cpu.max" "/sys/fs/cgroup$group/pids.max")
[ "$(echo $limits)" = "299999232 150000 100000 50" ] || fail "its limits are $limits"
"$solti" show "$id" | grep -q "cannot enforce" && fail "it is said that limits are not enforced"

# With the unit goes all that is in it.
systemctl --user stop first
[ -d "/proc/$pid" ] || fail "the run ended with the service"
echo "the run outlived the service"
serve second
echo goes on >/tmp/gate
"$solti" wait "$id" || fail "the run did not end well"
[ "$("$solti" logs "$id")" = "goes on" ] || fail "its log is $("$solti" logs "$id")"

# One run over its limit is ended, and nothing else in the scope is.
rm /tmp/pid
other=$(task '{}' 'echo $$ >/tmp/pid; read line </tmp/gate')
until_true 30 "the task did not start" test -s /tmp/pid
greedy=$(task '{"memoryBytes":30000000}' 'set -o pipefail; head -c 60000000 /dev/zero | tail -c 60000000 | wc -c')
"$solti" wait "$greedy" && fail "a run over its memory succeeded"
"$solti" show "$greedy" | grep -qi memory || fail "$("$solti" show "$greedy")"
[ -d "/proc/$(cat /tmp/pid)" ] || fail "the other run was ended, too"
echo on >/tmp/gate
"$solti" wait "$other" || fail "the other run did not end well"

# A scope is there for as long as something is in it.
systemctl --user stop second
scopes() { [ -z "$(systemctl --user list-units --all --no-legend 'solti-runs-*')" ]; }
until_true 30 "scopes are left: $(systemctl --user list-units --all 'solti-runs-*')" scopes

# The unit that `solti service` writes.
"$solti" service status | grep -q "not started when you log in" || fail "$("$solti" service status)"
"$solti" service enable >/dev/null || fail "the unit could not be enabled"
until_true 30 "the unit's engine did not come up" "$solti" list --no-start
systemctl --user --quiet is-enabled solti.service || fail "the unit is not enabled"
"$solti" service status | grep -q "It is running" || fail "$("$solti" service status)"
rm /tmp/pid
last=$(task '{}' 'echo $$ >/tmp/pid; read line </tmp/gate; echo $line')
until_true 30 "the task did not start" test -s /tmp/pid
"$solti" service disable >/dev/null || fail "the unit could not be disabled"
[ ! -e "$HOME/.config/systemd/user/solti.service" ] || fail "the unit is left"
systemctl --user --quiet is-active solti.service && fail "the unit still runs"
[ -d "/proc/$(cat /tmp/pid)" ] || fail "the run ended with the unit"
echo on its own >/tmp/gate
# Nobody is there any more: this starts the engine in the background.
"$solti" wait "$last" 2>/tmp/said || fail "the run did not end well"
grep -q "started in the background" /tmp/said || fail "$(cat /tmp/said)"
echo "all as it should be"
