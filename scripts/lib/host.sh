# shellcheck shell=bash
# What of the host is free, and what is left of a daemon. Sourced, never run.

# within SECONDS COMMAND…: tries every 50 ms until it succeeds.
within() {
    local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
    shift
    until "$@"; do
        ((${EPOCHREALTIME/[.,]/} < deadline)) || return 1
        sleep 0.05
    done
}

# A bridge's name that nothing on this host has; names of cgroups and tables derive from it.
free_bridge() {
    local number
    for number in {0..99}; do
        ip link show "torporq$number" &>/dev/null && continue
        [[ -n $(find /sys/fs/cgroup -maxdepth 6 -type d -name "torporq$number" -print -quit 2>/dev/null) ]] && continue
        echo "torporq$number"
        return
    done
    return 1
}

# A /16 that no route of this host touches.
free_subnet() {
    local number
    for number in {200..250}; do
        if ! ip -4 route show table all | grep -qE "(^| )10\.$number\."; then
            echo "10.$number.0.0/16"
            return
        fi
    done
    return 1
}

free_port() {
    local port
    for port in {18080..18180}; do
        if [[ -z $(ss -Hltn "sport = :$port") ]]; then
            echo "$port"
            return
        fi
    done
    return 1
}

# processes_of FUNCTION DAEMON: processes of a function of the daemon with this pid, by what the platform puts into their
# environment; other daemons on this host may have a function of that name.
processes_of() {
    local file process parent
    while read -r file; do
        process=$(cut -d/ -f3 <<<"$file")
        parent=$process
        while ((parent > 1)) && [[ $parent != "$2" ]]; do
            parent=$(awk '$1 == "PPid:" { print $2 }' "/proc/$parent/status" 2>/dev/null || true)
        done
        [[ $parent != "$2" ]] || echo "$process"
    done < <(grep -lsxzF "TORPOR_FUNCTION=$1" /proc/[0-9]*/environ)
}

# leftovers BRIDGE DIRECTORY CGROUP: what a daemon with this bridge, with its directories in this one, and in this cgroup
# has left on the host; nothing if all is well.
leftovers() {
    local bridge=$1 directory=$2 leaf=$3/supervisor process
    ip -br link | awk -v bridge="$bridge" 'index($1, bridge) == 1 { print "interface " $1 }'
    nft list tables 2>/dev/null | grep -F "$bridge" || true
    find /sys/fs/cgroup -type d -name "*$bridge*" -printf 'cgroup %p\n' 2>/dev/null || true
    # The leaf that a daemon moves itself into, if no other daemon is in it.
    if [[ -d $leaf && -z $(cat "$leaf/cgroup.procs") ]]; then echo "cgroup $leaf"; fi
    awk -v directory="$directory" 'index($2, directory) == 1 { print "mount " $2 }' /proc/mounts
    for process in /proc/[0-9]*; do
        if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -qF "$directory/"; then
            echo "process ${process#/proc/}: $(tr '\0' ' ' <"$process/cmdline" | cut -c1-80)"
        fi
    done 2>/dev/null
}
