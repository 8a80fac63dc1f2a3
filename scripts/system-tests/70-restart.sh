# shellcheck shell=bash disable=SC2154
# What was acknowledged is there after a restart and after kill -9, and nothing of the earlier daemon is left behind.
fresh
deploy_worker keeper
[[ $(call keeper/) == ok ]] || fail "no answer"
systemctl restart torpord
[[ $(call keeper/) == ok ]] || fail "no answer after a restart"

for round in 1 2 3; do
    deploy_worker "kept-$round"
    call "kept-$round/" >/dev/null
    old=$(systemctl show -P MainPID torpord)
    kill -9 "$old"
    restarted() { running && [[ $(systemctl show -P MainPID torpord) != "$old" ]]; }
    eventually 30 restarted
    [[ -z $(pidof worker || true) ]] || fail "processes of the killed daemon's instances are left"
    no_instance || fail "cgroups are left: $(instance_cgroups)"
    [[ -z $(ls /run/torpor/instances 2>/dev/null) ]] || fail "directories are left: $(ls /run/torpor/instances)"
    ! grep -q /run/torpor/instances /proc/mounts || fail "mounts are left"
    [[ $(call "kept-$round/") == ok ]] || fail "kept-$round does not answer after kill -9"
done
[[ $(call keeper/) == ok ]] || fail "keeper does not answer after kill -9"
echo "1 restart, 3 times kill -9"
