#!/bin/sh
# Everything that can be wrong without running: style, types, contract, freshness of what is generated.
# Runs all checks, prints the output of those that fail, exits 1 when one did.
set -u
cd "$(dirname "$0")/.."
bin=.venv/bin
failed=""
out=$(mktemp)
trap 'rm -f "$out"' EXIT

check() {
    name=$1
    shift
    if "$@" >"$out" 2>&1; then
        echo "ok    $name$(sed -n '/^no landed main\|not checked/{s/^/ (/;s/$/)/;p;q;}' "$out")"
    else
        echo "FAIL  $name"
        cat "$out"
        failed="$failed, $name"
    fi
}

check "ruff" $bin/ruff check .
check "ruff format" $bin/ruff format --check .
check "mypy --strict" $bin/mypy
check "mypy --strict for Windows" $bin/mypy --platform win32 --cache-dir .mypy_cache/win32 broker_win broker domain fsm
check "mypy --strict tools, bench" $bin/mypy --explicit-package-bases tools/*.py bench/*.py
check "buf lint" $bin/buf lint
check "buf format" $bin/buf format --diff --exit-code
check "buf breaking" $bin/python tools/check_breaking.py
check "generated stubs" $bin/python tools/gen_stubs.py --check
check "diagrams" $bin/python tools/diagrams.py --check
check "packages" $bin/python tools/audit.py
check "packages for Windows" $bin/python -m tools.lock_windows --check
check "docs/event-log.md" $bin/python -m persistence.catalog --check
[ ! -x examples/node/node_modules/.bin/tsc ] || check "types of the Node example" npm --prefix examples/node run --silent check

if [ -n "$failed" ]; then
    echo "lint failed: ${failed#, }"
    exit 1
fi
