# Part of run.sh: our client against the suite's servers and against the everything server.
client=$(cd "$B" && pwd)/mcp-client
for revision in 2026-07-28 2025-11-25; do
  (cd "$at" && timeout 300 "$node" "$suite" client --command "$client" --requirements $revision \
    -o "$at/results" --expected-failures "$here/expected-$revision.yaml") \
    >"$at/client-$revision.log" 2>&1 </dev/null
  result "conformance, client, $revision" $? "$at/client-$revision.log"
done
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
PORT=$free "$node" "$everything" sse >"$at/everything-sse.out" 2>&1 &
server=$!
tries=0
until timeout 60 "$client" --check "http://127.0.0.1:$free/sse" >"$at/everything.log" 2>&1; do
  tries=$((tries + 1)); [ $tries -lt 50 ] || break; sleep 0.2
done
grep -q '^echo: ok' "$at/everything.log"
result "server-everything, HTTP with SSE (2024-11-05)" $? "$at/everything.log"
kill $server 2>/dev/null
