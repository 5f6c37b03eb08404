#!/bin/sh
# The demo: the main job, offline and without a key. Three simulated helpdesks are fed with the demo
# corpus, the embedded model is trained on the past tickets, and a fortnight passes in which
# customers and agents do what they do. Everything stays in build/demo to look around.
set -eu
cd "$(dirname "$0")/.."
B=${B:-build}
D=$B/demo
DATA=tests/data/demo
rm -rf "$D"
mkdir -p "$D"
sim_pid=
trap '[ -z "$sim_pid" ] || kill "$sim_pid" 2>/dev/null || true' EXIT INT TERM

step() { printf '%s\n' "$*"; }

step "triaged demo: an invented bike shop, $(wc -l <"$DATA/tickets.jsonl") tickets, no network, no key"
: >"$D/sim.out" # read before the program below has opened it
"$B/helpdesk-sim" --port 0 --seed 11 --time 2026-11-16T08:00:00Z --tickets "$DATA/tickets.jsonl" --desk-key helpdesk_mixed \
  >"$D/sim.out" 2>"$D/sim.log" &
sim_pid=$!
i=0
until port=$(sed -n 's/^listening on 127.0.0.1://p' "$D/sim.out") && [ -n "$port" ]; do
  i=$((i + 1))
  [ "$i" -lt 100 ] || { echo "the simulator did not start; see $D/sim.log" >&2; exit 1; }
  sleep 0.1
done
umask 077
echo "demo-token" >"$D/token"
sed -e "s|@PORT@|$port|" -e "s|@ROOT@|$PWD|" -e "s|@DEMO@|$(cd "$D" && pwd)|" "$DATA/triaged.yaml" >"$D/triaged.yaml"

"$B/triaged" -c "$D/triaged.yaml" --check
step "1. the embedded model learns from $(wc -l <"$DATA/train.jsonl") past tickets"
TRIAGED_CLOCK=2026-11-16T08:00:00Z "$B/triagectl" -c "$D/triaged.yaml" train "$DATA/train.jsonl" 2>>"$D/triaged.log"

# One pass, with the daemon's clock at the simulator's.
now=2026-11-16T08:00:00Z
pass() {
  step "$1"
  TRIAGED_CLOCK=$now "$B/triaged" -c "$D/triaged.yaml" --once 2>>"$D/triaged.log" || {
    echo "triaged ended with status $?; the end of $D/triaged.log:" >&2
    tail -5 "$D/triaged.log" >&2
    exit 1
  }
}
later() { # moves the simulated world
  now=$(curl -sS -X POST "http://127.0.0.1:$port/sim/time" -d "{\"advance\":\"$1\"}" |
    sed -n 's/.*"now":"\([^"]*\)".*/\1/p')
}
pass "2. Monday morning: pull, mask, triage, draft, guard, deliver"
later 26h
pass "3. Tuesday: customers answer, agents work"
later 48h
pass "4. Thursday: follow-ups, reopened cases, ratings"
later 96h
pass "5. Monday: most windows have run out, resolutions become charges"
later 168h
pass "6. a week later: late reopenings become reversals"

"$B/triagectl" -c "$D/triaged.yaml" ledger verify
TRIAGED_CLOCK=$now "$B/triagectl" -c "$D/triaged.yaml" ledger recount
echo
TRIAGED_CLOCK=$now "$B/triagectl" -c "$D/triaged.yaml" report
TRIAGED_CLOCK=$now "$B/triagectl" -c "$D/triaged.yaml" report --by category --format html --output "$D/report.html"
cat <<END

The same as a page: $D/report.html
Look around:
  $B/triagectl -c $D/triaged.yaml tickets --limit 10
  $B/triagectl -c $D/triaged.yaml ticket shop/25
  $B/triagectl -c $D/triaged.yaml review
END
