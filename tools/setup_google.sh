#!/bin/sh
# Install pytrends for its tests as requirements/google*.lock say: into .venv/google, and once more into
# .venv/google-newer with urllib3 2 in front. Beside .venv and never in it: it brings pandas, which sqlite-utils would
# import at every start. Does nothing when the locks did not change. Where the registry has no wheel for this machine it
# says so in .venv/google.skipped, and the tests that need it are skipped with that reason.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
stamp=.venv/.hantrade-google
skipped=.venv/google.skipped
log=.venv/setup.log
want="$root $(.venv/bin/python -V) $(cat tools/setup_google.sh requirements/google.lock requirements/google-newer.lock | cksum)"

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    exit 0
fi
rm -rf .venv/google .venv/google-newer "$skipped" "$stamp"

install() { # folder, lock
    .venv/bin/python -m venv --without-pip "$1" # seconds less: .venv has a pip to install with
    if command -v uv >/dev/null 2>&1; then
        uv pip install --no-cache --no-deps --only-binary :all: --python "$1/bin/python" -r "$2" >"$log" 2>&1
    else
        PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 .venv/bin/python -m pip --python "$1/bin/python" \
            install --no-cache-dir --no-deps --only-binary :all: -r "$2" >"$log" 2>&1
    fi
}

echo "hantrade: installing pytrends beside .venv, for its tests" >&2
if ! { install .venv/google requirements/google.lock && install .venv/google-newer requirements/google-newer.lock; }; then
    rm -rf .venv/google .venv/google-newer
    # Of pip, and of uv. Both say so as well where no registry answers, which a package that runs anywhere tells apart.
    if no_wheel=$(grep -i "no matching distribution\|no wheels with a matching\|has no usable wheels" "$log"); then
        cp "$log" "$log.first"
        grep "^certifi==" requirements/google.lock >.venv/google-probe.txt
        if install .venv/google-probe .venv/google-probe.txt; then
            rm -rf .venv/google-probe .venv/google-probe.txt "$log.first"
            echo "$no_wheel" | tail -n 1 >"$skipped"
            echo "hantrade: pytrends is not tested here: $(cat "$skipped")" >&2
            echo "$want" >"$stamp" # another try when the locks change
            exit 0
        fi
        rm -rf .venv/google-probe .venv/google-probe.txt
        mv "$log.first" "$log"
    fi
    cat "$log" >&2
    echo "hantrade: setting up .venv/google failed" >&2
    exit 1
fi
.venv/google-newer/bin/python - <<'END'
# The packages of the other folder, behind this one's: a .pth file's folders come last.
import sysconfig
from pathlib import Path

own = Path(sysconfig.get_path("purelib"))
(own / "google.pth").write_text(str(own).replace("/google-newer/", "/google/") + "\n")
END
echo "$want" >"$stamp"
