#!/bin/sh
# Runs every test program below $B/tests (or those whose name has $TEST in it), a few at a time
# ($TEST_JOBS, default two a core: most of a system test is waiting), and adds up: the closing line
# is "N passed, N failed[, N skipped]". The output of a program is shown only when something in it
# failed. With STATIC=1 the same system tests run against the programs that have their plugins linked
# in ($B/static); the others do not start a program and are left out.
set -u
B=${B:-build}
P=$B
only=test_
if [ -n "${STATIC:-}" ]; then P=$B/static only=test_system_; fi
export HELPDESK_SIM="$PWD/$B/helpdesk-sim" TRIAGED="$PWD/$P/triaged" TRIAGECTL="$PWD/$P/triagectl"
export TRIAGED_ROOT="$PWD" TRIAGED_SHARED="${TRIAGED_SHARED:-$PWD/../shared}"
export CMOCKA_MESSAGE_OUTPUT=TAP

# One program: its report goes to standard output in one piece, its counts to a file.
if [ "${1:-}" = --one ]; then
  t=$2 log=$3/${2##*/}
  timeout "${TEST_TIMEOUT:-300}" "$t" >"$log.log" 2>&1
  rc=$?
  # cmocka writes a skipped test as "not ok N # SKIP name".
  skip=$(grep -cE '^(not )?ok [0-9]+.*# SKIP' "$log.log")
  ok=$(grep -E '^ok [0-9]+' "$log.log" | grep -cv '# SKIP')
  bad=$(grep -E '^not ok [0-9]+' "$log.log" | grep -cv '# SKIP')
  # A program that died, hung or ran nothing has failed, whatever it printed before.
  if [ "$rc" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  if [ "$((ok + bad + skip))" -eq 0 ]; then bad=1; fi
  echo "$ok $bad $skip" >"$log.count"
  if [ "$bad" -gt 0 ]; then
    { echo "FAIL ${t##*/} (status $rc)"; cat "$log.log"; } >"$log.said"
  else
    { printf 'ok   %-36s %3d passed' "${t##*/}" "$ok"
      if [ "$skip" -gt 0 ]; then printf ', %d skipped' "$skip"; fi
      echo; } >"$log.said"
  fi
  cat "$log.said"
  exit 0
fi

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The longest first, so that the end of the run is not one of them alone.
for t in "$B"/tests/test_system_* "$B"/tests/test_*; do
  case $t in *.d) continue ;; esac
  [ -x "$t" ] || continue
  case ${t##*/} in "$only"*) ;; *) continue ;; esac
  case ${t##*/} in *"${TEST:-}"*) echo "$t" ;; esac
done | awk '!seen[$0]++' |
  xargs -P "${TEST_JOBS:-$((2 * $(nproc)))}" -I{} sh "$0" --one {} "$dir"
ran=$(find "$dir" -name '*.count' | wc -l)
[ "$ran" -gt 0 ] || { echo "no test program has '${TEST:-}' in its name"; echo '0 passed, 0 failed'; exit 1; }
# With TEST_AGAIN=1 what failed runs once more, alone, and the last word counts: on a machine that
# does other work too, a program that waits for another one may be starved. It is said when it happens.
if [ "${TEST_AGAIN:-}" = 1 ]; then
  for c in "$dir"/*.count; do
    read -r _ bad _ <"$c"
    [ "$bad" -eq 0 ] && continue
    name=$(basename "$c" .count)
    echo "again: $name"
    sh "$0" --one "$B/tests/$name" "$dir"
  done
fi
cat "$dir"/*.count | awk '{ p += $1; f += $2; s += $3 }
  END { printf "\n%d passed, %d failed", p, f; if (s > 0) printf ", %d skipped", s; print ""; exit f > 0 || p + s == 0 }'
