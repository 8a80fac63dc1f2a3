internal import CLinux
internal import Core
internal import Glibc
package import LinuxSystem

/// A container's first process while it is torpor-stage: an own child that was born into its namespaces, and waits for
/// what to do in them.
package final class FirstProcess: Sendable {
    /// As the caller numbers processes.
    package let pid: Int32
    package let pidfd: PidFD
    package let link: StageLink

    /// - Parameter cgroup: which it is born into; lent.
    /// - Throws: `InvalidInput` that names a namespace which cannot be joined; `KernelError`.
    package init(_ namespaces: NamespaceChoice, cgroup: Int32?) throws {
        var far: OwnedFD?
        let near = try PacketSocket(sendSeconds: 10, other: &far)
        guard let far = far.take() else { preconditionFailure("a pair has two ends") }
        let program = try EmbeddedProgram.stage.sealed()
        // Numbers that are not 3, which the program gets the socket as.
        let socket = OwnedFD(owning: try check(clinux_dup_low(far.raw), "fcntl(F_DUPFD_CLOEXEC)"))
        var launch = clinux_container()
        launch.program = program.raw
        launch.socket = socket.raw
        launch.cgroup = cgroup ?? -1
        // Of time a process gets a new namespace for its children only: the plan sees to that.
        launch.new_namespaces = namespaces.new.subtracting(.time).rawValue
        launch.keeps_capabilities = namespaces.hasOtherUsers ? 1 : 0
        let joined = try namespaces.joined.map { try Self.open($0) }
        let user = try namespaces.joinedUser.map { try Self.open($0) }
        launch.user = user?.raw ?? -1
        launch.joined_count = UInt32(joined.count)
        withUnsafeMutableBytes(of: &launch.joined) { bytes in
            for (place, namespace) in joined.enumerated() {
                bytes.storeBytes(of: namespace.raw, toByteOffset: 4 * place, as: Int32.self)
            }
        }
        let pid = clinux_container_launch(&launch)
        if pid < 0 { throw Self.failure(launch, namespaces, code: -pid) }
        self.pid = pid
        pidfd = PidFD(owning: OwnedFD(owning: launch.pidfd))
        link = StageLink(near)
    }

    private static func open(_ namespace: NamespaceChoice.Joined) throws -> SharedFD {
        do {
            return SharedFD(try File.open(namespace.path, flags: O_RDONLY))
        } catch {
            throw InvalidInput(namespace.place, "cannot be joined: \(error)")
        }
    }

    private static func failure(
        _ launch: clinux_container, _ namespaces: NamespaceChoice, code: Int32
    ) -> any Error {
        switch launch.stage {
        case Int32(CLINUX_CONTAINER_JOIN):
            let all = namespaces.joined
            let index = Int(launch.failed)
            let namespace = all.indices.contains(index) ? all[index] : namespaces.joinedUser
            return InvalidInput(
                namespace?.place ?? "linux.namespaces",
                "cannot be joined: \(KernelError("setns", subject: namespace?.path ?? "", code: code))")
        case Int32(CLINUX_CONTAINER_CLONE):
            let what = namespaces.new.isEmpty ? "" : "with the namespaces of linux.namespaces"
            return KernelError("clone3", subject: what, code: code)
        case Int32(CLINUX_CONTAINER_CAPABILITIES):
            return KernelError("prctl(PR_CAP_AMBIENT)", code: code)
        default: return KernelError("execveat", subject: "torpor-stage", code: code)
        }
    }

    /// Says which ids there are in a new user namespace.
    package func writeMaps(_ namespaces: NamespaceChoice) throws {
        guard let users = namespaces.userMap, let groups = namespaces.groupMap else { return }
        try Self.write(users, "uid_map", of: pid, key: "linux.uidMappings")
        do {
            try File.write(groups, to: "/proc/\(pid)/gid_map")
        } catch {
            guard error.code == EPERM else { throw Self.refused("linux.gidMappings", error) }
            // Who has no privilege to map groups must give up setgroups(2) first (user_namespaces(7)).
            try File.write("deny", to: "/proc/\(pid)/setgroups")
            try Self.write(groups, "gid_map", of: pid, key: "linux.gidMappings")
        }
    }

    private static func write(_ map: String, _ file: String, of pid: Int32, key: String) throws {
        do { try File.write(map, to: "/proc/\(pid)/\(file)") } catch { throw refused(key, error) }
    }

    private static func refused(_ key: String, _ error: KernelError) -> InvalidInput {
        InvalidInput(
            key, "is not taken by the kernel: \(error.reason)", allowed: "ids that the caller may map")
    }

    /// Waits for its end, as wait(2) has it.
    package func reap() throws(KernelError) -> Int32 {
        while true {
            if let status = try pidfd.reap() { return status }
            try check(clinux_wait_readable(pidfd.descriptor, -1), "poll")
        }
    }

    /// Ends and reaps it.
    package func abandon() {
        try? pidfd.send(signal: SIGKILL)
        _ = try? reap()
    }
}
