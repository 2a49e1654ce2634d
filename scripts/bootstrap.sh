#!/bin/sh
# Makes .venv with the pinned packages of requirements.lock and this checkout in it; does nothing where that is done.
# Whatever is missing is named in one line. The variable PYTHON may name the interpreter to use.
set -eu
cd "$(dirname "$0")/.."

# Settings of the user's pip that would put packages anywhere else than into .venv.
unset PIP_USER PIP_TARGET PIP_PREFIX PYTHONHOME PYTHONPATH

VENV_PYTHON=.venv/bin/python
STAMP=.venv/edutrack-installed

fail() {
    echo "EduTrack: $1" >&2
    exit 1
}

is_recent() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

can_make_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_recent "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11 or later."
        can_make_venv "$PYTHON" || fail "$PYTHON cannot make virtual environments: install python3-venv."
        return
    fi
    recent=
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if is_recent "$candidate"; then
            recent=${recent:-$candidate}
            if can_make_venv "$candidate"; then
                PYTHON=$candidate
                return
            fi
        fi
    done
    [ -z "$recent" ] || fail "$recent cannot make virtual environments: install python3-venv."
    fail "Python 3.11 or later is missing: install python3 and python3-venv, or name one with make PYTHON=…"
}

# The pinned packages come ready built for these; elsewhere the installation would end in a compiler's messages.
require_platform() {
    "$1" - <<'PROGRAM' || exit 1
import platform
import sys

if sys.platform == "linux":
    library, version = platform.libc_ver()
    numbers = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    if library != "glibc" or numbers < [2, 28]:
        sys.exit("EduTrack: this Linux is not supported: it needs glibc 2.28 or later (Debian 10, Ubuntu 20.04, RHEL 8).")
    if platform.machine() not in ("x86_64", "aarch64"):
        sys.exit(f"EduTrack: this processor is not supported: {platform.machine()} (it needs x86_64 or aarch64).")
elif sys.platform != "darwin":
    sys.exit(f"EduTrack: this platform is not supported: {sys.platform} (use Linux, on Windows through WSL 2).")
PROGRAM
}

# The checkout's path is part of it, because an environment does not survive being moved or copied.
describe_state() {
    pwd -P
    cksum requirements.lock setup.cfg pyproject.toml
}

wanted=$(describe_state)
if "$VENV_PYTHON" -c '' 2>/dev/null; then
    if [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$wanted" ]; then
        exit 0
    fi
fi

find_python
require_platform "$PYTHON"
echo "EduTrack: installing the pinned packages into .venv (once, a minute or two) ..."
rm -f "$STAMP"
if ! is_recent "$VENV_PYTHON" || ! "$VENV_PYTHON" -c 'import pip' 2>/dev/null; then
    "$PYTHON" -m venv --clear .venv || fail "the virtual environment .venv could not be made with $PYTHON."
fi
"$VENV_PYTHON" -m pip --disable-pip-version-check -qq install -r requirements.lock ||
    fail "the packages of requirements.lock could not be installed: is a package index reachable?"
# Without isolation the pinned setuptools builds it, instead of whichever is newest today.
"$VENV_PYTHON" -m pip --disable-pip-version-check -qq install --no-deps --no-build-isolation --editable . ||
    fail "this checkout could not be installed into .venv."
printf '%s\n' "$wanted" >"$STAMP"
