# shellcheck shell=bash disable=SC2154
# After a reboot of the machine the unit is up by itself, with every function, and a function's first call wakes it.
if ((part == 0)); then
    fresh
    systemctl enable --quiet torpord
    deploy_worker rebooted
    [[ $(call rebooted/) == ok ]] || fail "no answer"
    cat /proc/sys/kernel/random/boot_id >/var/lib/system-tests/boot
    goes_down
    systemctl reboot
    sleep 100
fi
[[ $(cat /var/lib/system-tests/boot) != "$(cat /proc/sys/kernel/random/boot_id)" ]] || fail "it was no reboot"
eventually 120 running
[[ $(tier_of rebooted/) == cold ]] || fail "the first call was $(tier_of rebooted/)"
[[ $(call rebooted/) == ok ]] || fail "no answer after the reboot"
systemctl disable --quiet torpord
echo "up by itself, the first call cold"
