#!/usr/bin/env bash
# The agent bench: real models under several ways of routing (bench.py tells more).
#
# Usage: bench.sh [ship|choose|solo]
#   HERA=FILE                 the binary (default .build/release/hera)
#   HERA_CACHE=DIR            models and answers (default ~/.cache/hera)
# The models (1.2 GB) are fetched and started when an answer is wanted that is not in the repository; servers that it
# has started end with it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PYTHONDONTWRITEBYTECODE=1
export HERA=${HERA:-$PWD/.build/release/hera}
export HERA_CACHE=${HERA_CACHE:-$HOME/.cache/hera}
# Everything here talks to this machine; a proxy is for the package registry alone.
export no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}"
[ -x "$HERA" ] || { echo "bench: there is no $HERA: run make build first" >&2; exit 69; }
HERA_OWNER=$$ exec nice -n 10 python3 Tests/AgentBench/bench.py "$@"
