#!/usr/bin/env bash
# Runs the built tests under shifted clocks: ends of months and years, leap days, and the zones farthest from UTC.
#
# Usage: dates.sh [whole|calendar|FILTER]     whole (default): all but the suites below; calendar: what reads dates;
#                                             FILTER: a regular expression for --filter
#   HERA_TESTS=FILE        the test bundle (default .build/debug/heraPackageTests.xctest)
#   HERA_MOMENTS=LINES     other moments, one "MOMENT ZONE" a line
#
# The clock is moved by an offset, so that the processes that a test starts have the same time, and time goes on. Only
# the wall clock is moved: sleeps and timeouts are on the monotonic clock. Left out are suites that kill or stop
# processes: libfaketime's shared memory outlives a killed process, and they say nothing about dates.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tests=${HERA_TESTS:-.build/debug/heraPackageTests.xctest}
left_out='CrashTests|KillTests|NodeTests|HotBudgetTests|SilentTurnTests|PostgreSQLTests'
calendar='TimeTests|PriceTests|BudgetTests|ClockTests|SettlementTests|ReplayTests|RollupTests|KeyTests|RateLimitTests'
calendar+='|SessionMemoryTests|RecordedRunTests|BatchWaitTests|CatalogTests|OperationsTests'
# The last two look at midnight of UTC, where the ledger's windows end, from zones where it is another day.
moments=${HERA_MOMENTS:-"2027-01-31T12:00:00Z UTC
2027-02-28T23:59:50Z UTC
2028-02-28T23:59:50Z UTC
2028-02-29T23:59:50Z UTC
2027-12-31T23:59:50Z UTC
2027-03-07T23:59:50Z UTC
2027-12-31T23:59:50Z Pacific/Kiritimati
2027-12-31T23:59:50Z Pacific/Pago_Pago"}

case "${1:-whole}" in
whole) filter=. ;;
calendar) filter=$calendar ;;
*) filter=$1 ;;
esac
[ -x "$tests" ] || { echo "dates: there is no $tests: run swift build --build-tests first" >&2; exit 69; }

# Debian and Ubuntu name the folder after the machine.
find_library() {
    find /usr/lib/*/faketime -name libfaketimeMT.so.1 2>/dev/null | head -n 1
}
library=$(find_library)
if [ -z "$library" ]; then
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    echo "installing libfaketime"
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq libfaketime >/dev/null
    library=$(find_library)
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
clang -shared -fPIC -O1 -o "$folder/timers.so" Tests/Habits/timers.c

failed=0
while read -r moment zone; do
    # -2: loading the tests takes a moment.
    offset=$(($(date -d "$moment" +%s) - $(date +%s) - 2))
    name="$moment in $zone"
    log=$folder/log
    # The preloaded `nice` in between is needed: libfaketime's first process sets FAKETIME_SHARED, which moves `environ`,
    # and Swift finds the arguments of a process by where `environ` is.
    if TZ=$zone FAKETIME="$(printf '%+d' "$offset")s" FAKETIME_DONT_FAKE_MONOTONIC=1 \
        LD_PRELOAD="$folder/timers.so:$library" \
        nice -n 1 "$tests" --testing-library swift-testing --no-parallel --filter "$filter" --skip "$left_out" \
        >"$log" 2>&1 </dev/null && grep -q 'Test run with .* passed' "$log"; then
        echo "$name: $(grep -o 'Test run with .* passed.*' "$log" | tail -n 1)"
    else
        failed=1
        echo "$name: failed"
        grep '✘' "$log" || tail -n 20 "$log"
    fi
done <<<"$moments"
exit $failed
