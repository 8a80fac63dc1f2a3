# shellcheck shell=bash disable=SC2154
# Who fills its writable layer gets ENOSPC, which is reported as DiskQuota and hurts nobody else. No device of the host can be
# opened in an instance's cgroup, by root of the host neither, whom no user namespace holds back.
fresh
deploy_bundle filler '{}' --disk 8Mi --memory 64Mi
deploy_worker other --freeze-after never
filled=$(call filler/fill)
[[ $filled == "ENOSPC 7" || $filled == "ENOSPC 8" ]] || fail "it wrote $filled"
told() { torpor events filler --kind exhausted | grep -q DiskQuota; }
eventually 20 told
torpor describe filler | grep -q DiskQuota || fail "describe: $(torpor describe filler)"
# It dies of it: the caller is told so, and so is who looks.
crash=$(curl -s -w '%{http_code}' --max-time 60 "$gateway/function/filler/crash")
[[ $crash == *disk_quota*502 ]] || fail "the caller got $crash"
[[ $(call other/) == ok ]] || fail "another function does not answer"
[[ $(call filler/) == ok ]] || fail "it does not come back"

torpor system check | grep -q 'device control.*eBPF' || fail "$(torpor system check)"
at=$(unit_cgroup)/torpor0/$(torpor --output json describe other | jq -r '.instances[0].id')
inside() { bash -c 'echo 0 >"$1/cgroup.procs" && eval "$2"' sh "$at" "$1" 2>/dev/null; }
for refused in ': </dev/kmsg' ': >/dev/kmsg' ': </dev/vda' 'mknod /root/kmsg c 1 11'; do
    if inside "$refused"; then fail "in the instance's cgroup: $refused"; fi
    bash -c "$refused" || fail "not even outside: $refused"
done
rm -f /root/kmsg
for allowed in ': >/dev/null' 'head -c 1 /dev/urandom' 'exec 3<>/dev/ptmx'; do
    inside "$allowed" >/dev/null || fail "refused in the instance's cgroup: $allowed"
done
echo "$filled MiB, DiskQuota, 502 disk_quota; kmsg and vda cannot be opened, null, urandom and ptmx can"
