# shellcheck shell=bash disable=SC2154
# docs/tutorial.md, line by line, on a Debian with the package's file and nothing else of Torpor.
packages=/opt/torpor/packages
[[ -d $packages ]] || skip "no packages were made: scripts/package"
bare_debian
mkdir -p /root/tutorial
cd /root/tutorial || fail "no directory"
cp "$packages/torpor.deb" "torpor_$(dpkg-deb -f "$packages/torpor.deb" Version)_amd64.deb"
HOME=/root /opt/torpor/transcript /opt/torpor/tutorial.md
dpkg -P torpor
echo "$(grep -c '^# [a-z]' /opt/torpor/tutorial.md) commands as the page says"
