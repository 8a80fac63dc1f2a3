internal import Core
internal import Glibc
internal import LinuxSystem
package import OCI
internal import Sandbox

/// Makes the cgroup of a container, with its limits in place before anything runs in it.
package struct CgroupMaker: Sendable {
    private let host: CgroupHost?
    private let manager: CgroupManager

    /// - Parameter host: nil where there is no cgroup v2.
    package init(host: CgroupHost?, manager: CgroupManager) {
        self.host = host
        self.manager = manager
    }

    /// - Parameters:
    ///   - id: the container's. - config: of which this reads `linux.cgroupsPath`, `linux.resources` and the annotations.
    /// - Returns: nil where the container gets none: by `disabled`, or because the caller, who is no root, may make none and
    ///   nothing is to be limited.
    /// - Throws: `InvalidInput` that names a limit which this host cannot enforce, and why; `KernelError`; `ToolError`.
    package func make(_ id: String, for config: OCIConfig) throws -> CreatedCgroup? {
        let resources = config.linux?.resources
        try resources?.checkCgroupValues()
        let settings = resources?.cgroupSettings() ?? []
        guard manager != .disabled, let host else {
            let reason = manager == .disabled ? "the container has no cgroup" : "there is no cgroup v2"
            try Self.refuseLimits(settings, reason)
            try CgroupDevices.checkWithoutCgroup(resources?.devices ?? [])
            return nil
        }
        let limits = CgroupLimiter(linux: config.linux, settings: settings, host: host)
        do {
            let path = config.linux?.cgroupsPath
            guard manager == .systemd else {
                return try makeDirectories(try CgroupPath(path, id: id), limits)
            }
            return try SystemdCgroupMaker(limits: limits).make(
                try SystemdUnit(path, id: id, isUser: host.isRootless),
                annotations: config.annotations ?? [:])
        } catch let error as KernelError where host.isRootless && Self.isDenied(error) {
            try Self.refuseLimits(settings, "no cgroup can be made: \(error)")
            return nil
        }
    }

    private static func isDenied(_ error: KernelError) -> Bool {
        [EACCES, EPERM, EROFS].contains(error.code)
    }

    private static func refuseLimits(_ settings: [CgroupSetting], _ reason: String) throws(InvalidInput) {
        guard let limit = settings.first(where: { !$0.isUnlimited }) else { return }
        throw InvalidInput(
            "linux.resources.\(limit.field)", "cannot be enforced: \(reason)", allowed: "leave it out")
    }

    private func makeDirectories(_ path: CgroupPath, _ limits: CgroupLimiter) throws -> CreatedCgroup {
        let host = limits.host
        do {
            return try Self.make(path.components, below: host.mount.point, limits)
        } catch let error as KernelError where path.isDefault && Self.isDenied(error) {
            // Beside the caller's own, where somebody may have been given room.
            guard host.own != host.mount.point, let slash = host.own.lastIndex(of: "/") else { throw error }
            return try Self.make(path.components, below: String(host.own[..<slash]), limits)
        }
    }

    private static func make(
        _ components: [String], below top: String, _ limits: CgroupLimiter
    ) throws -> CreatedCgroup {
        var controllers = CgroupControllers(for: limits.settings)
        var directory = top
        var made: [String] = []
        do {
            for name in components {
                controllers.handDown(in: directory)
                directory += "/" + name
                do {
                    try FileTree.makeDirectory(directory)
                    made.append(directory)
                } catch { if !error.isThere { throw error } }
            }
            let cgroup = try ContainerCgroup(CgroupRecord(directory: directory))
            // All of it ends with the container.
            if made.last != directory, try cgroup.text("cgroup.events").contains("populated 1") {
                throw InvalidInput(
                    "linux.cgroupsPath", "\(directory) has processes of others",
                    allowed: "a cgroup of the container's own")
            }
            try limits.apply(to: cgroup, controllers)
            return CreatedCgroup(cgroup, placeholder: nil)
        } catch {
            for path in made.reversed() { try? FileTree.removeDirectory(path) }
            throw error
        }
    }
}

/// Everything that holds a container's cgroup back.
struct CgroupLimiter {
    let linux: OCIConfig.Linux?
    let settings: [CgroupSetting]
    let host: CgroupHost

    /// - Throws: `InvalidInput` that names what cannot be enforced, and why.
    func apply(to cgroup: ContainerCgroup, _ controllers: CgroupControllers) throws {
        try CgroupWriter(cgroup: cgroup, controllers: controllers, host: host).write(settings)
        try CgroupDevices.attach(linux, to: cgroup, in: host)
    }
}

/// A cgroup that waits for its container.
package struct CreatedCgroup: Sendable {
    package let cgroup: ContainerCgroup
    private let placeholder: Placeholder?

    init(_ cgroup: ContainerCgroup, placeholder: Placeholder?) {
        self.cgroup = cgroup
        self.placeholder = placeholder
    }

    /// To be called when the container's first process is in it: until then something else keeps it alive.
    package func settle() { placeholder?.end() }
}
