#!/bin/sh
# A Slurm cluster of three nodes on this machine, for tests: everything of its own in a folder, nothing of the system's is used or changed.
#   slurm.sh up DIR     starts it and returns when its nodes are idle; a user of it sets SLURM_CONF=DIR/slurm.conf
#   slurm.sh ctld DIR   starts the controller again
#   slurm.sh down DIR   ends it
# Nodes n1 (with two GPUs that are none), n2, n3; partitions main, short (a minute), closed (down), low (can be preempted). With ACCOUNTS=1 it keeps accounts,
# in a database of its own; with CONFINED=1 it holds jobs to their memory. Where it cannot be started, the reason is said on one line, and the exit code is 3.
set -eu
umask 022
what=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
nodes="n1 n2 n3"

say_no() {
    echo "no Slurm here: $1" >&2
    exit 3
}

# Ends what has written its number into a file, if it is the program that is meant.
end() {
    pid=$(cat "$1" 2>/dev/null) || return 0
    case $(cat "/proc/$pid/comm" 2>/dev/null) in
        "$2"*) kill "-${3:-TERM}" "$pid" 2>/dev/null || true ;;
        *) return 0 ;;
    esac
    tries=0
    while [ -e "/proc/$pid" ] && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    [ ! -e "/proc/$pid" ] || kill -KILL "$pid" 2>/dev/null || true
}

controller() {
    setsid slurmctld -f "$dir/slurm.conf" </dev/null >>"$dir/out" 2>&1 9>&-
}

node() {
    setsid slurmd -f "$dir/slurm.conf" -N "$1" </dev/null >>"$dir/out" 2>&1 9>&-
}

down() {
    if [ -e "$dir/slurm.conf" ] && [ -e "$dir/slurmctld.pid" ]; then
        SLURM_CONF=$dir/slurm.conf timeout 5 scancel --full --signal=KILL --user="$(id -u)" >/dev/null 2>&1 || true
    fi
    for name in $nodes; do end "$dir/slurmd.$name.pid" slurmd; done
    # Those of jobs whose controller or node is dead wait for it.
    for entry in /proc/[0-9]*; do
        [ "$(cat "$entry/comm" 2>/dev/null)" = slurmstepd ] || continue
        ! grep -qz "^SLURM_CONF=$dir/slurm.conf\$" "$entry/environ" 2>/dev/null || kill -KILL "${entry#/proc/}" 2>/dev/null || true
    done
    end "$dir/slurmctld.pid" slurmctld KILL
    end "$dir/slurmdbd.pid" slurmdbd
    end "$dir/mysql/pid" mariadbd
    end "$dir/munged.pid" munged
    sockets=$(cat "$dir/sockets" 2>/dev/null || true)
    case $sockets in /tmp/solti-slurm-*) rm -rf "$sockets" ;; esac
}

case $what in
    down) down; exit 0 ;;
    ctld) controller; exit 0 ;;
    up) ;;
    *) echo "usage: slurm.sh up|down|ctld DIR" >&2; exit 2 ;;
esac

for program in slurmctld slurmd sbatch munged; do
    command -v $program >/dev/null || say_no "$program is not installed"
done
[ "$(id -u)" -eq 0 ] || say_no "nodes start programs as any user, so only the superuser starts them"
down
mkdir -p "$dir/state"
chmod 755 "$dir"
# Sockets must not have long names.
sockets=$(mktemp -d /tmp/solti-slurm-XXXXXX)
chmod 755 "$sockets"
echo "$sockets" >"$dir/sockets"
[ -s "$dir/munge.key" ] || (umask 077 && head -c 1024 /dev/urandom >"$dir/munge.key")
munged --force --key-file="$dir/munge.key" --socket="$sockets/munge" --pid-file="$dir/munged.pid" \
    --log-file="$dir/munged.log" --seed-file="$dir/munge.seed" </dev/null >>"$dir/out" 2>&1 9>&- ||
    say_no "munged does not start: $(tail -n 1 "$dir/out")"

# Numbers of ports that no two clusters of this machine share, and that the system gives nobody by itself.
base=$((10000 + $$ % 2000 * 10))
host=$(hostname -s)
accounting="AccountingStorageType=accounting_storage/none"
if [ "${ACCOUNTS:-}" = 1 ]; then
    accounting="AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$((base + 1))
AccountingStoragePass=$sockets/munge"
fi
tracking=proctrack/linuxproc
task=task/none
if [ "${CONFINED:-}" = 1 ]; then
    [ -e /sys/fs/cgroup/memory/tasks ] || [ -e /sys/fs/cgroup/cgroup.controllers ] || say_no "no control groups of memory here"
    tracking=proctrack/cgroup
    task=task/cgroup
    printf 'ConstrainRAMSpace=yes\nConstrainSwapSpace=yes\nAllowedSwapSpace=0\n' >"$dir/cgroup.conf"
