#!/bin/sh
# Looks every pinned package up in the package index's list of known vulnerabilities; ends with 1 where one is found.
# The auditor has an environment of its own: what it needs is nothing that the application should be installed with.
set -eu

PIP_AUDIT=2.10.1
AUDITOR=build/audit

if ! "$AUDITOR/bin/python" -c 'import pip_audit' 2>/dev/null; then
    .venv/bin/python -m venv --clear "$AUDITOR"
    "$AUDITOR/bin/python" -m pip --disable-pip-version-check -qq install "pip-audit==$PIP_AUDIT"
fi
# The lock file names every package with its version, so nothing has to be resolved or installed.
exec "$AUDITOR/bin/python" -m pip_audit --requirement requirements.lock --disable-pip --no-deps --strict \
    --progress-spinner off
