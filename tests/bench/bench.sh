#!/bin/sh
# Runs the benchmarks below $B/bench (or the one that $BENCH names) and prints their rows as one
# table. Exit 0 unless something could not be measured; a figure below its promise is told, not an
# error, as the machine may be busy.
set -u
B=${B:-build}
case $B in /*) at=$B ;; *) at=$PWD/$B ;; esac
export HELPDESK_SIM="$at/helpdesk-sim" TRIAGED="$at/triaged" TRIAGECTL="$at/triagectl"
export TRIAGED_ROOT="$PWD" TRIAGED_SHARED="${TRIAGED_SHARED:-$PWD/../shared}"
tab=$(printf '\t')
rows=$(mktemp)
log=$(mktemp)
trap 'rm -f "$rows" "$log"' EXIT
failed=0 found=0

row() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" >>"$rows"; }
wanted() {
  [ -z "${BENCH:-}" ] || [ "$BENCH" = "$1" ] || [ "$BENCH/$1" = retrieval/search ] || [ "$BENCH/$1" = local/retrieval ] || return 1
  found=1
  echo "== $1"
}
# Runs a program, shows what it prints, keeps its rows. The status is the program's.
run() {
  "$@" >"$log" 2>&1
  status=$?
  grep -v "^ROW$tab" "$log"
  sed -n "s/^ROW$tab//p" "$log" >>"$rows"
  return $status
}
measured() { run "$@" || { row "$(basename "$1")" "not measured (status $?)" - - failed; failed=1; }; }
word() { [ "$1" -eq 0 ] && echo ok || echo below; }

if wanted router; then measured "$B/bench/bench_router"; fi
if wanted road; then measured "$B/bench/bench_road"; fi
if wanted mixed; then measured "$B/bench/bench_mixed"; fi
if wanted ledger; then B=$B measured "$B/bench/bench_ledger"; fi
if wanted memory; then measured "$B/bench/bench_memory"; fi

data=$TRIAGED_SHARED/data
if wanted pii; then
  if [ -f "$data/pii/tickets.jsonl" ]; then
    run "$B/bench/bench_pii"
    verdict=$(word $?)
    speed=$(sed -n 's/^speed, a core: \([0-9.]* MB\/s\).*/\1/p' "$log")
    [ -n "$speed" ] || failed=1
    row "masking of personal data" "${speed:-not measured}" ">= 50 MB/s, recall, precision" - "$verdict"
    for profile in gdpr hipaa; do
      speed=$(sed -n "s/^speed under $profile, a core: \([0-9.]* MB\/s\).*) \(ok\|MISSED\);.*/\1 \2/p" "$log")
      [ -n "$speed" ] || failed=1
      case $speed in *ok) profile_verdict=ok ;; *) profile_verdict=below ;; esac
      row "masking under $profile" "${speed% *}" ">= 50 MB/s" - "$profile_verdict"
    done
  else
    row "masking of personal data" "skipped: no $data/pii" - - -
  fi
fi
if wanted search; then
  if [ -d "$data/kb-rhobank" ]; then
    run "$B/bench/bench_search"
    verdict=$(word $?)
    figure=$(sed -n 's/.*\(hit@5 [0-9.]*\) .*hit@10 \([0-9.]*\) .* \([0-9.]* ms a query\).*/\1, @10 \2, \3/p' "$log")
    [ -n "$figure" ] || failed=1
    row "search, 698 articles" "${figure:-not measured}" "0.62, 0.76, <= 10 ms" - "$verdict"
  else
    row "search" "skipped: no $data/kb-rhobank" - - -
  fi
fi
if wanted retrieval; then
  if [ -d "$data/helpdesk-demo" ]; then
    run "$B/bench/bench_retrieval"
    grep -q '^retrieval (links of people)' "$log" || failed=1
  else
    row "right article" "skipped: no $data/helpdesk-demo" - - -
  fi
fi
if wanted local; then
  if [ -d "$data/banking77" ]; then
    run "$B/bench/bench_local"
    missed=$(sed -n 's/^\([0-9]*\) bars missed$/\1/p' "$log")
    [ -n "$missed" ] || failed=1
    row "embedded model, its published bars" "${missed:-?} missed" "0 missed" - "$(word "${missed:-1}")"
    run "$B/bench/bench_demo"
    demo=$(sed -n 's/^\([0-9]*\) bars missed$/\1/p' "$log")
    [ -n "$demo" ] || failed=1
    row "helpdesk-demo, the whole program" "${demo:-?} missed" "0 missed" - "$(word "${demo:-1}")"
  else
    row "embedded model" "skipped: no $data/banking77" - - -
  fi
fi

[ "$found" -eq 1 ] || { echo "no benchmark is called '$BENCH': road, mixed, memory, router, pii, search, retrieval, local"; exit 2; }
echo
{ printf 'what\tfigure\tpromise\tratio\tverdict\n'; cat "$rows"; } |
  awk -F'\t' '{ for (i = 1; i <= 5; i++) { c[NR, i] = $i; if (length($i) > w[i]) w[i] = length($i) } }
    END { for (r = 1; r <= NR; r++) { line = ""
      for (i = 1; i <= 5; i++) line = line sprintf("%-" (w[i] + 2) "s", c[r, i])
      sub(/ +$/, "", line); print line } }'
exit $failed
