#!/usr/bin/env bash
# Starts and stops the demo's model servers (models.sh fetches what they need).
#
# Usage: servers.sh start     both models, or those models.sh could get; returns when they answer
#        servers.sh stop      ends them
#        servers.sh status    tells which run and where; exit status 1 when none does
#   HERA_CACHE=DIR            the cache (default ~/.cache/hera): pid files, logs, servers.env
#   HERA_OWNER=PID            end the servers with this process too (default: they run until `stop`)
# Ports are 8080 (small) and 8081 (large), where `hera serve` looks by itself, or free ones if those are taken.
# `start` writes $HERA_CACHE/servers.env: HERA_SMALL_URL, HERA_LARGE_URL (empty when it does not run).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${HERA_CACHE:-$HOME/.cache/hera}

say() { printf 'servers: %s\n' "$*"; }
fail() { printf 'servers: %s\n' "$*" >&2; exit 69; }

# A process that is ending has lost its command line, but may hold its port for a moment longer.
alive() { # PID
    grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

# Prints the pid of a running server. A pid file alone proves nothing: the number may belong to another by now.
running() { # NAME
    local pid
    pid=$(cat "$cache/$1.pid" 2>/dev/null) || return 1
    tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q model_server.py || return 1
    printf '%s' "$pid"
}

free_port() { # PREFERRED
    "$HERA_PYTHON" - "$1" <<'PY'
import socket, sys
for port in (int(sys.argv[1]), 0):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PY
}

# The server answers 503 while it loads the model, then 200.
wait_for_health() { # PORT PID SECONDS
    "$HERA_PYTHON" - "$@" <<'PY'
import os, sys, time, urllib.request
port, pid, seconds = map(int, sys.argv[1:])
deadline = time.monotonic() + seconds
while time.monotonic() < deadline and os.path.exists(f"/proc/{pid}"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            sys.exit(0)
    except OSError:
        time.sleep(0.2)
sys.exit(1)
PY
}

launch() { # NAME MODEL ALIAS PREFERRED_PORT PARALLEL
    running "$1" >/dev/null && return
    local port
    port=$(free_port "$4")
    say "starting $3 on 127.0.0.1:$port"
    # Its own session, so that Ctrl-C in the demo ends the router first; low priority, so that the router goes first.
    setsid nice -n 5 "$HERA_PYTHON" "$here/model_server.py" "$2" "$port" --alias "$3" --parallel "$5" \
        --chat-template "$here/chatml-tools.jinja" --owner "${HERA_OWNER:-0}" </dev/null >"$cache/$1.log" 2>&1 9>&- &
    printf '%s\n' $! >"$cache/$1.pid"
    printf '%s\n' "$port" >"$cache/$1.port"
}

wait_for() { # NAME
    wait_for_health "$(cat "$cache/$1.port")" "$(cat "$cache/$1.pid")" 120 && return
    stop "$1"
    tail -n 5 "$cache/$1.log" >&2
    fail "the $1 model's server did not come up; its log is $cache/$1.log"
}

stop() { # NAME
    local pid
    if pid=$(running "$1"); then
        kill "$pid" 2>/dev/null || true
        for _ in {1..50}; do
            alive "$pid" || break
            sleep 0.1
        done
        ! alive "$pid" || kill -KILL "$pid" 2>/dev/null || true
        say "stopped the $1 model's server"
    fi
    rm -f "$cache/$1.pid" "$cache/$1.port"
}

url() { # NAME
    ! running "$1" >/dev/null || printf 'http://127.0.0.1:%s/v1' "$(cat "$cache/$1.port")"
}

start() {
    [ -f "$cache/models.env" ] || fail "no models yet: run $here/models.sh first"
    # shellcheck source=/dev/null
    . "$cache/models.env"
    launch small "$HERA_SMALL_MODEL" smollm2-135m-instruct 8080 2
    [ -z "$HERA_LARGE_MODEL" ] || launch large "$HERA_LARGE_MODEL" qwen2.5-coder-1.5b-instruct 8081 2
    wait_for small
    [ -z "$HERA_LARGE_MODEL" ] || wait_for large
    printf '%s=%s\n' HERA_SMALL_URL "$(url small)" HERA_LARGE_URL "$(url large)" >"$cache/servers.env"
    status
}

status() {
    local name any=1
    for name in small large; do
        if running "$name" >/dev/null; then
            say "$name: $(url "$name")"
            any=0
        fi
    done
    [ $any = 0 ] || say "none runs"
    return $any
}

mkdir -p "$cache"
exec 9>"$cache/servers.lock"
flock 9
case "${1:-}" in
start) start ;;
stop) stop small && stop large && rm -f "$cache/servers.env" ;;
status) status ;;
*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 64 ;;
esac
