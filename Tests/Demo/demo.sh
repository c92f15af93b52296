#!/usr/bin/env bash
# Three agent jobs on real models on this machine: who does which step, why, and what it takes.
#
# Usage: demo.sh              fetches the models once (1.2 GB), starts them and hera, runs the jobs, stops everything
#   HERA=FILE                 the binary (default .build/release/hera)
#   HERA_CACHE=DIR            models and Python packages (default ~/.cache/hera)
#   HERA_LARGE_MODEL=no       only the 135M model, without the 1.1 GB of the 1.5B
#   HERA_DEMO_ALL=yes         every live model may answer, also those that cost money
# Writes dashboard.json in the repository root. Exit code 0 when every job is completed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
here=Tests/Demo
export HERA=${HERA:-$PWD/.build/release/hera}
export HERA_CACHE=${HERA_CACHE:-$HOME/.cache/hera}
# Everything here talks to this machine; a proxy is for the package registry alone.
export no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"
[ -x "$HERA" ] || { echo "demo: there is no $HERA: run make build first" >&2; exit 69; }

client=
stops_servers=no
stop() {
    trap - EXIT
    trap '' INT TERM
    if [ -n "$client" ] && kill -TERM "$client" 2>/dev/null; then
        wait "$client" || true
    fi
    [ $stops_servers = no ] || "$here/servers.sh" stop || true
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

timeout --foreground 7200 "$here/models.sh"
# shellcheck source=/dev/null
. "$HERA_CACHE/models.env"
export HERA_PYTHON
if ! "$here/servers.sh" status >/dev/null; then stops_servers=yes; fi
# Servers that are started here end with this process, however it ends.
HERA_OWNER=$$ timeout --foreground 300 "$here/servers.sh" start
# shellcheck source=/dev/null
. "$HERA_CACHE/servers.env"
export HERA_SMALL_URL HERA_LARGE_URL
HERA_CLIENT_PYTHON=$(timeout --foreground 300 "$here/clients.sh") || HERA_CLIENT_PYTHON=
export HERA_CLIENT_PYTHON

# In a group of its own and awaited, so that Ctrl-C and SIGTERM come here, at once, and things are ended in order.
set -m
timeout --kill-after=30 3600 "$HERA_PYTHON" "$here/demo.py" &
client=$!
set +m
code=0
wait "$client" || code=$?
client=
exit "$code"
