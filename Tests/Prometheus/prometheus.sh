#!/usr/bin/env bash
# A real Prometheus scrapes a service with scripted models: its format, the alerts, and the dashboard's queries. No
# network, no keys. Skipped with a message where Debian's package prometheus is not installed.
#
# Usage: prometheus.sh
#   HERA=FILE     the binary (default .build/release/hera)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
[ -x "$HERA" ] || { echo "prometheus: there is no $HERA: run make build first" >&2; exit 69; }
command -v prometheus >/dev/null && command -v promtool >/dev/null \
  || { echo "skipped: there is no prometheus here (apt-get install prometheus)"; exit 0; }
exec timeout --kill-after=10 600 python3 Tests/Prometheus/prometheus.py
