# shellcheck shell=bash disable=SC2154
# A function sleeps, is called, wakes, answers, and sleeps again.
fresh
cat >/tmp/torpor.yaml <<YAML
functions:
  hello:
    rootfs: /opt/torpor/examples/hello-static/rootfs
    command: ["/usr/bin/server"]
    scale: {freezeAfter: never, stopAfter: 6s}
YAML
torpor apply -f /tmp/torpor.yaml
eventually 20 no_instance
[[ -z $(pidof server || true) ]] || fail "a process is left of it at zero"

head=$(curl -sS -D - -o /tmp/body -H 'X-Call-Id: case-20' "$gateway/function/hello/some/path?x=1" | tr -d '\r')
[[ $(tier_of hello) == warm ]] || fail "the second request was not warm"
echo "$head"
grep -q '^HTTP/1.1 200' <<<"$head" || fail "not 200"
grep -q 'Hello from hello' /tmp/body || fail "another answer: $(cat /tmp/body)"
grep -qi '^X-Call-Id: case-20' <<<"$head" || fail "no X-Call-Id"
grep -qiE '^X-Start-Time: [0-9]{19}$' <<<"$head" || fail "no X-Start-Time"
grep -qiE '^X-Duration-Seconds: [0-9.]+' <<<"$head" || fail "no X-Duration-Seconds"
grep -qiE '^Server-Timing: torpor;desc="cold", queue;dur=[0-9.]+, start;dur=[0-9.]+, function;dur=[0-9.]+' \
    <<<"$head" || fail "no Server-Timing of a cold start"
[[ $(status_of nobody) == 404 ]] || fail "an unknown function is not 404"
eventually 20 no_instance
[[ $(tier_of hello) == cold ]] || fail "it did not wake again"
echo "cold, warm, asleep, cold"
