#!/bin/sh
# The long form of the fault tests (docs/faults.md): each runs for many rounds, and a table says what came of it. Takes about an
# hour. What a run printed is in target/torture/. Arguments: only the rows whose name holds one of these words.
set -u
cd "$(dirname "$0")/.."

out=target/torture
mkdir -p "$out"
table="$out/table"
: >"$table"
failed=0

if cargo nextest --version >/dev/null 2>&1; then
    run_tests() { cargo nextest run --success-output final "$@"; }
else
    run_tests() { cargo test "$@" -- --show-output --test-threads=1; }
fi

# Whether the name holds one of the words, if there are any.
wanted() {
    [ -z "$words" ] && return 0
    for word in $words; do
        case $1 in *"$word"*) return 0 ;; esac
    done
    return 1
}

# row NAME REPEATS ROUNDS COMMAND…: what is run so many times, and how many rounds that makes in all.
row() {
    name=$1 repeats=$2 rounds=$3
    shift 3
    wanted "$name" || return 0
    log="$out/$(echo "$name" | tr -c 'a-z0-9\n' '-').log"
    : >"$log"
    result=passed
    began=$(date +%s)
    n=0
    while [ "$n" -lt "$repeats" ]; do
        n=$((n + 1))
        if ! "$@" >>"$log" 2>&1; then
            result="FAILED in repeat $n: $log"
            failed=1
            break
        fi
    done
    [ "$result" = passed ] && grep -q 'skipped: ' "$log" && result="passed, in part skipped: $log"
    line=$(printf '%-58s %8s %7ss  %s' "$name" "$rounds" "$(($(date +%s) - began))" "$result")
    echo "$line"
    echo "$line" >>"$table"
}

fuzz() {
    cargo fuzz --version >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz || return 1
    # Fuzzing needs flags of the compiler that are not stable; nothing that is shipped is built with them.
    mkdir -p "$out/corpus/$1"
    RUSTC_BOOTSTRAP=1 cargo fuzz run "$1" --sanitizer none "$out/corpus/$1" "fuzz/corpus/$1" -- -max_total_time=60 -max_len=65536 -timeout=20
}

# The tests of limits, on a kernel that enforces them.
with_limits() {
    target=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
    for tests in "solti-shim --test shim limits" "solti-api --test resources"; do
        # shellcheck disable=SC2086 # words
        env "CARGO_TARGET_${target}_RUNNER=$PWD/scripts/in-uml.sh" "SOLTI_TEST_SHIM=$PWD/target/debug/solti-shim" \
            cargo test -p $tests -- --nocapture --test-threads=1 || return 1
    done
}

words=$*
scripts/deps.sh || exit 1
cargo build --quiet -p solti-shim --bins || exit 1
npm --prefix ui --silent run build >/dev/null || exit 1

row "kill -9 of the app with 20 tasks" 1 200 \
    env SOLTI_TORTURE_ROUNDS=200 cargo test -p solti-api --test recovery killed_at_any_moment -- --nocapture
row "kill of the app and of a shim at each durable step" 5 165 \
    run_tests -p solti-api --features failpoints --test fail_points
row "kill -9 of a shim" 10 50 run_tests -p solti-api -p solti-runner --test recovery killed_shim
row "runs that cannot be looked at, folders removed" 10 10 run_tests -p solti-api --test out_of_sight
row "5,000 tasks, with too few descriptors and enough" 1 5000 \
    env SOLTI_TORTURE_RUNNING=5000 cargo test --release -p solti-api --test many_running -- --nocapture
row "program or directory that cannot be started" 3 3 \
    run_tests -p solti-runner -p solti-shim -p solti-api --test start_failures --test shim --test data_folder
row "child ignores term, holds the pipe, escapes" 5 5 run_tests -p solti-api -p solti-shim --test process_tree --test shim
row "hung fork server, script text in the process table" 3 5 run_tests -p solti-runner --test fork_server --test runs
row "disk full, disk errors, interrupted calls" 10 10 run_tests -p solti-api --test disk
row "torn tails, full disk under a log" 3 3 run_tests -p solti-logstore
row "database killed while it writes" 5 15 run_tests -p solti-store
row "random pages of the database overwritten" 1 266 env SOLTI_TORTURE_ROUNDS=200 cargo test -p solti-api --test damaged
row "database lost, copies and run folders" 5 5 run_tests -p solti-api --test restored
row "second instance, page security, real window" 3 3 run_tests -p solti-desktop --test window
row "reboot" 10 10 run_tests -p solti-api --test recovery reboot
row "stopped readers, 10 million lines" 1 1 \
    env SOLTI_TORTURE_LINES=10000000 cargo test -p solti-api --test slow_reader -- --nocapture
row "10,000 waiting and 100,000 finished tasks" 3 3 \
    env SOLTI_TORTURE_TASKS_PERCENT=100 cargo test -p solti-api --test many_tasks -- --nocapture
row "crash loop" 10 10 run_tests -p solti-api --test crash_loop
row "hostile output, a line of 1 gb" 1 1 \
    env SOLTI_TORTURE_LINE_MB=1024 cargo test -p solti-api --test hostile_output -- --nocapture
row "hostile http client" 3 3 run_tests -p solti-http
row "limits of memory, processors and processes" 3 3 with_limits
row "the service that holds the tasks is stopped" 3 3 run_tests -p solti-cli --test user_manager
row "refused batches, replacements, secrets, small logs" 3 3 \
    run_tests -p solti-api --test unstorable --test replace --test masked --test retention
row "clocks, login shells, the app's own log, numbers" 3 3 run_tests -p solti-model -p solti-supervisor -p solti-engine
row "strangers at the door, grpc" 3 3 run_tests -p solti-grpc --test wire
row "clock jumps" 5 5 run_tests -p solti-api --test clock
row "rules of the supervisor in any order" 1 2000 env SOLTI_TORTURE_CASES=2000 cargo test -p solti-supervisor --test rules
row "log store against a model" 1 2000 env SOLTI_TORTURE_CASES=2000 cargo test -p solti-logstore --test model

for target in spec_json exit_record control_messages launch_spec log_index; do
    row "fuzz $target, 60 s" 1 1 fuzz "$target"
done

echo
cat "$table"
exit "$failed"