fi
cat >"$dir/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$sockets/munge
CredType=cred/munge
SlurmctldPort=$base
SlurmctldPidFile=$dir/slurmctld.pid
SlurmctldLogFile=$dir/slurmctld.log
StateSaveLocation=$dir/state
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmdLogFile=$dir/slurmd.%n.log
SlurmdSpoolDir=$dir/spool.%n
SlurmdParameters=config_overrides
ProctrackType=$tracking
TaskPlugin=$task
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
ReturnToService=2
SlurmdTimeout=10
SlurmctldTimeout=10
InactiveLimit=0
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
KillWait=${KILL_WAIT:-2}
MinJobAge=${MIN_JOB_AGE:-300}
MaxJobCount=${MAX_JOBS:-10000}
MailProg=/bin/true
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
GresTypes=gpu
JobCompType=jobcomp/none
$accounting
END
number=2
for name in $nodes; do
    gres=""
    [ "$name" != n1 ] || gres="Gres=gpu:2"
    echo "NodeName=$name NodeHostname=$host NodeAddr=127.0.0.1 Port=$((base + number)) CPUs=4 RealMemory=1000 $gres Feature=here,$name State=UNKNOWN"
    number=$((number + 1))
    mkdir -p "$dir/spool.$name"
done >>"$dir/slurm.conf"
cat >>"$dir/slurm.conf" <<END
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=short Nodes=ALL MaxTime=1 State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=closed Nodes=ALL State=DOWN PriorityTier=10 PreemptMode=OFF
PartitionName=low Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=CANCEL GraceTime=0
END
: >"$dir/gres.conf"
for device in 0 1; do echo "NodeName=n1 Name=gpu File=/dev/loop$device" >>"$dir/gres.conf"; done
[ -e /dev/loop0 ] && [ -e /dev/loop1 ] || sed -i 's/ Gres=gpu:2//' "$dir/slurm.conf"
export SLURM_CONF="$dir/slurm.conf"

if [ "${ACCOUNTS:-}" = 1 ]; then
    command -v slurmdbd >/dev/null && command -v mariadbd >/dev/null || say_no "slurmdbd or mariadbd is not installed"
    sql="mariadb --no-defaults -S $sockets/sql"
    if [ ! -d "$dir/mysql/mysql" ]; then
        mkdir -p "$dir/mysql"
        chown mysql: "$dir/mysql"
        mariadb-install-db --no-defaults --user=mysql --datadir="$dir/mysql" --auth-root-authentication-method=socket \
            --skip-test-db </dev/null >>"$dir/out" 2>&1 || say_no "the database cannot be made"
    fi
    chmod 777 "$sockets"
    setsid mariadbd --no-defaults --user=mysql --datadir="$dir/mysql" --socket="$sockets/sql" --pid-file="$dir/mysql/pid" \
        --skip-networking --innodb-buffer-pool-size=64M </dev/null >>"$dir/out" 2>&1 9>&- &
    tries=0
    until $sql -e 'select 1' >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || say_no "the database does not answer"
        sleep 0.1
    done
    $sql -e "create database if not exists slurm_acct_db" >>"$dir/out" 2>&1
    (umask 077 && cat >"$dir/slurmdbd.conf" <<END
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((base + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$sockets/munge
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm_acct_db
LogFile=$dir/slurmdbd.log
PidFile=$dir/slurmdbd.pid
END
    )
    MYSQL_UNIX_PORT=$sockets/sql setsid slurmdbd </dev/null >>"$dir/out" 2>&1 9>&- || say_no "slurmdbd does not start"
    tries=0
    until timeout 5 sacctmgr -n show cluster >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || say_no "slurmdbd does not answer"
        sleep 0.1
    done
    sacctmgr -i add cluster test >>"$dir/out" 2>&1 || true
    sacctmgr -i add account team >>"$dir/out" 2>&1 || true
    sacctmgr -i add user "$(id -un)" account=team >>"$dir/out" 2>&1 || true
fi

controller || say_no "slurmctld does not start: $(tail -n 1 "$dir/slurmctld.log" 2>/dev/null)"
for name in $nodes; do
    node "$name" || say_no "slurmd does not start: $(tail -n 1 "$dir/slurmd.$name.log" 2>/dev/null)"
done
tries=0
until [ "$(timeout 5 sinfo -h -N -p main -t idle -o %N 2>/dev/null | wc -l)" -eq 3 ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || say_no "its nodes do not become idle: $(tail -n 1 "$dir/slurmctld.log")"
    sleep 0.1
done
