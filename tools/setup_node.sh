#!/bin/sh
# Install the Node example's packages as its lock file says; does nothing when they are there or Node is missing.
# With CI set, a missing Node is an error: the Node client must be tested there.
set -eu
cd "$(dirname "$0")/../examples/node"

if ! command -v npm >/dev/null 2>&1 || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)'; then
    if [ -n "${CI:-}" ]; then
        echo "hantrade: Node 18 or newer with npm is needed here" >&2
        exit 1
    fi
    exit 0
fi
stamp=node_modules/.hantrade
want=$(cksum <package-lock.json)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    exit 0
fi
echo "hantrade: installing the Node example's packages" >&2
npm ci --no-audit --no-fund --loglevel=error --cache ../../.venv/npm-cache </dev/null >&2
echo "$want" >"$stamp"
