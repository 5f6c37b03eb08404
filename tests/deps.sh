#!/bin/sh
# Installs the Debian packages of the groups named as arguments, from the list in .packages.
set -eu
cd "$(dirname "$0")/.."
want=$(for group in "$@"; do awk -v g="$group" '!/^#/ && $2 == g {print $1}' .packages; done)
missing=
for p in $want; do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then
  run=
elif command -v sudo >/dev/null 2>&1; then
  run=sudo
else
  echo "Packages are missing. As root:" >&2
  echo "  apt-get update && apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi
echo "Installing:$missing"
$run apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends $missing >/dev/null
