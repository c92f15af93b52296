# What install.sh runs in the clean system. Usage: inside.sh install|user|remove
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
# Without `grep -q` behind a pipe: it ends early, and what writes to it fails.
as_user() { su - ann -c "$1"; }
ok() { echo "ok      $1"; }
fail() { echo "FAILED  $1" >&2; [ $# -lt 2 ] || echo "$2" >&2; exit 1; }
# A file or folder with this mode and owner.
mode() { local seen; seen=$(stat -c '%a %U:%G' "$1"); [ "$seen" = "$2" ] || fail "$1 is $seen, not $2"; }

install_it() {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends /hera/hera.deb > /hera/apt.log 2>&1 \
    || fail "apt install" "$(tail -n 5 /hera/apt.log)"
  if ldd /usr/bin/hera | grep 'not found'; then fail "libraries are missing"; fi
  ok "apt install, with what the package depends on: $(hera --version)"
  mode /usr/bin/hera "755 root:root"
  mode /etc/hera/hera.yaml "640 root:hera"
  mode /var/lib/hera "700 hera:hera"
  mode /usr/lib/systemd/system/hera.service "644 root:root"
  [ -z "$(find /usr/share/hera /usr/share/doc/hera -not -user root -o -perm /022 -not -type l)" ] \
    || fail "shared files can be written"
  ok "modes and owners"
  grep -q 'Apache License' /usr/share/doc/hera/notices || fail "notices of what is linked in"
  hera paths --format json | grep '"/usr/share/hera/Catalog"' > /dev/null || fail "hera paths" "$(hera paths)"
  hera config check > /dev/null
  hera doctor --offline > /dev/null || fail "hera doctor --offline" "$(hera doctor --offline 2>&1)"
  ok "hera paths, config check, doctor"
  local said; said=$(systemd-analyze verify /usr/lib/systemd/system/hera.service 2>&1) || said="ended with $?: $said"
  [ -z "$said" ] || fail "systemd-analyze verify" "$said"
  # Of 10; systemd calls up to 2 well confined.
  local exposure; exposure=$(systemd-analyze security --offline=yes --no-pager hera.service \
    | sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p')
  awk -v seen="$exposure" 'BEGIN { exit !(seen > 0 && seen < 2) }' || fail "systemd-analyze security says $exposure"
  ok "the unit: verified, exposure $exposure of 10"
}

user() {
  useradd --create-home ann
  as_user 'hera init --yes --offline --goal same' > /dev/null
  as_user 'hera config check && hera doctor --offline' > /dev/null || fail "hera doctor of a user"
  as_user 'echo "{\"messages\":[{\"role\":\"user\",\"content\":\"2+2?\"}]}" | hera route' | grep 'kappa' > /dev/null \
    || fail "hera route of a user"
  ok "a user: hera init, config check, doctor, route"
  as_user 'man -w hera hera-serve' > /dev/null || fail "manual pages"
  as_user 'MANWIDTH=72 man -P cat hera-serve' | awk 'length > 76 { print; long = 1 } END { exit long }' \
    || fail "lines of a manual page are longer than the page"
  ok "manual pages"
  as_user 'bash -c ". /usr/share/bash-completion/bash_completion; _completion_loader hera; complete -p hera"' \
    | grep _hera > /dev/null || fail "completion of bash"
  [ "$(as_user 'zsh -c "autoload -U compinit; compinit -u; print \$_comps[hera]"')" = _hera ] \
    || fail "completion of zsh"
  ok "completions of bash and zsh"
}

remove() {
  touch /var/lib/hera/kept
  echo "# changed" >> /etc/hera/hera.yaml
  apt-get install -y -qq --reinstall /hera/hera.deb > /dev/null 2>&1
  tail -n 1 /etc/hera/hera.yaml | grep changed > /dev/null || fail "a new version overwrote /etc/hera/hera.yaml"
  mode /etc/hera/hera.yaml "640 root:hera"
  ok "installed again: settings stay"
  apt-get remove -y -qq hera > /dev/null 2>&1
  [ ! -e /usr/bin/hera ] && [ ! -e /usr/share/hera ] || fail "removed, but files are left"
  [ -f /etc/hera/hera.yaml ] && [ -f /var/lib/hera/kept ] || fail "removing took settings or ledger"
  [ -z "$(find /etc/systemd -name 'hera.service')" ] || fail "a link to the removed unit is left"
  apt-get purge -y -qq hera > /dev/null 2>&1
  [ ! -e /etc/hera/hera.yaml ] || fail "purged, but /etc/hera/hera.yaml is left"
  [ -f /var/lib/hera/kept ] || fail "purging took the ledger"
  ok "remove keeps settings and ledger, purge keeps the ledger"
}

case $1 in
  install) install_it ;;
  *) "$1" ;;
esac
