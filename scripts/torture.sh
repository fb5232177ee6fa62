#!/bin/sh
# The long form of the fault tests (docs/faults.md): each runs for many rounds, and a table says what came of it. Takes about an
# hour. What is tried is the code as `make run` builds it: optimised, without debug assertions. What a run printed is in
# target/torture/. Arguments: only the rows whose name holds one of these words.
set -u
cd "$(dirname "$0")/.." || exit

profile=local
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
out=$target/torture
mkdir -p "$out"
table="$out/table"
: >"$table"
failed=0
export SOLTI_TEST_SHIM="$target/$profile/solti-shim"

# run_tests [NAME=VALUE…] FILTER: of one build of the whole workspace, those that the filter of nextest lets through.
run_tests() {
    given=""
    while [ $# -gt 1 ]; do
        given="$given $1"
        shift
    done
    # shellcheck disable=SC2086 # words
    env $given cargo nextest run --cargo-profile "$profile" --workspace --success-output final -E "$1"
}

# The same in a build of their own, with fail points.
run_fail_points() {
    cargo nextest run --cargo-profile "$profile" -p solti-api --features failpoints --test fail_points
}

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
    host=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
    for tests in "solti-shim --test shim limits" "solti-api --test engine resources::"; do
        # shellcheck disable=SC2086 # words
        env "CARGO_TARGET_${host}_RUNNER=$PWD/scripts/in-uml.sh" \
            cargo test --profile "$profile" -p $tests -- --nocapture --test-threads=1 || return 1
    done
}

words=$*
scripts/deps.sh || exit 1
cargo nextest --version >/dev/null 2>&1 || { echo "cargo-nextest is needed: cargo install --locked cargo-nextest" >&2 && exit 1; }
npm --prefix ui --silent run build >/dev/null || exit 1
# All programs of the workspace together, for the features that the tests are built with.
cargo build --quiet --profile "$profile" --workspace --bins || exit 1

# Of the tests of the whole engine, those of one file.
engine() {
    echo "(package(solti-api) & binary(engine) & test(/^$1::/))"
}

row "kill -9 of the app with 20 tasks" 1 200 run_tests SOLTI_TORTURE_ROUNDS=200 "$(engine recovery) & test(killed_at_any_moment)"
row "handover between the app and an engine without a window" 1 25 \
    run_tests SOLTI_TORTURE_ROUNDS=25 "package(solti-cli) & binary(handover)"
row "kill -9 of the app around the times of schedules" 1 200 \
    run_tests SOLTI_TORTURE_ROUNDS=200 "$(engine jobs) & test(death_of_the_app)"
row "kill of the app and of a shim at each durable step" 5 165 run_fail_points
row "kill -9 of a shim" 10 50 run_tests "test(killed_shim)"
row "runs that cannot be looked at, folders removed" 10 10 run_tests "$(engine out_of_sight)"
row "5,000 tasks, with too few descriptors and enough" 1 5000 run_tests SOLTI_TORTURE_RUNNING=5000 "package(solti-api) & binary(many_running)"
row "program or directory that cannot be started" 3 3 \
    run_tests "binary(start_failures) | (package(solti-shim) & binary(shim)) | $(engine data_folder)"
row "containers by podman, rootless podman and docker" 3 3 run_tests "package(solti-runner) & binary(containers)"
row "a Slurm cluster whose parts die, kill -9 of the app with tasks on it" 1 25 \
    run_tests SOLTI_TORTURE_ROUNDS=25 "binary(slurm)"
row "WebAssembly that cannot be started, traps, takes too much" 3 3 run_tests "package(solti-runner) & binary(wasm)"
row "child ignores term, holds the pipe, escapes" 5 5 run_tests "$(engine process_tree) | (package(solti-shim) & binary(shim))"
row "hung fork server, script text in the process table" 3 5 \
    run_tests "package(solti-runner) & (binary(fork_server) | binary(runs))"
row "disk full, disk errors, interrupted calls" 10 10 run_tests "$(engine disk)"
row "what is asked for while the disk is full" 5 5 run_tests "$(engine refused_for_now)"
row "torn tails, full disk under a log" 3 3 run_tests "package(solti-logstore)"
row "database killed while it writes" 5 15 run_tests "package(solti-store)"
row "random pages of the database overwritten" 1 266 run_tests SOLTI_TORTURE_ROUNDS=200 "$(engine damaged)"
row "database lost, copies and run folders" 5 5 run_tests "$(engine restored)"
row "second instance, page security, real window" 3 3 run_tests "package(solti-desktop) & binary(window)"
row "reboot" 10 10 run_tests "$(engine recovery) & test(reboot)"
row "stopped readers, 10 million lines" 1 1 run_tests SOLTI_TORTURE_LINES=10000000 "$(engine slow_reader)"
row "10,000 waiting and 100,000 finished tasks" 3 3 run_tests SOLTI_TORTURE_TASKS_PERCENT=100 "$(engine many_tasks)"
row "crash loop" 10 10 run_tests "$(engine crash_loop)"
row "hostile output, a line of 1 gb" 1 1 run_tests SOLTI_TORTURE_LINE_MB=1024 "$(engine hostile_output)"
row "hostile http client" 3 3 run_tests "package(solti-http)"
row "limits of memory, processors and processes" 3 3 with_limits
row "the service that holds the tasks is stopped" 3 3 run_tests "package(solti-cli) & binary(user_manager)"
row "refused batches, replacements, secrets, small logs" 3 3 \
    run_tests "$(engine unstorable) | $(engine replace) | $(engine masked) | $(engine retention)"
row "clocks, login shells, the app's own log, numbers" 3 3 \
    run_tests "package(solti-model) | (package(solti-supervisor) & kind(lib)) | package(solti-engine)"
row "strangers at the door, grpc" 3 3 run_tests "package(solti-grpc) & binary(wire)"
row "clock jumps" 5 5 run_tests "$(engine clock)"
row "rules of the supervisor in any order" 1 2000 run_tests SOLTI_TORTURE_CASES=2000 "package(solti-supervisor) & binary(rules)"
row "log store against a model" 1 2000 run_tests SOLTI_TORTURE_CASES=2000 "package(solti-logstore) & binary(model)"
row "another machine lost and found, real window" 5 5 run_tests "test(another_machine_is_shown_lost)"

for target in spec_json exit_record control_messages launch_spec log_index row; do
    row "fuzz $target, 60 s" 1 1 fuzz "$target"
done

echo
cat "$table"
exit "$failed"
