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
if [ ! -x "$tool" ]; then
  python3 -m venv .build/contract 2>/dev/null \
    && .build/contract/bin/pip install --quiet --disable-pip-version-check 'schemathesis>=4,<5' 2>/dev/null \
    || { rm -rf .build/contract; echo "skipped: schemathesis cannot be installed from PyPI"; exit 0; }
fi
.build/contract/bin/python Tests/Contract/schemas.py --check
exec timeout --kill-after=10 960 python3 Tests/Contract/contract.py "$PWD/$tool" "$examples"
