#!/bin/sh
# Install what our figures of performance are tested against, as requirements/quantstats.lock says, into
# .venv/quantstats: quantstats and empyrical-reloaded, and SciPy for the chances. Beside .venv and never in it: they need
# pandas, which is taken from .venv/google (run tools/setup_google.sh first). Without what else they ask for (plots,
# downloads): only their figures are wanted. Does nothing when the lock did not change. Where the registry has no wheel
# for this machine it says so in .venv/quantstats.skipped, and the tests that need it are skipped with that reason.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
folder=.venv/quantstats
stamp=.venv/.hantrade-quantstats
skipped=.venv/quantstats.skipped
log=.venv/setup.log
want="$root $(.venv/bin/python -V) $(cat tools/setup_quantstats.sh requirements/quantstats.lock requirements/google.lock | cksum)"

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    exit 0
fi
rm -rf "$folder" "$skipped" "$stamp"

skip() { # reason
    rm -rf "$folder"
    echo "$1" >"$skipped"
    echo "hantrade: figures are not tested against quantstats here: $1" >&2
    echo "$want" >"$stamp" # another try when the lock changes
    exit 0
}

[ ! -f .venv/google.skipped ] || skip "pandas: $(cat .venv/google.skipped)"

install() { # lock
    if command -v uv >/dev/null 2>&1; then
        uv pip install --no-cache --no-deps --only-binary :all: --python "$folder/bin/python" -r "$1" >"$log" 2>&1
    else
        PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 .venv/bin/python -m pip --python "$folder/bin/python" \
            install --no-cache-dir --no-deps --only-binary :all: -r "$1" >"$log" 2>&1
    fi
}

echo "hantrade: installing quantstats beside .venv, for tests" >&2
.venv/bin/python -m venv --without-pip "$folder" # seconds less: .venv has a pip to install with
if ! install requirements/quantstats.lock; then
    # Of pip, and of uv. Both say so as well where no registry answers, which a package that runs anywhere tells apart.
    if no_wheel=$(grep -i "no matching distribution\|no wheels with a matching\|has no usable wheels" "$log"); then
        cp "$log" "$log.first"
        grep "^packaging==" requirements/quantstats.lock >"$folder/probe.txt"
        if install "$folder/probe.txt"; then
            rm -f "$log.first"
            skip "$(echo "$no_wheel" | tail -n 1)"
        fi
        mv "$log.first" "$log"
    fi
    cat "$log" >&2
    rm -rf "$folder"
    echo "hantrade: setting up $folder failed" >&2
    exit 1
fi
"$folder/bin/python" - <<'END_OF_PATHS'
# The packages of the other folder, behind this one's: a .pth file's folders come last.
import sysconfig
from pathlib import Path

own = Path(sysconfig.get_path("purelib"))
(own / "google.pth").write_text(str(own).replace("/quantstats/", "/google/") + "\n")
END_OF_PATHS
echo "$want" >"$stamp"
