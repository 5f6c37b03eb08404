# Part of run.sh: our client against the suite's servers and against the everything server.
client=$(cd "$B" && pwd)/mcp-client
while read -r scenario revision; do
  (cd "$at" && timeout 60 "$node" "$suite" client --command "$client" --scenario "$scenario" \
    --spec-version "$revision" -o "$at/results") >"$at/client.log" 2>&1 </dev/null
  result "conformance, client, $revision, $scenario" $? "$at/client.log"
done <<'LIST'
initialize 2025-11-25
tools_call 2025-11-25
sse-retry 2025-11-25
tools_call 2026-07-28
request-metadata 2026-07-28
http-standard-headers 2026-07-28
http-custom-headers 2026-07-28
http-invalid-tool-headers 2026-07-28
json-schema-ref-no-deref 2026-07-28
LIST
everything=$at/node_modules/@modelcontextprotocol/server-everything/dist/index.js
timeout 60 "$client" --check-stdio "$node" "$everything" stdio >"$at/everything.log" 2>&1 &&
  grep -q '^echo: ok' "$at/everything.log"
result "server-everything, stdio" $? "$at/everything.log"
free=$("$node" -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
PORT=$free "$node" "$everything" streamableHttp >"$at/everything-http.out" 2>&1 &
server=$!
tries=0
until timeout 60 "$client" --check "http://127.0.0.1:$free/mcp" >"$at/everything.log" 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 50 ] || break; sleep 0.2
done
grep -q '^echo: ok' "$at/everything.log"
result "server-everything, streamable HTTP" $? "$at/everything.log"
kill $server 2>/dev/null
