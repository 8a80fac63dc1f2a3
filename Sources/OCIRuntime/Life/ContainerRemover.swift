internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI

/// Removes what is left of containers: processes, cgroup, state; then tells the poststop hooks.
package struct ContainerRemover {
    private let warn: (String) -> Void

    package init(warn: @escaping (String) -> Void) { self.warn = warn }

    /// - Parameter force: whether a container that runs is killed.
    /// - Throws: `RuntimeFailure` for one that runs; `KernelError`.
    package func remove(_ directory: ContainerDirectory, force: Bool) throws {
        try directory.lock()
        let record: ContainerRecord
        do {
            record = try directory.record()
        } catch {
            guard force else { throw error }
            // Making it was interrupted before there was anything but the directory.
            warn("\(error)")
            try directory.remove()
            return
        }
        let status = record.status
        guard force || status == .stopped || status == .created else {
            throw RuntimeFailure(
                "container \(directory.id) cannot be deleted: it is \(status.rawValue); kill it first, or use --force"
            )
        }
        try end(record)
        try record.cgroup?.remove()
        let hooks =
            record.hasHooks ? try? OCIConfig.parse(try directory.configurationBytes(), ids: .max).hooks : nil
        var document = record.document
        document.status = .stopped
        try directory.remove()
        try HookRunner(hooks, state: document).run(.poststop, pid: 0, warn: warn)
    }

    /// The whole of it, where it has a pid namespace of its own; what else there is goes with the cgroup.
    private func end(_ record: ContainerRecord) throws {
        guard let held = try record.process?.open() else { return }
        do { try held.send(signal: SIGKILL) } catch {
            if error.code == ESRCH { return }
            throw error
        }
        let milliseconds = Limits.containerKillTime.nanoseconds
        guard try check(clinux_wait_readable(held.descriptor, milliseconds), "poll") == 1 else {
            throw RuntimeFailure("container \(record.id) does not end: its first process hangs in the kernel")
        }
    }
}
