#!/usr/bin/env bash
# Looks at every view of the page in a headless Chromium, over a service with scripted models. No network, no keys.
#
# Usage: page.sh [--calls N] [--seconds S] [--pictures FOLDER]
#   HERA=FILE     the binary (default .build/release/hera)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
[ -x "$HERA" ] || { echo "page: there is no $HERA: run make build first" >&2; exit 69; }
exec timeout --kill-after=10 1200 python3 Tests/Page/page.py "$@"
