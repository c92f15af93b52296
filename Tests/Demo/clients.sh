#!/usr/bin/env bash
# Installs the official `openai` package, the client that hera's API is checked with, into a virtual environment of
# its own in the cache, and prints that environment's Python. Needs models.sh before it, and PyPI the first time.
#
# Usage: python=$(clients.sh)
#   HERA_CACHE=DIR            the cache (default ~/.cache/hera)
set -euo pipefail

cache=${HERA_CACHE:-$HOME/.cache/hera}
python=$cache/clients/bin/python
requirement='openai>=2,<3'

if ! "$python" -c 'import openai' 2>/dev/null; then
    # shellcheck source=/dev/null
    . "$cache/models.env"
    rm -rf "$cache/clients"
    if ! { "$HERA_PYTHON" -m venv "$cache/clients" && "$python" -m pip install --disable-pip-version-check \
        --only-binary :all: --timeout 10 --retries 1 "$requirement"; } >"$cache/clients.log" 2>&1; then
        rm -rf "$cache/clients"
        echo "clients: the openai package could not be installed from PyPI; why: $cache/clients.log" >&2
        exit 69
    fi
fi
printf '%s\n' "$python"
