internal import Glibc
package import LinuxSystem
package import OCI
internal import Synchronization

/// The directories below the daemon's own cgroup that have one cgroup per instance.
///
///     OWN/supervisor       the daemon, where the kernel wants no processes beside children that have controllers
///     OWN/NAME             instances, under one device program
///     OWN/NAME-devices     instances with devices of their own, each under its own program: below another they could
///                          only have less
package final class CgroupTree: Sendable {
    /// What keeps instances from devices of the host by programs of the kernel; nil where none can be loaded.
    package let devices: DeviceControl?
    /// Why there is none.
    package let deviceProblem: KernelError?
    private let own: CgroupLocation
    private let isInLeaf: Bool
    private let offered: [String]
    private let standard: CgroupDirectory
    /// Made when it is first needed.
    private let further = Mutex<CgroupDirectory?>(nil)

    /// Controllers whose files instances have.
    package var controllers: Set<String> { standard.controllers }
    package var path: String { standard.path }
    private var furtherPath: String { path + "-devices" }

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
        let offered = try CgroupDirectory.words(own.directory + "/cgroup.controllers")
        self.offered = offered
        isInLeaf = !offered.isEmpty && !own.isHierarchyRoot
        // Made first: where that may not be, nothing was moved.
        try Self.makeDirectory(own.directory + "/" + name)
        if isInLeaf { try Self.makeRoom(in: own.directory) }
        CgroupDirectory.handDown(offered, in: own.directory)
        let standard = try CgroupDirectory(path: own.directory + "/" + name, offered: offered)
        self.standard = standard
        do throws(KernelError) {
            let control = try DeviceControl(.standard)
            try control.attach(to: standard.descriptor)
            devices = control
            deviceProblem = nil
        } catch {
            devices = nil
            deviceProblem = error
        }
    }

    /// Makes an instance's cgroup, with its limits in place before anything runs in it.
    /// - Parameter devices: its own program; nil for that of all.
    package func create(
        _ name: String, settings: [CgroupSetting], devices: DeviceControl? = nil
    ) throws(KernelError) -> InstanceCgroup {
        guard let devices, self.devices != nil else {
            return try standard.create(name, settings: settings, devices: nil)
        }
        return try furtherDirectory().create(name, settings: settings, devices: devices)
    }

    /// Makes the directory of instances with devices of their own, before the first of them. Not on a launcher's thread,
    /// whose root has no cgroups.
    package func prepareForDevices() throws(KernelError) {
        if devices != nil { _ = try furtherDirectory() }
    }

    private func furtherDirectory() throws(KernelError) -> CgroupDirectory {
        try further.withLock { made throws(KernelError) in
            if let made { return made }
            let new = try CgroupDirectory(path: furtherPath, offered: offered)
            made = new
            return new
        }
    }

    /// Kills and removes what an earlier daemon of the same name left.
    /// - Returns: the names of those that could not be removed.
    package func sweep() -> [String] {
        var left = standard.sweep()
        if access(furtherPath, F_OK) == 0,
            let further = try? CgroupDirectory(path: furtherPath, offered: offered)
        {
            left += further.sweep()
            try? further.remove()
        }
        return left
    }

    /// Removes the empty tree, and gives the daemon's own cgroup back as it was found: for its clean end.
    /// - Throws: `KernelError`; EBUSY while an instance's cgroup is left.
    package func removeTree() throws(KernelError) {
        if let further = further.withLock({ $0.take() }) { try further.remove() }
        try standard.remove()
        if isInLeaf { try leaveLeaf() }
    }

    /// The reverse of making room. Another daemon that started in the same cgroup keeps all of it.
    private func leaveLeaf() throws(KernelError) {
        let leaf = own.directory + "/" + CgroupLocation.supervisor
        let others = try DirectoryListing.names(own.directory).filter { $0 != CgroupLocation.supervisor }
        let members = try CgroupDirectory.words(leaf + "/cgroup.procs")
        guard others.isEmpty, members == ["\(HostIdentity.processID)"] else { return }
        for controller in try CgroupDirectory.words(own.directory + "/cgroup.subtree_control") {
            try File.write("-\(controller)", to: own.directory + "/cgroup.subtree_control")
        }
        try File.write("0", to: own.directory + "/cgroup.procs")
        try FileTree.removeDirectory(leaf)
    }

    private static func makeDirectory(_ path: String) throws(KernelError) {
        do { try FileTree.makeDirectory(path) } catch { if error.code != EEXIST { throw error } }
    }

    private static func makeRoom(in own: String) throws(KernelError) {
        let leaf = own + "/" + CgroupLocation.supervisor
        try makeDirectory(leaf)
        // Zero stands for the writer. Others that are there are not ours to move; where there are some, the controllers
        // cannot be handed down, and that is reported as controllers that are missing.
        try File.write("0", to: leaf + "/cgroup.procs")
    }
}
