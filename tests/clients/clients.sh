#!/bin/sh
# make test-clients: the official clients of the three helpdesks, from npm into $B/clients, against the
# simulator. Skipped with a message where npm is missing.
set -eu
B=${B:-build}
D=$B/clients
command -v npm >/dev/null && command -v node >/dev/null || {
  echo "skipped: npm and node are needed (apt-get install npm)"
  echo "0 passed, 0 failed, 3 skipped"
  exit 0
}
mkdir -p "$D"
[ -f "$D/package.json" ] || echo '{"private":true}' >"$D/package.json"
for p in node-zendesk@6 jsforce@3 intercom-client@7; do
  [ -d "$D/node_modules/${p%@*}" ] || set -- "$@" "$p"
done
if [ $# -gt 0 ]; then (cd "$D" && npm install --no-audit --no-fund --loglevel=error "$@"); fi
for i in 1 2 3 4 5 6; do
  case $((i % 3)) in 1) desk=zendesk ;; 2) desk=salesforce ;; *) desk=intercom ;; esac
  echo "{\"id\":\"$(((i + 2) / 3))\",\"helpdesk\":\"$desk\",\"subject\":\"Question $i\",\"body\":\"Where is parcel $i?\",\"requester\":{\"name\":\"P$i\",\"email\":\"p$i@example.com\"}}"
done >"$D/tickets.jsonl"
: >"$D/sim.out" # read before the program below has opened it
"$B/helpdesk-sim" --port 0 --behaviour off --with-parent --tickets "$D/tickets.jsonl" >"$D/sim.out" 2>"$D/sim.log" &
sim=$!
trap 'kill "$sim" 2>/dev/null || true' EXIT INT TERM
i=0
until port=$(sed -n 's/^listening on 127.0.0.1://p' "$D/sim.out") && [ -n "$port" ]; do
  i=$((i + 1))
  [ "$i" -lt 100 ] || { echo "the simulator did not start; see $D/sim.log" >&2; exit 1; }
  sleep 0.1
done
node tests/clients/clients.js "$PWD/$D" "http://127.0.0.1:$port"
