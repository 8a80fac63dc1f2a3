package import Core

/// How the daemon wants its containers made.
package struct SandboxConfiguration: Sendable {
    /// The image store: every root file system is below it.
    package var imagesDirectory: String
    /// A directory of the daemon's own; the launchers' roots are built over it, invisible to everybody else.
    package var runDirectory: String
    /// First of the host's ids that are functions' (`HostIDs`).
    package var uidBase: UInt32
    /// Names the cgroup tree; unique among the daemons of a host.
    package var cgroupName: String
    /// Whether a limit that the host cannot enforce is dropped instead of refused; asked when a revision is prepared.
    package var limitsAreBestEffort: @Sendable () -> Bool = { false }
    /// The place of an imported root file system, relative to `imagesDirectory`.
    package var rootfsPath: @Sendable (ContentDigest) -> String
    /// The named volumes.
    package var volumesDirectory: String
    /// Directories of the host below which volumes may be bound; asked when a revision is prepared, and at every launch.
    package var bindDirectories: @Sendable () -> [String] = { [] }
    /// Device nodes of the host that functions may have; asked as often.
    package var allowedDevices: @Sendable () -> [String] = { [] }
    /// The present value of a secret.
    package var secret: @Sendable (ResourceKey) throws -> [UInt8] = { key in
        throw InvalidInput("", "there is no secret '\(key)'")
    }
    /// The content of the containers' /etc/resolv.conf, asked for at every launch.
    package var resolvConf: @Sendable () -> [UInt8]
    /// Where a function with a network finds the gateway; nil where it does not.
    package var gatewayAddress: String?

    package init(
        imagesDirectory: String, volumesDirectory: String, runDirectory: String, uidBase: UInt32,
        cgroupName: String,
        rootfsPath: @escaping @Sendable (ContentDigest) -> String,
        resolvConf: @escaping @Sendable () -> [UInt8]
    ) {
        self.imagesDirectory = imagesDirectory
        self.volumesDirectory = volumesDirectory
        self.runDirectory = runDirectory
        self.uidBase = uidBase
        self.cgroupName = cgroupName
        self.rootfsPath = rootfsPath
        self.resolvConf = resolvConf
    }
}
