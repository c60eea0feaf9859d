#!/bin/sh
# Servers that npm has, in the versions of npm/package-lock.json: PostgreSQL 12 to 17, Azurite, Cosmos DB.
set -eu

here=$(cd "$(dirname "$0")" && pwd)/npm
target=${DATAWAVE_TEST_CACHE:-$HOME/.cache/datawave-test-servers}/npm
if cmp -s "$here/package-lock.json" "$target/installed-lock.json"; then exit 0; fi

rm -rf "$target"
mkdir -p "$target"
cp "$here/package.json" "$here/package-lock.json" "$target"
cd "$target"
# No install scripts: none of these packages needs one (the links of PostgreSQL's libraries are made at its start).
install() { npm ci --omit=dev --ignore-scripts --no-audit --no-fund; }
install || install
cp package-lock.json installed-lock.json
