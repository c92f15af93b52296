#!/usr/bin/env bash
# Generated requests against the API description: no server error, no answer outside its schema. Needs PyPI once, and is
# skipped with a message where that cannot be reached.
#
# Usage: contract.sh [--examples N]
#   HERA=FILE     the binary (default .build/release/hera)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
examples=10
[ "${1:-}" = --examples ] && examples=$2
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
[ -x "$HERA" ] || { echo "contract: there is no $HERA: run make build first" >&2; exit 69; }
tool=.build/contract/bin/schemathesis
requirements=Tests/Contract/requirements.txt
if ! cmp -s "$requirements" .build/contract/requirements.txt; then
  rm -rf .build/contract
  timeout 120 python3 -m venv .build/contract 2>/dev/null \
    && timeout 300 .build/contract/bin/pip install --quiet --disable-pip-version-check -r "$requirements" 2>/dev/null \
    && cp "$requirements" .build/contract/requirements.txt \
    || { rm -rf .build/contract; echo "skipped: schemathesis cannot be installed from PyPI"; exit 0; }
fi
.build/contract/bin/python Tests/Contract/schemas.py --check
exec timeout --kill-after=10 1900 python3 Tests/Contract/contract.py "$PWD/$tool" "$examples"
