internal import Glibc
package import LinuxSystem
internal import Sandbox

/// The cgroup of one container: limits, freezing, its processes, its end.
package final class ContainerCgroup: Sendable {
    package let record: CgroupRecord
    private let directory: OwnedFD

    /// Opens one that is there.
    /// - Throws: `KernelError`, ENOENT when it is gone.
    package init(_ record: CgroupRecord) throws(KernelError) {
        self.record = record
        directory = try File.open(record.directory, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// For CLONE_INTO_CGROUP, and for the program that controls devices. Lent.
    package var descriptor: Int32 { directory.raw }

    package var controllers: Set<String> { CgroupControllers.words(record.directory + "/cgroup.controllers") }

    /// One of its files, whole.
    package func text(_ file: String) throws(KernelError) -> String {
        try File.text(file, at: directory.raw)
    }

    func write(_ text: String, to file: String) throws(KernelError) {
        try File.write(text, to: file, at: directory.raw)
    }

    // MARK: freezing

    /// Blocks until every process stands still.
    /// - Throws: `KernelError` with ETIMEDOUT when one does not (it hangs in the kernel); all go on then.
    package func freeze(timeout: Duration = .seconds(10)) throws(KernelError) {
        try freezer().freeze(timeout: timeout)
    }

    package func thaw() throws(KernelError) { try freezer().thaw() }

    /// Whether it was told to freeze, and not one above it.
    package func isPaused() throws(KernelError) -> Bool { try text("cgroup.freeze").hasPrefix("1") }

    private func freezer() throws(KernelError) -> CgroupFreezer {
        try CgroupFreezer(directory: directory.raw, name: record.directory)
    }

    // MARK: processes

    /// Every process in it and in the cgroups that were made below it, as the caller's pid namespace numbers them; 0 stands
    /// for one that it cannot see.
    package func processes() throws(KernelError) -> [Int32] {
        var all: [Int32] = []
        for path in try tree(record.directory, depth: 0) {
            do {
                let lines = try File.text(path + "/cgroup.procs").split(separator: "\n")
                all += lines.compactMap { Int32($0) }
            } catch {
                // The processes of a threaded cgroup are listed where its threads come together.
                guard error.isMissing || error.code == ENODEV || error.code == EOPNOTSUPP else { throw error }
            }
        }
        return all
    }

    /// Its directory and all below it, the deepest last.
    private func tree(_ path: String, depth: Int) throws(KernelError) -> [String] {
        guard depth < 64 else { throw KernelError("list", subject: path, code: ELOOP) }
        var paths = [path]
        for name in (try? DirectoryListing.names(path)) ?? [] {
            paths += try tree(path + "/" + name, depth: depth + 1)
        }
        return paths
    }

    /// To every process. SIGKILL reaches those that are being made meanwhile, and frozen ones (cgroup.kill, Linux 5.14);
    /// any other signal those that are there now.
    package func signal(_ number: Int32) throws(KernelError) {
        if number == SIGKILL {
            try write("1", to: "cgroup.kill")
            return
        }
        // Held first and looked for again, so that a number that has become another's meanwhile gets nothing.
        let held = try processes().compactMap { number -> (Int32, HeldProcess)? in
            guard let process = try? HeldProcess(number) else { return nil }
            return (number, process)
        }
        let present = Set(try processes())
        for (id, process) in held where present.contains(id) {
            do { try process.pidfd.send(signal: number) } catch { if error.code != ESRCH { throw error } }
        }
    }

    private final class HeldProcess: Sendable {
        let pidfd: PidFD
        init(_ number: Int32) throws(KernelError) { pidfd = try PidFD(process: number) }
    }

    // MARK: its end

    /// Kills what is in it and removes it with all that was made below it. The last process may take a moment to leave.
    /// - Throws: `KernelError` with EBUSY when one has not left after the time.
    package func remove(timeout: Duration = .seconds(5)) throws(KernelError) {
        let deadline = ContinuousClock.now + timeout
        while true {
            try? signal(SIGKILL)
            do throws(KernelError) {
                for path in try tree(record.directory, depth: 0).reversed() {
                    do { try FileTree.removeDirectory(path) } catch { if !error.isMissing { throw error } }
                }
                return
            } catch {
                guard error.code == EBUSY || error.code == ENOTEMPTY, ContinuousClock.now < deadline else {
                    throw error
                }
                usleep(5_000)
            }
        }
    }
}
