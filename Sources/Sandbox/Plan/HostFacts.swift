internal import CLinux
internal import LinuxSystem
package import OCI

/// What of the host decides how a launch plan looks. Probed once, when the launchers come up.
package struct HostFacts: Sendable, Hashable {
    /// Inside an unprivileged user namespace: one uid, no setgroups(2), no device nodes of one's own.
    package var isRootless = false
    /// The launcher's root has a ready read-only `/devices`, with real nodes, that needs one mount only.
    package var hasDeviceTree = true
    /// cgroup2 is there, and every instance has a cgroup: a container can be shown its own part, and no other.
    package var hasCgroupFilesystem = true
    /// The daemon's own oom_score_adj, which its children inherit; going under it needs CAP_SYS_RESOURCE.
    package var oomScore = 0
    /// The daemon's own hard limits (getrlimit(2)); going over one needs CAP_SYS_RESOURCE. One that is missing is none.
    package var hardLimits: [ResourceLimitKind: UInt64] = [.openFiles: 1 << 20]

    package var modules = SecurityModules([])
    package var kernel = KernelVersion(6, 1)

    package func most(_ kind: ResourceLimitKind) -> UInt64 { hardLimits[kind] ?? .max }

    package init() {}

    /// Reads what proc and the kernel say about the daemon.
    init(isRootless: Bool, hasDeviceTree: Bool, hasCgroups: Bool) throws(KernelError) {
        self.isRootless = isRootless
        self.hasDeviceTree = hasDeviceTree
        let filesystems = try File.text("/proc/filesystems")
        hasCgroupFilesystem = hasCgroups && filesystems.contains("cgroup2\n")
        modules = .ofHost()
        kernel = .ofHost()
        let score = try File.text("/proc/self/oom_score_adj")
        oomScore = Int(score.filter { $0.isNumber || $0 == "-" }) ?? 0
        for kind in ResourceLimitKind.allCases {
            var soft: UInt64 = 0
            var hard: UInt64 = 0
            try check(clinux_limit(Int32(kind.rawValue), &soft, &hard), "getrlimit", subject: kind.name)
            hardLimits[kind] = hard
        }
    }
}
