#!/usr/bin/env bash
# Fast checks of the binary: no models, no network, no keys. One line a check; ends with 1 at the first that fails.
#
# Usage: smoke.sh
#   HERA=FILE     the binary (default .build/release/hera)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
[ -x "$HERA" ] || { echo "smoke: there is no $HERA: run make build first" >&2; exit 69; }
exec timeout --kill-after=10 900 python3 Tests/Demo/smoke.py
