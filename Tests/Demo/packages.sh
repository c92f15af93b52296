#!/usr/bin/env bash
# Installs the system libraries that the build links against, where they are missing.
set -euo pipefail
needed=(libcurl4-openssl-dev libsqlite3-dev libglpk-dev libpq-dev libssl-dev zlib1g-dev pkg-config)
missing=()
for package in "${needed[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
# The smoke run and the demo are written in it; any installation will do.
command -v python3 >/dev/null || missing+=(python3)
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "missing ${missing[*]}: install them as root with apt-get install" >&2; exit 69; }
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq "${missing[@]}" >/dev/null
