# shellcheck shell=bash disable=SC2154
# An idle function is held by the cgroup freezer, and thawed by the next request.
fresh
cp -a /opt/torpor/worker /var/tmp/sleeper
head -c 64M /dev/urandom >/var/tmp/sleeper/data
cat >/tmp/torpor.yaml <<YAML
functions:
  sleeper:
    rootfs: /var/tmp/sleeper
    command: ["/usr/bin/worker"]
    scale: {freezeAfter: 2s, stopAfter: 5m}
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

# What it read from files is memory that the kernel can take back while it is frozen, and no sooner.
sync
echo 1 >/proc/sys/vm/drop_caches # or the pages would stay charged to who imported the file
[[ $(call sleeper/read/64) == 64 ]] || fail "64 MiB were not read"
used=$(cat "$cgroup/memory.current")
((used > 60 << 20)) || fail "reading 64 MiB used $used bytes"
is_small() { (($(cat "$cgroup/memory.current") < 16 << 20)); }
eventually 20 is_small
is_frozen || fail "it gave its memory back without being frozen"
[[ $(call sleeper/) == ok ]] || fail "no answer after that"
echo "frozen and thawed three times, $((used >> 20)) MiB shrunk to $(($(cat "$cgroup/memory.current") >> 20))"
