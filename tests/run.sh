#!/bin/sh
# Runs every test program below $B/tests (or those whose name has $TEST in it), one after the
# other, and adds up: the closing line is "N passed, N failed[, N skipped]". The output of a program
# is shown only when something in it failed.
set -u
B=${B:-build}
export HELPDESK_SIM="$PWD/$B/helpdesk-sim" TRIAGED="$PWD/$B/triaged" TRIAGECTL="$PWD/$B/triagectl"
export TRIAGED_ROOT="$PWD" TRIAGED_SHARED="${TRIAGED_SHARED:-$PWD/../shared}"
export CMOCKA_MESSAGE_OUTPUT=TAP
limit=${TEST_TIMEOUT:-300}
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for t in "$B"/tests/test_*; do
  case $t in *.d) continue ;; esac
  [ -x "$t" ] || continue
  case ${t##*/} in *"${TEST:-}"*) ;; *) continue ;; esac
  timeout "$limit" "$t" >"$log" 2>&1
  rc=$?
  # cmocka writes a skipped test as "not ok N # SKIP name".
  skip=$(grep -cE '^(not )?ok [0-9]+.*# SKIP' "$log")
  ok=$(grep -E '^ok [0-9]+' "$log" | grep -cv '# SKIP')
  bad=$(grep -E '^not ok [0-9]+' "$log" | grep -cv '# SKIP')
  # A program that died, hung or ran nothing has failed, whatever it printed before.
  if [ "$rc" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  if [ "$((ok + bad + skip))" -eq 0 ]; then bad=1; fi
  passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
  if [ "$bad" -gt 0 ]; then
    echo "FAIL ${t##*/} (status $rc)"
    cat "$log"
  else
    printf 'ok   %-36s %3d passed' "${t##*/}" "$ok"
    [ "$skip" -gt 0 ] && printf ', %d skipped' "$skip"
    echo
  fi
done
echo
if [ "$skipped" -gt 0 ]; then
  echo "$passed passed, $failed failed, $skipped skipped"
else
  echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$((passed + skipped))" -gt 0 ]
