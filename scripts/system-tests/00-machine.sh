# shellcheck shell=bash disable=SC2154
# The machine is what the other cases take for granted: kernel 6.1, systemd, cgroup v2 with its controllers.
[[ $(uname -r) == 6.1.* ]] || fail "kernel $(uname -r)"
[[ $(cat /proc/1/comm) == systemd ]] || fail "PID 1 is $(cat /proc/1/comm)"
[[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]] || fail "no cgroup v2 at /sys/fs/cgroup"
for controller in cpu memory pids io; do
    grep -qw $controller /sys/fs/cgroup/cgroup.controllers || fail "no controller $controller"
done
modprobe -a overlay bridge veth nft_masq
echo "$(uname -r), systemd $(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')"
