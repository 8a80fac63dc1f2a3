# shellcheck shell=bash disable=SC2154
# An idle function is held by the cgroup freezer, and thawed by the next request.
fresh
cat >/tmp/torpor.yaml <<YAML
functions:
  sleeper:
    rootfs: /opt/torpor/worker
    command: ["/usr/bin/worker"]
    scale: {freezeAfter: 500ms, stopAfter: 5m}
YAML
torpor apply -f /tmp/torpor.yaml
[[ $(call sleeper/) == ok ]] || fail "no answer"
cgroup=$(instance_cgroups | head -1)
is_frozen() {
    grep -q '^frozen 1' "$cgroup/cgroup.events" &&
        [[ $(torpor --output json describe sleeper | jq -r '.instances[].state') == frozen ]]
}
for _ in 1 2 3; do
    eventually 10 is_frozen
    [[ $(tier_of sleeper/) == frozen ]] || fail "the request did not find it frozen"
done
echo "frozen and thawed three times"
