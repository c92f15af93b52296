#!/usr/bin/env bash
# Makes a Debian package of an installation tree.
#
# Usage: deb.sh TREE OUT    TREE: a folder with usr/ as `make install DESTDIR=TREE PREFIX=/usr` leaves it
set -euo pipefail
tree=$(realpath "$1")
out=$(realpath -m "$2")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v dpkg-deb >/dev/null || { echo "deb: dpkg-deb is missing (apt-get install dpkg)" >&2; exit 69; }
version=$("$tree/usr/bin/hera" --version)
architecture=$(dpkg --print-architecture)

# The packages that own the libraries which the program itself names.
needed=$(objdump -p "$tree/usr/bin/hera" | awk '$1 == "NEEDED" { print $2 }')
direct=$(for name in $needed; do ldd "$tree/usr/bin/hera" | awk -v name="$name" '$1 == name && $3 ~ /^\// { print $3 }'; done)
depends=$(for file in $direct; do
  dpkg-query --search "$(realpath "$file")" 2>/dev/null || dpkg-query --search "$file" 2>/dev/null \
    || dpkg-query --search "*/$(basename "$file")" 2>/dev/null || { echo "deb: no package owns $file" >&2; exit 65; }
done | cut -d: -f1 | sort -u)
glibc=$(objdump -T "$tree/usr/bin/hera" | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -n 1 | cut -d_ -f2)
depends=$(sed "s/^libc6\$/libc6 (>= $glibc)/" <<<"$depends" | paste -sd, | sed 's/,/, /g')

install -D -m 644 "$here/systemd/hera.service" "$tree/usr/lib/systemd/system/hera.service"
# Debian's zsh looks for completions of packages here, and not in site-functions.
install -d "$tree/usr/share/zsh/vendor-completions"
mv "$tree/usr/share/zsh/site-functions/_hera" "$tree/usr/share/zsh/vendor-completions/_hera"
rmdir "$tree/usr/share/zsh/site-functions"
gzip --best --no-name < "$here/../../docs/CHANGELOG.md" > "$tree/usr/share/doc/hera/changelog.gz"
cat > "$tree/usr/share/doc/hera/copyright" <<'COPYRIGHT'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: hera
Comment: What is linked in, and under which licences, is in the file notices beside this one.

Files: *
Copyright: the authors of hera
License: GPL-3.0-or-later
 On Debian systems the whole text is in /usr/share/common-licenses/GPL-3.
COPYRIGHT
install -D -m 640 "$here/hera.yaml" "$tree/etc/hera/hera.yaml"
install -d -m 755 "$tree/etc/hera/catalog"
install -d -m 700 "$tree/var/lib/hera"
install -d -m 755 "$tree/DEBIAN"
echo /etc/hera/hera.yaml > "$tree/DEBIAN/conffiles"
cat > "$tree/DEBIAN/control" <<CONTROL
Package: hera
Version: $version
Architecture: $architecture
Maintainer: the authors of hera <hera@localhost>
Section: net
Priority: optional
Depends: $depends, adduser, ca-certificates
Installed-Size: $(du -sk "$tree" | cut -f1)
Description: router for small and large language models
 Routes every step of an AI agent to one of many language models, under
 limits of money, time, energy and accuracy, with OpenAI- and
 Anthropic-compatible calls and exact accounting.
CONTROL
cat > "$tree/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
  getent passwd hera >/dev/null || adduser --system --group --home /var/lib/hera --no-create-home --quiet hera
  chown hera:hera /var/lib/hera
  chown root:hera /etc/hera/hera.yaml
  chmod 640 /etc/hera/hera.yaml
  if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl try-restart hera.service || true
  fi
fi
POSTINST
cat > "$tree/DEBIAN/prerm" <<'PRERM'
#!/bin/sh
set -e
if [ "$1" = remove ]; then
  if [ -d /run/systemd/system ]; then systemctl stop hera.service || true; fi
  # Works in a folder tree without a running systemd, too. Else a link to no unit would stay.
  if command -v systemctl >/dev/null; then systemctl --quiet disable hera.service || true; fi
fi
PRERM
cat > "$tree/DEBIAN/postrm" <<'POSTRM'
#!/bin/sh
set -e
# The ledger is kept, also on purge: it is the record of what was spent. Remove /var/lib/hera by hand.
# So are keys and entries of your own in /etc/hera.
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
POSTRM
chmod 755 "$tree/DEBIAN/postinst" "$tree/DEBIAN/prerm" "$tree/DEBIAN/postrm"
mkdir -p "$(dirname "$out")"
dpkg-deb --root-owner-group --build "$tree" "$out" >/dev/null
echo "$out: hera $version, $(du -h "$out" | cut -f1); Depends: $depends"
