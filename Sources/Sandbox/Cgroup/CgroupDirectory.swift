internal import Glibc
internal import LinuxSystem
internal import OCI
internal import Synchronization

/// A directory that has one cgroup per instance, with all the controllers that there are.
final class CgroupDirectory: Sendable {
    let path: String
    /// Controllers whose files the cgroups have.
    let controllers: Set<String>
    private let directory: OwnedFD
    private let overdue = Mutex<Set<String>>([])

    /// Makes it, or takes it over from an earlier daemon.
    init(path: String, offered: [String]) throws(KernelError) {
        self.path = path
        do { try FileTree.makeDirectory(path) } catch { if error.code != EEXIST { throw error } }
        directory = try File.open(path, flags: O_RDONLY | O_DIRECTORY)
        Self.handDown(offered, in: path)
        controllers = Set(try Self.words(path + "/cgroup.subtree_control"))
    }

    var descriptor: Int32 { directory.raw }

    /// - Parameter devices: what it may use beyond what the directory says, as little as that may be.
    func create(_ name: String, settings: [CgroupSetting], devices: DeviceControl?) throws(KernelError)
        -> InstanceCgroup
    {
        try FileTree.makeDirectory(name, at: directory.raw)
        do {
            let cgroup = try File.open(name, at: directory.raw, flags: O_RDONLY | O_DIRECTORY)
            for setting in settings { try setting.write(to: cgroup.raw) }
            if let devices { try devices.attach(toNew: cgroup.raw) }
            return InstanceCgroup(name: name, directory: cgroup, parent: self)
        } catch {
            try? FileTree.removeDirectory(name, at: directory.raw)
            throw error
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

    /// Kills and removes what an earlier daemon left.
    /// - Returns: the names of those that could not be removed.
    func sweep() -> [String] {
        var left: [String] = []
        for name in (try? DirectoryListing.names(path)) ?? [] {
            guard let cgroup = try? File.open(name, at: directory.raw, flags: O_RDONLY | O_DIRECTORY) else {
                continue
            }
            let instance = InstanceCgroup(name: name, directory: cgroup, parent: self)
            instance.kill()
            if !instance.remove() { left.append(name) }
        }
        return left
    }

    /// Removes the empty directory. - Throws: `KernelError`; EBUSY while an instance's cgroup is left.
    func remove() throws(KernelError) {
        removeOverdue()
        try FileTree.removeDirectory(path)
    }

    static func words(_ file: String) throws(KernelError) -> [String] {
        try File.text(file).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// One by one: a controller that cannot be handed down (cpu, while real-time processes exist) must not keep the others.
    static func handDown(_ controllers: [String], in directory: String) {
        for controller in controllers where CgroupSetting.Controller(rawValue: controller) != nil {
            try? File.write("+\(controller)", to: directory + "/cgroup.subtree_control")
        }
    }
}
