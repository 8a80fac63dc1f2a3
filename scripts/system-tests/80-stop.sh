# shellcheck shell=bash disable=SC2154
# Stopping the unit leaves nothing behind.
fresh
tables() { nft list tables | grep -ci torpor || true; }
links() { ip -br link | grep -cE '^(torpor|tp|veth)' || true; }
systemctl stop torpord
namespaces=$(lsns -t net -n -o NS | wc -l)
mounts=$(wc -l </proc/mounts)
systemctl start torpord
deploy_worker last
[[ $(call last/) == ok ]] || fail "no answer"
cgroup=$(unit_cgroup)
systemctl stop torpord
[[ $(systemctl show -P Result torpord) == success ]] || fail "it ended with $(systemctl show -P Result torpord)"
[[ $(systemctl show -P ExecMainStatus torpord) == 0 ]] || fail "status $(systemctl show -P ExecMainStatus torpord)"
[[ ! -e $cgroup ]] || fail "its cgroup is left"
[[ -z $(pidof worker || true) ]] || fail "a process is left"
[[ $(tables) == 0 ]] || fail "$(nft list tables)"
[[ $(links) == 0 ]] || fail "$(ip -br link)"
[[ ! -e /run/torpor ]] || fail "/run/torpor is left"
[[ $(wc -l </proc/mounts) == "$mounts" ]] || fail "$(cat /proc/mounts)"
[[ $(lsns -t net -n -o NS | wc -l) == "$namespaces" ]] || fail "$(lsns -t net)"
ss -Hltn | grep -q ':8080 ' && fail "the port is still open"
echo "no cgroup, process, table, interface, mount, namespace or directory"
