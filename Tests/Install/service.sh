# What install.sh runs in the started system: the packaged service, as docs/guide/deploy.md says.
set -euo pipefail
ok() { echo "ok      $1"; }
fail() {
  echo "FAILED  $1"
  [ $# -lt 2 ] || echo "$2"
  journalctl --no-pager --lines=20 --unit=hera || true
  exit 1
}
# Tries a command until it succeeds, for so many seconds.
within() {
  local seconds=$1 begin=$SECONDS
  shift
  until "$@" > /dev/null 2>&1; do
    [ $((SECONDS - begin)) -lt "$seconds" ] || return 1
    sleep 0.2
  done
}
log_has() { journalctl --no-pager --unit=hera | grep "$1"; }
ask() {  # MODEL [KEY]: status and the model that answered
  curl --silent --max-time 20 --output /tmp/answer --write-out '%{http_code} %header{x-hera-model}\n' \
    ${2:+--header "authorization: Bearer $2"} --header 'content-type: application/json' \
    --data "{\"model\":\"$1\",\"messages\":[{\"role\":\"user\",\"content\":\"What is 17 * 23?\"}]}" \
    http://127.0.0.1:8484/v1/chat/completions
}

systemd-run --quiet --unit=ollama python3 /hera/ollama.py
within 20 curl --silent --fail http://127.0.0.1:11434/ || fail "the scripted Ollama"
systemctl --quiet enable --now hera
within 30 hera health || fail "hera does not get ready"
[ "$(systemctl show --property=User --value hera)" = hera ]
seen=$(ask hera)
case $seen in "200 local/"*) ok "systemctl enable --now hera: answers by a model of Ollama (${seen#* })" ;;
*) fail "a call" "$seen $(cat /tmp/answer)" ;; esac

sed -i 's/^policies:$/policies:\n  quick: {weights: {latency: 1}}/' /etc/hera/hera.yaml
systemctl reload hera
within 10 log_has reloaded || fail "reloading"
[[ $(ask hera/quick) == 200* ]] || fail "a policy that was added" "$(cat /tmp/answer)"
ok "a policy added without a restart"

key=$(sudo -u hera hera keys create --team red --budget 20/month 2> /dev/null)
printf 'HERA_API_KEY=operators-own-key-of-this-check\n' | install -m 600 /dev/stdin /etc/hera/keys.env
systemctl restart hera
within 30 hera health || fail "hera does not get ready with keys"
[[ $(ask hera) == 401* ]] || fail "a call without a key is not refused"
[[ $(ask hera "$key") == 200* ]] || fail "a call with a key" "$(cat /tmp/answer)"
curl --silent --fail --output /dev/null --header 'authorization: Bearer operators-own-key-of-this-check' \
  http://127.0.0.1:8484/metrics || fail "the operator's key of keys.env"
ok "a team's key with a budget, the operator's key of /etc/hera/keys.env"

systemd-run --quiet --pipe --wait --uid=hera --property=EnvironmentFile=/etc/hera/keys.env hera doctor \
  > /tmp/doctor 2>&1 || fail "hera doctor" "$(cat /tmp/doctor)"
[ -z "$(find /var/lib/hera -type f \( -not -user hera -o -perm /077 \))" ] \
  || fail "files of the ledger" "$(ls -l /var/lib/hera)"
sudo -u hera hera ledger verify | grep 'all agree' > /dev/null || fail "hera ledger verify"
ok "hera doctor with the service's keys, hera ledger verify"

systemctl kill --kill-whom=main --signal=KILL hera
within 20 hera health || fail "a killed service does not come back"
systemctl stop hera
if log_has libdispatch > /dev/null || log_has "Failed to" > /dev/null; then fail "the log has lines that are not hera's"; fi
[ "$(systemctl is-failed hera)" = inactive ] || fail "stopped, but $(systemctl is-failed hera)"
ok "a killed service comes back; stopped in order"
echo "service: done"
