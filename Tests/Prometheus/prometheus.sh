#!/usr/bin/env bash
# A real Prometheus scrapes a service with scripted models: its format, the page of metrics, the alerts, and the queries of
# the exported dashboard, which Grafana's schema reads. No keys. Each half is skipped with a message where Debian's package
# prometheus is not installed, or where PyPI cannot be reached.
#
# Usage: prometheus.sh
#   HERA=FILE     the binary (default .build/release/hera)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
[ -x "$HERA" ] || { echo "prometheus: there is no $HERA: run make build first" >&2; exit 69; }
# Grafana's schema of dashboards is in a package of PyPI.
schema=.build/grafana
requirements=Tests/Prometheus/requirements.txt
if ! cmp -s "$requirements" "$schema/requirements.txt"; then
  rm -rf "$schema"
  if ! { python3 -m venv "$schema" && timeout 180 "$schema/bin/pip" install --quiet --disable-pip-version-check \
      -r "$requirements" && cp "$requirements" "$schema/requirements.txt"; } >/dev/null 2>&1; then
    rm -rf "$schema"
    echo "grafana: skipped, since its schema could not be installed from PyPI"
  fi
fi
if [ -x "$schema/bin/python" ]; then
  "$HERA" dashboard export --format grafana | timeout 120 "$schema/bin/python" Tests/Prometheus/grafana.py
fi
command -v prometheus >/dev/null && command -v promtool >/dev/null \
  || { echo "skipped: there is no prometheus here (apt-get install prometheus)"; exit 0; }
exec timeout --kill-after=10 600 python3 Tests/Prometheus/prometheus.py
