# shellcheck shell=bash disable=SC2154
# Each function has ids of its own on the host; both see the one image that they share as root's, by id-mapped layers. Root of
# one can do nothing to the other's processes, even where it sees them.
fresh
# An instance's pid on the host, and that of the function in it.
first() { torpor --output json describe "$1" | jq -r '.instances[0].pid'; }
main() { cut -d' ' -f1 "/proc/$1/task/$1/children"; }
declare -A ids pid
for name in one two; do
    deploy_worker "$name"
    [[ $(call $name/) == ok ]] || fail "$name does not answer"
    ids[$name]=$(torpor --output json describe $name | jq -r '.ids.first')
    pid[$name]=$(main "$(first $name)")
    for kind in Uid Gid; do
        seen=$(sed -n "s/^$kind:\t//p" "/proc/${pid[$name]}/status" | tr '\t' '\n' | sort -u)
        [[ $seen == "${ids[$name]}" ]] || fail "$name has $kind $seen, not ${ids[$name]}"
    done
    # What is root's in the function is its first id's on the host, and the stored file is root's.
    owner=$(stat -c %u:%g "/proc/${pid[$name]}/root/usr/bin/worker")
    [[ $owner == "${ids[$name]}:${ids[$name]}" ]] || fail "$name sees its program as $owner's"
done
((ids[two] == ids[one] + 65536)) || fail "the ranges are ${ids[one]} and ${ids[two]}"
stored=$(find /var/lib/torpor/images -path '*/usr/bin/worker' -exec stat -c %u:%g {} + | sort -u)
[[ $stored == 0:0 ]] || fail "the image's files are $stored's"
outbreak() { nsenter --user --target "$1" sh -c "$2" >/dev/null 2>&1; }
for probe in 'kill -0 PID' 'renice -n 1 -p PID' 'cat /proc/PID/environ' 'ls /proc/PID/root/'; do
    outbreak "${pid[one]}" "${probe/PID/${pid[one]}}" || fail "not even on its own: $probe"
    if outbreak "${pid[one]}" "${probe/PID/${pid[two]}}"; then fail "one could do to two: $probe"; fi
done
systemctl restart torpord
[[ $(torpor --output json describe two | jq -r '.ids.first') == "${ids[two]}" ]] || fail "a restart gave other ids"
torpor remove one >/dev/null
reused() {
    torpor remove three >/dev/null 2>&1 || true
    deploy_worker three >/dev/null && [[ $(torpor --output json describe three | jq -r '.ids.first') == "${ids[one]}" ]]
}
eventually 30 reused
torpor system check | grep -q '4094 ranges of ids' || fail "$(torpor system check)"
echo "ids from ${ids[one]} and ${ids[two]}, id-mapped layers, no signal and no look across"
