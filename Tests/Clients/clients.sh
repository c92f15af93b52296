#!/usr/bin/env bash
# Checks hera with the real client libraries from PyPI against a scripted model server, and writes the table
# docs/reference/clients.md. Without PyPI it says so and ends with 0. Bounded to half an hour.
#
# Usage: clients.sh
#   HERA=FILE                 the binary (default .build/release/hera)
#   HERA_CACHE=DIR            the cache of the libraries (default ~/.cache/hera)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
[ -x "$HERA" ] || { echo "clients: there is no $HERA: run make build first" >&2; exit 69; }
requirements=Tests/Clients/requirements.txt
# One folder for each set of versions: snippets.py uses it, too.
versions=$(sha256sum < "$requirements" | cut -c 1-8)
environment=${HERA_CACHE:-$HOME/.cache/hera}/client-libraries-$versions
python=$environment/bin/python

mkdir -p "$(dirname "$environment")"
# Two runs do not install into one folder.
exec 9>"$environment.lock"
flock 9
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    rm -rf "$environment"
    mkdir -p "$environment"
    # uv resolves these libraries in seconds; pip takes minutes.
    if ! { python3 -m venv "$environment" \
        && timeout 180 "$python" -m pip install --disable-pip-version-check --timeout 10 --retries 1 uv \
        && timeout 400 "$environment/bin/uv" pip install --python "$python" -r "$requirements"; } \
        >"$environment.log" 2>&1; then
        rm -rf "$environment"
        echo "clients: skipped, since the libraries could not be installed from PyPI; why: $environment.log"
        exit 0
    fi
    cp "$requirements" "$environment/requirements.txt"
fi
exec 9>&-
exec timeout --kill-after=10 1800 "$python" Tests/Clients/matrix.py "$@"
