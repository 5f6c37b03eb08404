#!/bin/bash
# What the house asks of the sources, checked. Prints every finding; the last line counts.
# Usage: lint.sh [quick]   (quick: without clang-tidy, cppcheck and -fanalyzer)
set -u
cd "$(dirname "$0")/.."
B=${B:-build}
bad=0
finding() { printf '%s\n' "$*"; bad=$((bad + 1)); }
note() { printf '== %s\n' "$*"; }
sources=$(git ls-files '*.c' '*.h')
ours=$(git ls-files 'src/*.c' 'plugins/*.c')

note 'format'
if command -v clang-format >/dev/null; then
  for f in $sources; do
    clang-format --dry-run --Werror "$f" >/dev/null 2>&1 || finding "$f: not formatted (clang-format -i $f)"
  done
fi

note 'rooms: a room includes only rooms to its left'
rooms="base conf store net plugin skill model billing mcp pipeline admin cmd"
rank() { i=0; for r in $rooms; do [ "$r" = "$1" ] && { echo $i; return; }; i=$((i + 1)); done; echo 99; }
for r in $rooms; do
  mine=$(rank "$r")
  while IFS=: read -r file line include; do
    [ -n "$file" ] || continue
    other=$(printf '%s' "$include" | sed -n 's/.*"\([a-z]*\)\/.*/\1/p')
    [ -n "$other" ] || continue
    [ "$other" = "$r" ] && continue
    theirs=$(rank "$other")
    # store and net are neighbours, as are skill, model and billing.
    case "$r/$other" in
      store/net | net/store | skill/model | model/skill | skill/billing | billing/skill | model/billing | billing/model)
        finding "$file:$line: $r must not know $other"; continue ;;
    esac
    [ "$theirs" -lt "$mine" ] || finding "$file:$line: $r must not know $other"
  done < <(grep -nH '^#include "' "src/$r"/*.[ch] 2>/dev/null)
done
grep -nE '#include *<(sqlite3\.h)>' -r src plugins --include='*.[ch]' | grep -v '^src/store/' | while read -r l; do echo "SQL outside the store: $l"; done | tee -a /dev/stderr | grep -q . && bad=$((bad + 1))
grep -nE '#include *<(curl/curl|microhttpd|uv)\.h>' -r src plugins --include='*.[ch]' | grep -v '^src/net/' | tee -a /dev/stderr | grep -q . && finding 'uv, curl or microhttpd outside net'
grep -rniE 'zendesk|salesforce|intercom' src include --include='*.[ch]' | tee -a /dev/stderr | grep -q . && finding "a vendor's word outside its connector"
for f in $(git ls-files 'plugins/*.[ch]'); do
  grep -nE '#include *"(\.\./)*src/|#include *"(base|conf|store|net)/' "$f" && finding "$f: a plugin includes only <triaged/...>"
done
grep -n 'ticket_move *(' -r src --include='*.c' | grep -vE '^src/(store|pipeline/advance\.c)' | grep -q . && finding 'ticket_move is called outside pipeline/advance.c'

note 'sizes: .c 600 lines, header 250, function 80, complexity 15'
for f in $sources; do
  n=$(wc -l <"$f")
  case $f in *.h) max=250 ;; *) max=600 ;; esac
  [ "$n" -le "$max" ] || grep -q "^$f " tests/lint.allow || finding "$f: $n lines (at most $max)"
done
if command -v pmccabe >/dev/null; then
  while read -r modified _ _ _ lines place name; do
    [ "$lines" -le 80 ] || grep -q "^$name " tests/lint.allow || finding "$place: $name has $lines lines (at most 80)"
    [ "$modified" -le 15 ] || grep -q "^$name " tests/lint.allow || finding "$place: $name has complexity $modified (at most 15)"
  done < <(pmccabe $ours 2>/dev/null)
fi

note 'headers compile alone; banned calls'
for h in $(git ls-files 'src/*.h' 'include/*.h'); do
  gcc -std=c17 -D_GNU_SOURCE -Iinclude -Isrc -fsyntax-only -x c "$h" >/dev/null 2>&1 || finding "$h: does not compile alone"
done
grep -nE '\b(strcpy|strcat|sprintf|gets|strtok|atoi|atol|atof|system|popen|mktemp|tmpnam|alloca)\(' $ours && finding 'a banned call'

note 'plugins export one symbol'
for so in "$B"/plugins/*.so; do
  [ -e "$so" ] || continue
  syms=$(nm -D --defined-only "$so" | awk '$2 ~ /[A-Z]/ && $3 !~ /^(__asan|__ubsan|__odr|_edata|_end|__bss)/ {print $3}')
  case $syms in triaged_plugin_*) [ "$(printf '%s\n' "$syms" | wc -l)" = 1 ] || finding "$so exports: $syms" ;; *) finding "$so exports: $syms" ;; esac
done

note 'words that have no place here'
git grep -nE '\b(TODO|FIXME|XXX|HACK)\b' -- '*.c' '*.h' && finding 'unfinished words'
git grep -nE '(^|[^A-Za-z0-9_.$}])/(root|home|work)/' -- . ':!tests/lint.sh' ':!*.jsonl' | grep -v '^tests/unit/' && finding "a path of somebody's machine"

if [ "${1:-}" != quick ]; then
  flags="-std=c17 -D_GNU_SOURCE -Iinclude -Isrc -DTRIAGED_VERSION=\"0\" -DPLUGIN_DIR=\"/\" -DSHARE_DIR=\"/\""
  note 'cppcheck'
  # Off: varFuncNullUB, as NULL ends the variadic lists of log_event (glibc's NULL is a pointer, and
  # the callee reads a pointer); internalAstError, where 2.10 gives up on nested designators;
  # normalCheckLevelMaxBranches, which only says that a function was not followed to its end;
  # missingInclude*, as the systems' headers are not given to it.
  cppcheck --quiet --error-exitcode=1 --std=c11 --language=c -j2 --enable=warning,portability \
    --inline-suppr --suppress=missingInclude --suppress=missingIncludeSystem -D_GNU_SOURCE \
    --suppress=normalCheckLevelMaxBranches --suppress=varFuncNullUB --suppress=internalAstError '-DcJSON_ArrayForEach(e,a)=while(0!=((e)=((a)?(a)->child:0)))' -Iinclude -Isrc $ours || finding 'cppcheck'
  note 'clang-tidy'
  printf '%s\n' $ours | xargs -P2 -n1 sh -c 'clang-tidy --quiet "$@" -- '"$(printf '%q ' $flags)"' 2>/dev/null' sh |
    grep -E 'warning:|error:' | sort -u | tee "$B/tidy.out"
  [ -s "$B/tidy.out" ] && finding "clang-tidy: $(wc -l <"$B/tidy.out") findings"
  # Not with -fsyntax-only: the analyzer is a pass of the compiler behind the parser and would not run.
  note 'gcc -fanalyzer on base and billing'
  for f in src/base/*.c src/billing/*.c; do
    gcc $flags -O1 -fanalyzer -Wno-analyzer-malloc-leak -S -o /dev/null -Werror "$f" 2>"$B/analyzer.out" || { cat "$B/analyzer.out"; finding "$f: -fanalyzer"; }
  done
fi

echo
echo "lint: $bad findings"
[ "$bad" -eq 0 ]
