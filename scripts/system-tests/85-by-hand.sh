# shellcheck shell=bash disable=SC2154
# A daemon that is started by hand, beside the unit's and in a cgroup that has processes, makes room there for limits,
# and leaves that cgroup as it was.
fresh
own=/sys/fs/cgroup/by-hand
mkdir "$own"
(
    echo "$BASHPID" >"$own/cgroup.procs"
    exec torpord --state-dir /var/tmp/by-hand/state --run-dir /var/tmp/by-hand/run --listen 127.0.0.1:8081 \
        --bridge byhand0 --subnet 10.99.0.0/16
) >/tmp/by-hand.log 2>&1 &
daemon=$!
trap 'kill -9 "$daemon" 2>/dev/null || true' EXIT
by_hand() { torpor --socket /var/tmp/by-hand/run/torpor.sock "$@"; }
is_up() { by_hand system info &>/dev/null; }
eventually 120 is_up
[[ $(cat "$own/supervisor/cgroup.procs") == "$daemon" ]] || fail "the daemon is not in its leaf"
by_hand deploy second --rootfs /opt/torpor/worker --memory 32Mi -- /usr/bin/worker
[[ $(curl -sS http://127.0.0.1:8081/function/second) == ok ]] || fail "no answer"
running || fail "the unit's daemon has ended"
kill "$daemon"
wait "$daemon" || fail "it ended with status $?"
[[ -z $(cat "$own/cgroup.subtree_control") ]] || fail "controllers: $(cat "$own/cgroup.subtree_control")"
rmdir "$own" || fail "left: $(ls -d "$own"/*/)"
[[ -z $(ls -A /var/tmp/by-hand/run) ]] || fail "files are left: $(ls -A /var/tmp/by-hand/run)"
echo "the cgroup is as it was"
