internal import CLinux
internal import LinuxSystem

/// What of the host decides how a launch plan looks. Probed once, when the launchers come up.
package struct HostFacts: Sendable, Hashable {
    /// Inside an unprivileged user namespace: one uid, no setgroups(2), no device nodes of one's own.
    package var isRootless = false
    /// The launcher's root has a ready read-only `/devices`, with real nodes, that needs one mount only.
    package var hasDeviceTree = true
    /// cgroup2 is there, and every instance has a cgroup: a container can be shown its own part, and no other.
    package var hasCgroupFilesystem = true
    /// The daemon's own oom_score_adj, which its children inherit.
    package var oomScore = 0
    /// The daemon's hard RLIMIT_NOFILE; going over it needs CAP_SYS_RESOURCE.
    package var mostOpenFiles: UInt64 = 1 << 20

    package init() {}

    /// Reads what proc and the kernel say about the daemon.
    init(isRootless: Bool, hasDeviceTree: Bool, hasCgroups: Bool) throws(KernelError) {
        self.isRootless = isRootless
        self.hasDeviceTree = hasDeviceTree
        let filesystems = try File.text("/proc/filesystems")
        hasCgroupFilesystem = hasCgroups && filesystems.contains("cgroup2\n")
        let score = try File.text("/proc/self/oom_score_adj")
        oomScore = Int(score.filter { $0.isNumber || $0 == "-" }) ?? 0
        var soft: UInt64 = 0
        let openFiles: Int32 = 7
        try check(clinux_limit(openFiles, &soft, &mostOpenFiles), "getrlimit", subject: "RLIMIT_NOFILE")
    }
}
