# shellcheck shell=bash
# What a case may use. A case is a bash script (set -euo pipefail): its last line of output is its result's text.

gateway=http://127.0.0.1:8080

fail() {
    echo "failed: $*"
    exit 1
}

skip() {
    echo "$*"
    exit 77
}

# eventually SECONDS COMMAND…: tries until the command succeeds.
eventually() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || fail "not within its time: $*"
        sleep 0.2
    done
}

running() { systemctl is-active --quiet torpord; }

# The daemon runs and has no function.
fresh() {
    running || systemctl start torpord
    local name
    for name in $(torpor --output json list | jq -r '.functions[].name'); do
        torpor remove "$name" >/dev/null
    done
}

# Takes away what run-cases has put there: the machine is one that never had Torpor. For the last cases.
bare_debian() {
    systemctl stop torpord 2>/dev/null || true
    rm -rf /etc/systemd/system/torpord.service /usr/local/bin/torpor /usr/local/bin/torpord /var/lib/torpor
    # What kept the tree small would keep parts of the package out, too.
    rm -f /etc/dpkg/dpkg.cfg.d/99mmdebstrap
    groupdel torpor 2>/dev/null || true
    systemctl daemon-reload
}

# deploy_worker NAME [FLAG…]: a static program that does what its path says (worker.c).
deploy_worker() {
    local name=$1
    shift
    torpor deploy "$name" --rootfs /opt/torpor/worker "$@" -- /usr/bin/worker
}

# deploy_bundle NAME RESOURCES [FLAG…]: the worker as an OCI bundle with a root that can be written and these
# linux.resources.
deploy_bundle() {
    local name=$1 resources=$2 bundle=/run/bundles/$1
    shift 2
    rm -rf "$bundle"
    mkdir -p "$bundle"
    cp -r /opt/torpor/worker "$bundle/rootfs"
    jq -n --argjson resources "$resources" '{ociVersion: "1.2.0", root: {path: "rootfs"},
        process: {args: ["/usr/bin/worker"], cwd: "/", user: {uid: 0, gid: 0}}, linux: {resources: $resources,
        namespaces: (["pid", "network", "ipc", "uts", "mount", "cgroup"] | map({type: .}))}}' >"$bundle/config.json"
    torpor deploy "$name" --bundle "$bundle" "$@"
}

call() { curl -sS --max-time 60 "$gateway/function/$1"; }
status_of() { curl -s -o /dev/null -w '%{http_code}' --max-time 60 "$gateway/function/$1"; }
tier_of() { curl -s -o /dev/null -D - --max-time 60 "$gateway/function/$1" | tr -d '\r' | sed -n 's/^[Ss]erver-[Tt]iming:.*desc="\([a-z]*\)".*/\1/p'; }

unit_cgroup() { echo /sys/fs/cgroup"$(systemctl show -P ControlGroup torpord)"; }

# Directories of instances: cgroups below the unit's that have no controller-internal name of the daemon's own.
instance_cgroups() {
    find "$(unit_cgroup)" -mindepth 1 -type d 2>/dev/null | grep -E '/[^/]*[0-9a-f]{12}[^/]*$' || true
}

no_instance() { [[ -z $(instance_cgroups) ]]; }

# After this the machine may go down, and must; then the case is run again, with $part one more than now (0 at first).
goes_down() {
    echo $((${part:-0} + 1)) >/var/lib/system-tests/part
    sync
}
