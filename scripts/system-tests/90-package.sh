# shellcheck shell=bash disable=SC2154
# The package on a Debian that has nothing else of Torpor: installed, used, reloaded, restarted and upgraded over an older
# one while it serves, removed, purged, restored.
packages=/opt/torpor/packages
[[ -d $packages ]] || skip "no packages were made: scripts/package"
bare_debian
files() { find /etc /usr /var/lib /var/log /run/torpor /opt /root /srv -xdev 2>/dev/null | sort || true; }
before=$(files)

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
for example in hello-busybox hello-shell; do
    cp -a "/usr/share/doc/torpor/examples/$example" /srv/
    "/srv/$example/build" || fail "$example/build"
    torpor apply -f "/srv/$example" || fail "apply $example"
    [[ $(status_of "$example/") == 200 ]] || fail "$example does not answer"
    torpor remove "$example"
    rm -rf "/srv/$example"
done

# A reload tells what changed; one of a broken configuration fails, and the old one stays in force.
echo 'log-level: debug' >>/etc/torpor/torpord.yaml
echo 'domain: example.org' >>/etc/torpor/torpord.yaml
systemctl reload torpord || fail "reload"
journal=$(journalctl -q --no-pager -o cat -u torpord)
grep -q 'log-level.*debug' <<<"$journal" || fail "the reload did not tell of log-level: $journal"
grep -q 'domain.*restart' <<<"$journal" || fail "the reload did not tell of domain: $journal"
cp /etc/torpor/torpord.yaml /root/mine
echo 'log-level: loud' >/etc/torpor/torpord.yaml
if systemctl reload torpord; then fail "a broken configuration was accepted"; fi
journalctl -q --no-pager -o cat -u torpord -n 20 | grep -q loud || fail "the refusal was not told"
[[ $(call hello/) == Hello. ]] || fail "no answer after a broken configuration"
cp /root/mine /etc/torpor/torpord.yaml

# Calls all the time, each on a connection of its own: none may fail.
calls_begin() {
    : >/root/answers
    touch /run/calling
    (while [[ -e /run/calling ]]; do
        curl -s --max-time 120 -o /dev/null -w '%{http_code}\n' "$gateway/function/hello/" >>/root/answers ||
            echo "curl $?" >>/root/answers
        sleep 0.2
    done) &
    sleep 1
}
calls_end() {
    eventually 60 running
    sleep 1
    rm /run/calling
    wait
    [[ $(grep -c 200 /root/answers) -ge 3 ]] || fail "hardly a call came through: $(sort /root/answers | uniq -c)"
    ! grep -qv '^200$' /root/answers || fail "calls failed during the $1: $(sort /root/answers | uniq -c)"
}
calls_begin
systemctl restart torpord || fail "restart"
calls_end restart
restarted=$(wc -l </root/answers)
calls_begin
dpkg -i --force-confold "$packages/torpor.deb" || fail "upgrade"
calls_end upgrade
upgraded=$(wc -l </root/answers)
cmp -s /etc/torpor/torpord.yaml /root/mine || fail "the configuration was overwritten"
[[ $(dpkg-query -W -f '${Version}' torpor) != "$(dpkg-deb -f "$packages/older.deb" Version)" ]] || fail "no newer version"
[[ $(torpor --version) == "$(dpkg-query -W -f '${Version}' torpor)" ]] || fail "the program is $(torpor --version)"

torpor system backup /root/backup || fail "backup"
dpkg -r torpor || fail "remove"
[[ ! -e /usr/bin/torpord ]] || fail "/usr/bin/torpord is left"
[[ -e /var/lib/torpor/torpor.db && -e /etc/torpor/torpord.yaml ]] || fail "data or configuration is gone after remove"
ss -Hltn | grep -q ':8080 ' && fail "the port is still open"
dpkg -P torpor || fail "purge"
rm -rf /srv/hello
# What dpkg, systemd and this case keep for themselves aside.
left=$(comm -13 <(echo "$before") <(files) |
    grep -vE '^/var/lib/(dpkg|systemd)/|^/var/log/|^/root/|ld.so.cache|^/etc/(group|gshadow)-?$' || true)
[[ -z $left ]] || fail "left after purge: $left"
! getent group torpor >/dev/null || fail "the group is left"

dpkg -i "$packages/torpor.deb" || fail "installation again"
torpor system restore /root/backup || fail "restore"
answers() { [[ $(call hello/) == Hello. ]]; }
eventually 60 answers
dpkg -P torpor || fail "purge again"
echo "$restarted calls during a restart and $upgraded during the upgrade, none failed; nothing left after purge; restored"
