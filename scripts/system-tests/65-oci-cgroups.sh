# shellcheck shell=bash disable=SC2154
# torpor-oci with a real systemd and real controllers: a container is a scope where systemd is asked for one, its limits
# bind, and nothing of it is left; the same with cgroups of the runtime's own.
oci() { torpor-oci --root /run/oci-test "$@"; }
bundle=/var/tmp/oci
mkdir -p $bundle/rootfs/bin
cp /bin/busybox $bundle/rootfs/bin/
for applet in sh sleep cat true head tail; do ln -sf busybox $bundle/rootfs/bin/$applet; done

# configure CGROUPSPATH RESOURCES SCRIPT
configure() {
    (cd $bundle && rm -f config.json && oci spec)
    jq --arg path "$1" --argjson resources "$2" --arg script "$3" \
        '.linux.cgroupsPath = $path | .linux.resources = $resources | .process.terminal = false
         | .process.args = ["/bin/sh", "-c", $script]' $bundle/config.json >$bundle/new.json
    mv $bundle/new.json $bundle/config.json
}
pid_of() { oci state "$1" | jq .pid; }
property() { systemctl show -P "$1" torpor-c1.scope; }

limits='{"memory": {"limit": 33554432, "swap": 33554432}, "pids": {"limit": 20},
    "cpu": {"quota": 50000, "period": 100000, "shares": 512, "cpus": "0"}, "unified": {"memory.high": "30000000"}}'
configure machine.slice:torpor:c1 "$limits" 'sleep 1000'
oci --systemd-cgroup run --detach --bundle $bundle c1
pid=$(pid_of c1)
place=/sys/fs/cgroup$(sed 's/^0:://' "/proc/$pid/cgroup")
[[ $place == /sys/fs/cgroup/machine.slice/torpor-c1.scope ]] || fail "it is in $place"
[[ $(systemctl is-active torpor-c1.scope) == active && $(property Slice) == machine.slice ]] || fail "no scope"
[[ $(property Delegate) == yes ]] || fail "the scope is not its own"
[[ $(property MemoryMax) == 33554432 && $(property TasksMax) == 20 ]] || fail "systemd has other limits"
[[ $(property CPUQuotaPerSecUSec) == 500ms ]] || fail "the quota is $(property CPUQuotaPerSecUSec)"
limits_hold() {
    [[ $(cat "$place/memory.max") == 33554432 && $(cat "$place/pids.max") == 20 &&
        $(cat "$place/cpu.max") == "50000 100000" && $(cat "$place/memory.high") == 29999104 &&
        $(cat "$place/cpuset.cpus") == 0 && $(cat "$place/cpu.weight") == 20 ]]
}
limits_hold || fail "the kernel has other limits: $(head "$place"/{memory.max,memory.high,pids.max,cpu.max,cpu.weight})"
systemctl daemon-reload
limits_hold || fail "a reload of systemd has changed the limits"
is_alone() { [[ $(cat "$place/cgroup.procs") == "$pid" ]]; }
eventually 10 is_alone
[[ $(oci exec c1 cat /proc/self/cgroup) == 0::/ ]] || fail "a further process is elsewhere"
oci update --memory 67108864 --memory-swap 67108864 c1
[[ $(property MemoryMax) == 67108864 && $(cat "$place/memory.max") == 67108864 ]] || fail "the update has no effect"
oci pause c1
[[ $(oci state c1 | jq -r .status) == paused ]] || fail "it is not paused"
oci resume c1
oci delete --force c1
[[ ! -e $place ]] || fail "the cgroup is left"
is_gone() { [[ $(systemctl show -P LoadState torpor-c1.scope) == not-found ]]; }
eventually 10 is_gone

# The same name again, and by the default place.
configure "" '{}' 'true'
oci --systemd-cgroup run --bundle $bundle c1 || fail "a container without limits ended with $?"

# Cgroups of the runtime's own: limits bind.
configure /oci-test/c2 '{"memory": {"limit": 33554432, "swap": 33554432}}' 'head -c 100m /dev/zero | tail'
status=0
oci run --bundle $bundle c2 || status=$?
((status == 137 || status == 1)) || fail "over memory.max it ended with $status"
configure /oci-test/c3 '{"pids": {"limit": 8}}' 'for i in 1 2 3 4 5 6 7 8 9; do sleep 9 & done; wait'
if oci run --bundle $bundle c3 2>/tmp/forks; then fail "nine processes of eight"; fi
grep -qi fork /tmp/forks || fail "it failed for another reason: $(cat /tmp/forks)"
configure /oci-test/c4 '{"blockIO": {"weight": 100, "throttleWriteBpsDevice": [{"major": 254, "minor": 0, "rate": 1048576}]}}' \
    'sleep 1000'
oci run --detach --bundle $bundle c4
grep -q '^254:0 .*wbps=1048576' /sys/fs/cgroup/oci-test/c4/io.max || fail "io.max is $(cat /sys/fs/cgroup/oci-test/c4/io.max)"
oci delete --force c4
[[ -z $(oci list -q) && -z $(ls -d /sys/fs/cgroup/oci-test/*/ 2>/dev/null) ]] || fail "something is left"
rmdir /sys/fs/cgroup/oci-test
echo "a scope with every limit, kept by a reload, changed, frozen, removed; limits of memory and pids bind"
