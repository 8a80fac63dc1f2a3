# shellcheck shell=bash disable=SC2154
# A fork bomb stops at pids.max, which is reported with its cause; the host does not feel it.
fresh
cat >/tmp/torpor.yaml <<YAML
functions:
  bomb:
    rootfs: /opt/torpor/worker
    command: ["/usr/bin/worker"]
    limits: {pids: 40}
YAML
torpor apply -f /tmp/torpor.yaml
before=$(ps -e --no-headers | wc -l)
children=$(call bomb/fork)
((children > 10 && children < 40)) || fail "$children children of 40 processes"
[[ $(call bomb/) == ok ]] || fail "it does not answer after that"
after=$(ps -e --no-headers | wc -l)
((after < before + 20)) || fail "$before processes before, $after after"
told() { torpor events bomb --kind exhausted | grep -q PidsExhausted; }
eventually 20 told
torpor describe bomb | grep -q PidsExhausted || fail "describe: $(torpor describe bomb)"
password=$(cat /var/lib/torpor/admin-password)
metrics=$(curl -s -u "admin:$password" "$gateway/metrics")
grep -q '^torpor_exhaustions_total{cause="PidsExhausted"} [1-9]' <<<"$metrics" || fail "no metric of it"
echo "$children children, then EAGAIN; PidsExhausted in events, describe and metrics"
