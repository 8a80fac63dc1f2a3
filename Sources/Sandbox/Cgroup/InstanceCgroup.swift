internal import CLinux
internal import Core
internal import Glibc
package import LinuxSystem
internal import Synchronization

/// One instance's cgroup: freezing, thawing, killing, and what it says about its past.
package final class InstanceCgroup: Sendable {
    package let name: String
    private let parent: CgroupDirectory
    private let directory: OwnedFD
    private let freezer = Mutex<CgroupFreezer?>(nil)

    init(name: String, directory: consuming OwnedFD, parent: CgroupDirectory) {
        self.name = name
        self.directory = directory
        self.parent = parent
    }

    /// For CLONE_INTO_CGROUP.
    package var descriptor: Int32 { directory.raw }

    /// Blocks until the kernel reports every process frozen, some microseconds.
    /// - Throws: `KernelError` with ETIMEDOUT when a process does not stop (it hangs in the kernel); it is thawed then.
    package func freeze(timeout: Duration = .seconds(2)) throws(KernelError) {
        try openedFreezer().freeze(timeout: timeout)
    }

    /// Any thread; about 6 µs. Nothing where it was never frozen.
    package func thaw() throws(KernelError) {
        guard let freezer = freezer.withLock({ $0 }) else { return }
        try freezer.thaw()
    }

    /// What is taken back at a time: a thaw waits for no more than this to be written to swap.
    private static let reclaimSlice = 8 << 20

    /// Gives what memory the kernel can take back to the host, where it offers that (memory.reclaim, Linux 5.19), slice by
    /// slice until a thaw. Blocks for as long as the host's swap takes.
    package func reclaim() {
        guard let used = try? File.text("memory.current", at: directory.raw).filter(\.isNumber),
            let bytes = Int(used)
        else { return }
        for _ in 0..<(bytes / Self.reclaimSlice + 1) {
            // Not cgroup.events, whose reader would take the news of the next freeze from who waits for it.
            guard (try? File.text("cgroup.freeze", at: directory.raw)) == "1\n" else { return }
            // EAGAIN: there was less than it was asked for, and so nothing more.
            do { try File.write("\(Self.reclaimSlice)", to: "memory.reclaim", at: directory.raw) } catch {
                return
            }
        }
    }

    /// SIGKILL to every process of it (cgroup.kill, Linux 5.14), frozen ones too.
    package func kill() { try? File.write("1", to: "cgroup.kill", at: directory.raw) }

    /// How many processes the kernel's out-of-memory killer has ended here.
    package func outOfMemoryKills() -> Int { count("oom_kill", in: "memory.events") }

    /// A number of one of its files of events; 0 where there is no such file.
    package func count(_ event: String, in file: String) -> Int {
        guard let events = try? File.text(file, at: directory.raw) else { return 0 }
        let line = events.split(separator: "\n").first { $0.hasPrefix(event + " ") }
        return line.flatMap { Int($0.dropFirst(event.utf8.count + 1)) } ?? 0
    }

    /// One of its files, whole.
    func text(_ file: String) throws(KernelError) -> String { try File.text(file, at: directory.raw) }

    /// The processes that stand in it, as the host numbers them.
    func processes() throws(KernelError) -> [Int32] {
        try text("cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
    }

    /// Removes the cgroup. The last process may take a moment to leave it, so this tries again for up to a second, and
    /// once more whenever a later one is removed.
    package func remove() -> Bool {
        parent.removeOverdue()
        for attempt in 0..<100 {
            do {
                try parent.remove(name)
                return true
            } catch {
                if error.code == ENOENT { return true }
                if attempt > 2 { usleep(10_000) }
            }
        }
        parent.postpone(name)
        return false
    }

    private func openedFreezer() throws(KernelError) -> CgroupFreezer {
        if let opened = freezer.withLock({ $0 }) { return opened }
        let opened = try CgroupFreezer(directory: directory.raw, name: name)
        return freezer.withLock { kept in
            if let kept { return kept }
            kept = opened
            return opened
        }
    }
}
