# shellcheck shell=bash disable=SC2034
# What the scripts share: where things are, and how they speak. Sourced, never run.

root_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
script_name=$(basename "$0")
# An ordinary user of Debian does not have nft, sysctl and the like on the PATH.
export PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s: %s\n' "$script_name" "$*"; }

fail() {
    printf '%s: %s\n' "$script_name" "$*" >&2
    exit 1
}

# Where downloads and built trees are kept, outside the repository.
cache_dir() { echo "${TORPOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/torpor}"; }

# Writes the path of the swift command: on PATH, on the PATH of the user who called sudo, or where it is usually put.
find_swift() {
    local candidate
    if command -v swift; then return; fi
    if [[ -n ${SUDO_USER:-} && $SUDO_USER != root ]]; then
        candidate=$(runuser -l "$SUDO_USER" -c "command -v swift" 2>/dev/null || true)
        if [[ -x $candidate ]]; then
            echo "$candidate"
            return
        fi
        local home
        home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
        candidate=$home/.local/share/swiftly/bin/swift
        if [[ -x $candidate ]]; then
            echo "$candidate"
            return
        fi
    fi
    for candidate in /opt/swift/usr/bin/swift /usr/share/swift/usr/bin/swift /usr/local/swift/usr/bin/swift \
        /usr/local/bin/swift "$HOME/.local/share/swiftly/bin/swift"; do
        if [[ -x $candidate ]]; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# Puts swift on PATH, or ends with how to get it.
require_swift() {
    local swift version
    swift=$(find_swift) || fail "Swift 6.2 or newer is needed and was not found.
  Get it from https://swift.org/install (Linux, your distribution), then put it on your PATH:
    curl -O https://download.swift.org/swiftly/linux/swiftly-$(uname -m).tar.gz
    tar zxf swiftly-$(uname -m).tar.gz && ./swiftly init
  and run this again."
    PATH=$(dirname "$swift"):$PATH
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
    local major minor
    read -r major minor <<<"$version"
    if ((${major:-0} < 6 || (major == 6 && ${minor:-0} < 2))); then
        fail "$swift is version ${major:-?}.${minor:-?}; 6.2 or newer is needed: https://swift.org/install"
    fi
}

# Runs a command as the user who called sudo, else as who we are: what is built belongs to its owner.
as_caller() {
    if [[ $EUID == 0 && -n ${SUDO_USER:-} && $SUDO_USER != root ]]; then
        runuser -u "$SUDO_USER" -- env "HOME=$(getent passwd "$SUDO_USER" | cut -d: -f6)" "PATH=$PATH" "${caller_environment[@]}" "$@"
    else
        env "${caller_environment[@]}" "$@"
    fi
}
caller_environment=()
