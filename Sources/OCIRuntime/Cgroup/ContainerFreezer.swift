internal import LinuxSystem

/// Pauses containers, and has them go on.
package enum ContainerFreezer {
    /// Blocks until every process stands still.
    /// - Throws: `RuntimeFailure` for a container that does not run; `KernelError` with ETIMEDOUT.
    package static func pause(_ directory: ContainerDirectory) throws {
        try cgroup(of: directory, that: .running).freeze()
    }

    package static func resume(_ directory: ContainerDirectory) throws {
        try cgroup(of: directory, that: .paused).thaw()
    }

    private static func cgroup(
        of directory: ContainerDirectory, that wanted: ContainerStatus
    ) throws -> ContainerCgroup {
        try directory.lock()
        let record = try directory.record()
        let status = record.status
        guard let cgroup = record.cgroup else {
            throw RuntimeFailure("container \(directory.id) has no cgroup, so it cannot be paused")
        }
        guard status == wanted else {
            throw RuntimeFailure(
                "container \(directory.id) is \(status.rawValue), not \(wanted.rawValue)")
        }
        return try ContainerCgroup(cgroup)
    }
}

/// What runs in a container.
package enum ContainerProcesses {
    /// - Throws: `RuntimeFailure` for a container without a cgroup.
    package static func list(_ directory: ContainerDirectory) throws -> [Int32] {
        let record = try directory.record()
        guard let cgroup = record.cgroup else {
            throw RuntimeFailure(
                "container \(directory.id) has no cgroup, so nobody knows its processes but \(record.process?.pid ?? 0)"
            )
        }
        do {
            return try ContainerCgroup(cgroup).processes()
        } catch {
            guard error.isMissing else { throw error }
            return []
        }
    }
}
