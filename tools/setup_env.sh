#!/bin/sh
# Make .venv with the locked packages: `setup_env.sh base` to run, `setup_env.sh dev` to develop and test.
# Touches nothing outside this folder and does nothing when the locks did not change. PYTHON=path picks the interpreter.
set -eu
group=${1:-base}
cd "$(dirname "$0")/.."
root=$(pwd)
stamp=.venv/.hantrade-$group
log=.venv/setup.log

locks="requirements/build.lock requirements/base.lock"
nodeps=""
if [ "$group" != base ]; then
    locks="$locks requirements/dev.lock"
    nodeps=requirements/nodeps.lock # installed without what they ask for: pyproject.toml says why
fi

# A changed lock, a changed pyproject or a moved folder (scripts in .venv hold absolute paths) asks for a new set-up.
# shellcheck disable=SC2086  # the names hold no spaces
want="$root $(cat pyproject.toml $locks $nodeps | cksum)"
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

venv_runs() { .venv/bin/python -c "$new_enough" >/dev/null 2>&1; }

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && venv_runs; then
    exit 0
fi

# uv, where it is there, makes a .venv without ensurepip and installs faster; it is not needed.
if command -v uv >/dev/null 2>&1; then
    have_uv=yes
    modules="sqlite3, ssl"
else
    have_uv=no
    modules="sqlite3, ssl, venv, ensurepip"
fi

# Runs the candidate: a pyenv shim may exist for a version that is not selected, a system Python may lack venv.
fits() { "$1" -c "import $modules; $new_enough" >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" && echo "$PYTHON"
        return
    fi
    for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && fits "$name"; then
            command -v "$name"
            return
        fi
    done
    for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python3 /opt/homebrew/bin/python3.1[1-9] \
        /usr/local/bin/python3.1[1-9] /Library/Frameworks/Python.framework/Versions/3.1[1-9]/bin/python3; do
        if [ -x "$path" ] && fits "$path"; then
            echo "$path"
            return
        fi
    done
}

say_what_to_install() {
    for name in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3; do
        if "$name" -c "$new_enough" >/dev/null 2>&1; then
            echo "hantrade: $(command -v "$name") is new enough, but its venv, ssl or sqlite3 part is missing." >&2
            echo "Install it: sudo apt install python3-venv (Debian/Ubuntu), brew reinstall python (macOS); then run make again." >&2
            return
        fi
    done
    found=$(python3 -V 2>&1) || found="none"
    echo "hantrade needs Python 3.11 or newer (found: $found). Install it and run make again:" >&2
    echo "  macOS: brew install python@3.13 | Debian/Ubuntu: sudo apt install python3 python3-venv (Ubuntu 22.04: python3.11 python3.11-venv) | Windows: wsl --install, then as Ubuntu" >&2
}

# Keeps the output of a step for the case that it fails.
quietly() {
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "hantrade: setting up .venv failed in: $*" >&2
        exit 1
    fi
}

# Another root in a stamp means the folder was moved or copied.
moved() {
    for old in .venv/.hantrade-*; do
        [ -f "$old" ] || continue
        case $(cat "$old") in "$root "*) ;; *) return 0 ;; esac
    done
    return 1
}

if ! venv_runs || moved; then
    python=$(find_python)
    if [ -z "$python" ]; then
        say_what_to_install
        exit 2
    fi
    echo "hantrade: making .venv with $python ($("$python" -V 2>&1))" >&2
    rm -rf .venv
    if [ "$have_uv" = yes ]; then
        uv venv --quiet --no-cache --no-python-downloads --python "$python" .venv
    else
        "$python" -m venv .venv
    fi
fi

echo "hantrade: installing locked packages into .venv ($group; a minute the first time)" >&2
if [ "$have_uv" = yes ]; then
    install() { quietly uv pip install --no-cache --python .venv/bin/python "$@"; }
else
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
    export PIP_USER PIP_DISABLE_PIP_VERSION_CHECK PIP_NO_INPUT
    install() { quietly .venv/bin/python -m pip install --no-cache-dir "$@"; }
fi
set --
for lock in $locks; do set -- "$@" -r "$lock"; done
install "$@"
[ -z "$nodeps" ] || install --no-deps -r "$nodeps"
install --no-deps --no-build-isolation -e .

# PyQt5 comes as a wheel, some libraries it loads do not. Where there is no wheel (Linux on ARM) Qt's tests are skipped.
if [ "$group" = dev ] && ! .venv/bin/python -c 'import PyQt5.QtWidgets' 2>"$log" && ! grep -q "No module named" "$log"; then
    echo "hantrade: tests of the Windows broker need a library of the system: $(tail -n 1 "$log")" >&2
    echo "Install them: sudo apt install libgl1 libegl1 libfontconfig1 libdbus-1-3 libxkbcommon0 libglib2.0-0" >&2
fi

echo "$want" >"$stamp"
if [ "$group" = dev ]; then # dev holds all of base
    echo "$root $(cat pyproject.toml requirements/build.lock requirements/base.lock | cksum)" >.venv/.hantrade-base
fi
