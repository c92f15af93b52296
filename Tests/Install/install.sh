#!/usr/bin/env bash
# Installs dist/hera.deb on a clean Debian, uses it as root, as a user and as a service, and removes it again.
# Needs root and debootstrap; systemd-nspawn for the service. Skipped without them. About three minutes the first time.
#
# Usage: install.sh [SUITE]     SUITE: a release of Debian (default bookworm)
#   MIRROR=URL                  where its packages are
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
suite=${1:-bookworm}
mirror=${MIRROR:-http://deb.debian.org/debian}
package=$PWD/dist/hera.deb
base=$PWD/.build/install/$suite
[ "$(id -u)" -eq 0 ] || { echo "install: skipped, it needs root"; exit 0; }
command -v debootstrap >/dev/null || { echo "install: skipped, there is no debootstrap"; exit 0; }
[ -f "$package" ] || { echo "install: there is no $package: run make deb first" >&2; exit 69; }

if [ ! -d "$base" ]; then
  rm -rf "$base.part"
  mkdir -p "$base.part"
  echo "install: making a clean $suite in $base"
  timeout 900 debootstrap --variant=minbase --include=systemd-sysv,dbus,man-db,bash-completion,zsh,curl,sudo,python3 \
    "$suite" "$base.part" "$mirror" > "$base.log" 2>&1 || { tail -n 5 "$base.log" >&2; exit 69; }
  mv "$base.part" "$base"
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/hera-install.XXXXXX")
away() {
  for mounted in proc dev; do mountpoint -q "$root/$mounted" && umount "$root/$mounted"; done
  rm -rf --one-file-system "$root"
}
trap away EXIT
cp -a "$base/." "$root"
mkdir "$root/hera"
cp "$package" Tests/Install/inside.sh Tests/Install/service.sh Tests/Install/ollama.py "$root/hera"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
echo '127.0.0.1 localhost hera-check' > "$root/etc/hosts"
echo hera-check > "$root/etc/hostname"
# What would start services in the tree is refused, as in every tree without a running init.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
inside() { timeout 300 env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
  chroot "$root" bash /hera/inside.sh "$@"; }
inside install
inside user
umount "$root/dev" "$root/proc"

if command -v systemd-nspawn >/dev/null; then
  # Runs once the system is up, then ends it.
  printf '%s\n' '[Unit]' 'After=multi-user.target' '[Service]' 'Type=oneshot' \
    'StandardOutput=append:/hera/service.out' 'StandardError=inherit' 'ExecStart=/bin/bash /hera/service.sh' \
    "ExecStopPost=/bin/sh -c 'systemctl --no-block poweroff 2>/dev/null'" \
    > "$root/etc/systemd/system/hera-check.service"
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -s ../hera-check.service "$root/etc/systemd/system/multi-user.target.wants/"
  timeout --kill-after=20 200 systemd-nspawn --quiet --machine=hera-check --hostname=hera-check --directory "$root" \
    --register=no --keep-unit --boot --console=pipe < /dev/null > "$root/hera/boot.out" 2>&1 || true
  [ -f "$root/hera/service.out" ] \
    || { echo "FAILED  the system did not start:"; tail -n 5 "$root/hera/boot.out"; exit 1; }
  cat "$root/hera/service.out"
  grep -q '^service: done$' "$root/hera/service.out" || { echo "FAILED  the service under systemd"; exit 1; }
  rm "$root/etc/systemd/system/multi-user.target.wants/hera-check.service" "$root/etc/systemd/system/hera-check.service"
else
  echo "install: the service under systemd is not looked at: there is no systemd-nspawn"
fi

mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
inside remove
echo "install: $suite: done"
