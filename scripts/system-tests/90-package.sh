# shellcheck shell=bash disable=SC2154
# The package on a Debian that has nothing else of Torpor: installed, used, upgraded over an older one while it serves,
# removed, purged.
packages=/opt/torpor/packages
[[ -d $packages ]] || skip "no packages were made: scripts/package"
systemctl stop torpord 2>/dev/null || true
rm -f /etc/systemd/system/torpord.service /usr/local/bin/torpor /usr/local/bin/torpord
groupdel torpor 2>/dev/null || true
rm -rf /var/lib/torpor
systemctl daemon-reload
find / -xdev -newer /proc/1 >/dev/null 2>&1 || true
before=$(find /etc /usr /lib/systemd /var/lib/torpor -xdev 2>/dev/null | sort)

dpkg -i "$packages/older.deb" || fail "dpkg -i"
running || fail "the unit is not active after the installation"
systemctl is-active --quiet torpor.socket || fail "the socket is not active"
systemctl is-enabled --quiet torpord torpor.socket || fail "the units are not enabled"
[[ $(stat -c %G /run/torpor/torpor.sock) == torpor ]] || fail "no group torpor"
[[ $(readlink -f /proc/"$(systemctl show -P MainPID torpord)"/exe) == /usr/bin/torpord ]] || fail "another torpord runs"
! ldd /usr/bin/torpord | grep -qi swift || fail "needs Swift's libraries"
torpor system check || fail "system check"
mkdir -p /srv/hello && cp -a /usr/lib/torpor/rootfs/busybox /srv/hello/rootfs
mkdir -p /srv/hello/rootfs/srv && echo 'Hello.' >/srv/hello/rootfs/srv/index.html
# shellcheck disable=SC2016
torpor deploy hello --rootfs /srv/hello/rootfs -- /bin/sh -c 'exec httpd -f -p $PORT -h /srv'
[[ $(call hello/) == Hello. ]] || fail "no answer"

echo 'log-level: debug' >>/etc/torpor/torpord.yaml
systemctl reload torpord || fail "reload"
cp /etc/torpor/torpord.yaml /root/mine
echo 'log-level: loud' >/etc/torpor/torpord.yaml
if systemctl reload torpord; then fail "a broken configuration was accepted"; fi
[[ $(call hello/) == Hello. ]] || fail "no answer after a broken configuration"
cp /root/mine /etc/torpor/torpord.yaml

# Calls all the time while it is upgraded: none may fail.
touch /run/calling
(while [[ -e /run/calling ]]; do
    curl -s --max-time 120 -o /dev/null -w '%{http_code}\n' "$gateway/function/hello/" >>/root/answers || echo "curl $?" >>/root/answers
done) &
sleep 1
dpkg -i --force-confold "$packages/torpor.deb" || fail "upgrade"
eventually 60 running
sleep 1
rm /run/calling
wait
[[ $(grep -c 200 /root/answers) -ge 2 ]] || fail "hardly a call came through: $(sort /root/answers | uniq -c)"
! grep -qv '^200$' /root/answers || fail "calls failed during the upgrade: $(sort /root/answers | uniq -c)"
grep -q 'log-level: debug' /etc/torpor/torpord.yaml || fail "the configuration was overwritten"
[[ $(dpkg-query -W -f '${Version}' torpor) != "$(dpkg-deb -f "$packages/older.deb" Version)" ]] || fail "no newer version"

torpor system backup /root/backup || fail "backup"
dpkg -r torpor || fail "remove"
[[ ! -e /usr/bin/torpord ]] || fail "/usr/bin/torpord is left"
[[ -e /var/lib/torpor/torpor.db && -e /etc/torpor/torpord.yaml ]] || fail "data or configuration is gone after remove"
ss -Hltn | grep -q ':8080 ' && fail "the port is still open"
dpkg -P torpor || fail "purge"
rm -rf /srv/hello
left=$(comm -13 <(echo "$before") <(find /etc /usr /lib/systemd /var/lib/torpor -xdev 2>/dev/null | sort) | grep -vE '/var/cache|ld.so.cache|/etc/(group|gshadow)-?$|__pycache__' || true)
[[ -z $left ]] || fail "left after purge: $left"
! getent group torpor >/dev/null || fail "the group is left"

dpkg -i "$packages/torpor.deb" || fail "installation again"
torpor system restore /root/backup || fail "restore"
answers() { [[ $(call hello/) == Hello. ]]; }
eventually 60 answers
dpkg -P torpor || fail "purge again"
echo "$(grep -c 200 /root/answers) calls during the upgrade, none failed; nothing left after purge; restored"
