internal import Glibc
package import LinuxSystem
package import OCI
internal import Synchronization

/// The directory below the daemon's own cgroup that has one cgroup per instance.
package final class CgroupTree: Sendable {
    /// Controllers whose files instances have.
    package let controllers: Set<String>
    package let path: String
    private let own: CgroupLocation
    private let isInLeaf: Bool
    private let directory: OwnedFD
    private let overdue = Mutex<Set<String>>([])

    /// Finds the daemon's own cgroup, moves the daemon into a leaf of it where the kernel wants that (no processes beside
    /// children that have controllers), hands the controllers down, and makes the tree.
    /// - Parameter name: unique among the daemons of this host, as the bridge's name is.
    /// - Throws: `KernelError`; ENOENT without cgroup2, EACCES where the own cgroup is not delegated to this user.
    package init(name: String) throws(KernelError) {
        let mountinfo = try File.text("/proc/self/mountinfo")
        let membership = try File.text("/proc/self/cgroup")
        guard let own = CgroupLocation(mountinfo: mountinfo, membership: membership) else {
            throw KernelError("find cgroup2", subject: "/proc/self/mountinfo", code: ENOENT)
        }
        self.own = own
        path = own.directory + "/" + name
        try Self.makeDirectory(path)
        directory = try File.open(path, flags: O_RDONLY | O_DIRECTORY)
        let offered = try Self.words(own.directory + "/cgroup.controllers")
        isInLeaf = !offered.isEmpty && !own.isHierarchyRoot
        if !offered.isEmpty {
            if isInLeaf { try Self.makeRoom(in: own.directory) }
            Self.handDown(offered, in: own.directory)
            Self.handDown(offered, in: path)
        }
        controllers = Set(try Self.words(path + "/cgroup.subtree_control"))
    }

    /// Makes an instance's cgroup, with its limits in place before anything runs in it.
    package func create(_ name: String, settings: [CgroupSetting]) throws(KernelError) -> InstanceCgroup {
        try FileTree.makeDirectory(name, at: directory.raw)
        do {
            let cgroup = try File.open(name, at: directory.raw, flags: O_RDONLY | O_DIRECTORY)
            for setting in settings { try Self.write(setting, to: cgroup) }
            return InstanceCgroup(name: name, directory: cgroup, tree: self)
        } catch {
            try? FileTree.removeDirectory(name, at: directory.raw)
            throw error
        }
    }

    private static func write(_ setting: CgroupSetting, to cgroup: borrowing OwnedFD) throws(KernelError) {
        do {
            try File.write(setting.value, to: setting.file, at: cgroup.raw)
        } catch {
            guard setting.isOptional, error.isMissing else { throw error }
        }
    }

    /// rmdir(2) of an instance's cgroup; EBUSY while a process of it is left.
    func remove(_ name: String) throws(KernelError) { try FileTree.removeDirectory(name, at: directory.raw) }

    /// Notes a cgroup that still had a process, which hangs in the kernel, when its time was up.
    func postpone(_ name: String) { overdue.withLock { _ = $0.insert(name) } }

    /// Tries once more to remove what was postponed.
    func removeOverdue() {
        for name in overdue.withLock({ $0 }) {
            do { try remove(name) } catch { if error.code != ENOENT { continue } }
            overdue.withLock { _ = $0.remove(name) }
        }
    }

    /// Kills and removes what an earlier daemon of the same name left.
    /// - Returns: the names of those that could not be removed.
    package func sweep() -> [String] {
        var left: [String] = []
        for name in (try? DirectoryListing.names(path)) ?? [] {
            guard let cgroup = try? File.open(name, at: directory.raw, flags: O_RDONLY | O_DIRECTORY) else {
                continue
            }
            let instance = InstanceCgroup(name: name, directory: cgroup, tree: self)
            instance.kill()
            if !instance.remove() { left.append(name) }
        }
        return left
    }

    /// Removes the empty tree, and gives the daemon's own cgroup back as it was found: for its clean end.
    /// - Throws: `KernelError`; EBUSY while an instance's cgroup is left.
    package func removeTree() throws(KernelError) {
        removeOverdue()
        try FileTree.removeDirectory(path)
        if isInLeaf { try leaveLeaf() }
    }

    /// The reverse of making room. Another daemon that started in the same cgroup keeps all of it.
    private func leaveLeaf() throws(KernelError) {
        let leaf = own.directory + "/" + CgroupLocation.supervisor
        let others = try DirectoryListing.names(own.directory).filter { $0 != CgroupLocation.supervisor }
        let members = try Self.words(leaf + "/cgroup.procs")
        guard others.isEmpty, members == ["\(HostIdentity.processID)"] else { return }
        for controller in try Self.words(own.directory + "/cgroup.subtree_control") {
            try File.write("-\(controller)", to: own.directory + "/cgroup.subtree_control")
        }
        try File.write("0", to: own.directory + "/cgroup.procs")
        try FileTree.removeDirectory(leaf)
    }

    private static func makeDirectory(_ path: String) throws(KernelError) {
        do { try FileTree.makeDirectory(path) } catch { if error.code != EEXIST { throw error } }
    }

    private static func words(_ file: String) throws(KernelError) -> [String] {
        try File.text(file).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private static func makeRoom(in own: String) throws(KernelError) {
        let leaf = own + "/" + CgroupLocation.supervisor
        try makeDirectory(leaf)
        // Zero stands for the writer. Others that are there are not ours to move; where there are some, the controllers
        // cannot be handed down, and that is reported as controllers that are missing.
        try File.write("0", to: leaf + "/cgroup.procs")
    }

    /// One by one: a controller that cannot be handed down (cpu, while real-time processes exist) must not keep the others.
    private static func handDown(_ controllers: [String], in directory: String) {
        for controller in controllers where ["memory", "cpu", "cpuset", "pids", "io"].contains(controller) {
            try? File.write("+\(controller)", to: directory + "/cgroup.subtree_control")
        }
    }
}
