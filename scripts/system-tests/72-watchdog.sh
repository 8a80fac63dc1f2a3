# shellcheck shell=bash disable=SC2154
# A daemon that hangs is started anew by systemd's watchdog; one that works is left alone for several of its periods.
fresh
deploy_worker watched
[[ $(systemctl show -P WatchdogUSec torpord) == 1min ]] || fail "WatchdogSec is $(systemctl show -P WatchdogUSec torpord)"
drop_in=/run/systemd/system/torpord.service.d/watchdog.conf
mkdir -p "$(dirname $drop_in)"
printf '[Service]\nWatchdogSec=10\nTimeoutAbortSec=5\n' >$drop_in
trap 'rm -f $drop_in; systemctl daemon-reload; systemctl restart torpord' EXIT
systemctl daemon-reload
systemctl restart torpord
pid=$(systemctl show -P MainPID torpord)
sleep 25
[[ $(systemctl show -P MainPID torpord) == "$pid" ]] || fail "a daemon that works was restarted"
kill -STOP "$pid"
anew() { running && [[ $(systemctl show -P MainPID torpord) != "$pid" ]]; }
eventually 60 anew
journal=$(journalctl -q --no-pager -u torpord)
grep -qi 'watchdog timeout' <<<"$journal" || fail "it was not the watchdog"
[[ $(call watched/) == ok ]] || fail "no answer afterwards"
[[ $(pidof worker | wc -w) == 1 ]] || fail "instances of the hung daemon are left"
echo "25 s left alone with 10 s of watchdog; stopped, it was replaced"
