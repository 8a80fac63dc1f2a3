# shellcheck shell=bash disable=SC2154
# The unit starts, says so itself (Type=notify), and finds everything it needs on this host.
systemctl start torpord
running || fail "the unit is not active"
[[ $(systemctl show -P Type torpord) == notify ]] || fail "the unit does not wait for readiness"
[[ $(curl -s -o /dev/null -w '%{http_code}' "$gateway/healthz") == 200 ]] || fail "no /healthz once it is ready"
check=$(torpor --output json system check)
echo "$check"
missing=$(jq -r '.. | objects | select(.status? and .status != "ok") | .name' <<<"$check")
[[ -z $missing ]] || fail "system check: $missing"
mode=$(stat -c '%a %U %G' /run/torpor/torpor.sock)
[[ $mode == "660 root torpor" ]] || fail "the socket is $mode"
# What stands in the way of a lower one is in the unit, with its reason.
exposure=$(systemd-analyze security --no-pager torpord | sed -n 's/.*Overall exposure level for torpord.service: \([0-9.]*\).*/\1/p')
awk -v e="$exposure" 'BEGIN { exit !(e > 0 && e <= 7.9) }' || fail "systemd-analyze security: '$exposure'"
echo "ready, nothing missing; exposure $exposure"
