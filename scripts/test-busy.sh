#!/bin/sh
# All tests, so many times (10), on a machine whose processors have other work: twice as many loops as it has. Says at the end how
# often all of them passed, and which did not how often. What each round printed is in target/busy/.
set -u
cd "$(dirname "$0")/.." || exit

rounds=${1:-10}
out=target/busy
rm -rf "$out"
mkdir -p "$out"

loops=""
stop_loops() {
    # shellcheck disable=SC2086 # one word a process
    kill $loops 2>/dev/null
}
trap stop_loops EXIT
trap 'exit 1' INT TERM

make page foreign || exit 1
n=0
while [ "$n" -lt $((2 * $(nproc))) ]; do
    n=$((n + 1))
    (while :; do :; done) &
    loops="$loops $!"
done

passed=0
round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    if scripts/test.sh >"$out/$round.log" 2>&1; then
        passed=$((passed + 1))
        echo "round $round: passed"
    else
        echo "round $round: FAILED, $out/$round.log"
    fi
done
echo "$passed of $rounds rounds passed"
# As nextest names them in its summary, without the time they took.
sed -n 's/^ *\(FAIL\|TIMEOUT\|SIG[A-Z]*\) \[[^]]*\] *\(([^)]*)\)\{0,1\} */\1 /p' "$out"/*.log | sort | uniq -c | sort -rn
[ "$passed" -eq "$rounds" ]
