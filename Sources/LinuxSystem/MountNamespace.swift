internal import CLinux

/// Mount namespaces (mount_namespaces(7)).
package enum MountNamespace {
    /// Moves the calling thread, alone and for good, into a mount namespace of its own. What is mounted on the host later
    /// is mounted there, too; what the thread mounts, nobody else sees.
    package static func leaveFollowing() throws(KernelError) {
        try check(clinux_follow_mounts(), "unshare(CLONE_NEWNS|CLONE_FS)")
    }
}
