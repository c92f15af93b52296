#!/usr/bin/env bash
# Soaks the release binary: many connections, JSON, streams, tools, clients that leave, and faults of the model servers.
# At the end the ledger equals the servers' own bill, nothing is reserved, and memory and descriptors are flat.
#
# Usage: soak.sh [SECONDS]    (default 600)
#   HERA=FILE                 the binary (default .build/release/hera)
#   CONNECTIONS=N             clients at a time (default 200)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
[ -x "$HERA" ] || { echo "soak: there is no $HERA: run make build first" >&2; exit 69; }
seconds=${1:-600}
exec timeout --kill-after=10 $((seconds + 600)) python3 Tests/Soak/soak.py "$seconds" "${CONNECTIONS:-200}"
