# shellcheck shell=bash disable=SC2154
# docs/tutorial.md, line by line, on a Debian with the package and nothing else.
packages=/opt/torpor/packages
[[ -d $packages ]] || skip "no packages were made: scripts/package"
systemctl stop torpord 2>/dev/null || true
rm -rf /etc/systemd/system/torpord.service /usr/local/bin/torpor /usr/local/bin/torpord /var/lib/torpor
systemctl daemon-reload
dpkg -i "$packages/torpor.deb"
mkdir -p /root/tutorial
cd /root/tutorial || fail "no directory"
cp "$packages/torpor.deb" .
HOME=/root /opt/torpor/transcript /opt/torpor/tutorial.md
dpkg -P torpor
