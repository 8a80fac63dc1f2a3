# shellcheck shell=bash disable=SC2154
# What a bundle's linux.resources ask for holds: io.max holds writes back, memory.high slows down and kills nobody, and there
# is swap for who asks for it alone.
fresh
delegated=$(cat "$(unit_cgroup)/torpor0/cgroup.subtree_control")
for controller in cpu io memory pids; do
    [[ " $delegated " == *" $controller "* ]] || fail "systemd has delegated no $controller: $delegated"
done
disk=$(lsblk -dno MAJ:MIN /dev/vda | tr -d ' ')
deploy_bundle fast '{}' --volume data:/data
deploy_bundle slow "{\"blockIO\": {\"throttleWriteBpsDevice\": [{\"major\": ${disk%:*}, \"minor\": ${disk#*:}, \"rate\": 1048576}]}}" \
    --volume data:/data
fast=$(call fast/direct/5)
slow=$(call slow/direct/5)
((fast >= 0 && slow >= 3500 && slow > 2 * fast)) || fail "5 MiB took $fast ms, and $slow at 1 MiB/s"

deploy_worker plain --memory 32Mi
call plain/ >/dev/null
swap=$(cat "$(instance_cgroups | while read -r at; do
    if grep -qx $((32 << 20)) "$at/memory.max"; then echo "$at"; fi
done | head -1)/memory.swap.max")
[[ $swap == 0 ]] || fail "memory.swap.max is $swap by default"
fallocate -l 96M /swap
chmod 600 /swap
mkswap /swap >/dev/null && swapon /swap
# Nobody's memory is in it any more then.
trap 'fresh; swapoff /swap; rm -f /swap' EXIT
[[ $(status_of plain/memory/44) == 502 ]] || fail "over 32 MiB it goes on without having asked for swap"
deploy_bundle swaps '{"memory": {"limit": 33554432, "swap": 134217728}}'
[[ $(call swaps/memory/44) == 44 ]] || fail "44 MiB of 32 and 96 of swap were refused"
deploy_bundle high '{"unified": {"memory.high": "16777216"}}'
[[ $(call high/memory/20) == 20 ]] || fail "20 MiB over memory.high were refused"
at=$(instance_cgroups | while read -r at; do
    if grep -qx 16777216 "$at/memory.high"; then echo "$at"; fi
done | head -1)
events=$(tr '\n' ' ' <"$at/memory.events")
[[ $events =~ high\ [1-9] && $events =~ oom_kill\ 0 ]] || fail "memory.events: $events"
echo "5 MiB in $fast ms, at 1 MiB/s in $slow; no swap unless asked for; memory.high kills nobody"
