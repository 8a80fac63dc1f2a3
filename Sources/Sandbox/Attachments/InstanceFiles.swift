internal import Core
internal import Glibc
internal import LinuxSystem

/// Secrets and configuration files of the instances that run: `ID/secrets/NAME` and `ID/configs/NUMBER` in one tmpfs, which
/// only the thread that made it sees, and which is gone with the daemon, however that ends.
final class InstanceFiles {
    private let place: String
    private let root: Directory

    /// Moves the calling thread, alone, into a mount namespace of its own, which goes on seeing what is mounted on the
    /// host. - Parameter place: a directory, covered for this thread.
    init(place: String) throws(KernelError) {
        self.place = place
        try FileTree.makeDirectories(place, mode: 0o700)
        try MountNamespace.leaveFollowing()
        let files = try Self.fileSystem()
        try files.attach(at: place)
        root = try Directory(path: place)
    }

    /// Not to be swapped out, where the kernel can see to that (Linux 6.4).
    private static func fileSystem() throws(KernelError) -> DetachedMount {
        let attributes: MountAttributes = [.noSetuid, .noDevices, .noExecute]
        do {
            let context = try sized()
            try context.set(flag: "noswap")
            return try context.mount(attributes)
        } catch {
            guard error.code == EINVAL || error.code == EPERM else { throw error }
            return try sized().mount(attributes)
        }
    }

    private static func sized() throws(KernelError) -> FilesystemContext {
        let context = try FilesystemContext("tmpfs")
        try context.set("size", "\(Limits.attachedFileBytes.bytes)")
        try context.set("mode", "700")
        return context
    }

    /// - Parameter owner: in the host's ids; nil is the daemon itself.
    func makeDirectory(_ path: String, owner: LaunchJob.Owner? = nil) throws(KernelError) {
        let name = FileName(path)
        try root.makeDirectory(name, mode: 0o755)
        try root.setMode(0o755, of: name)
        try own(name, owner)
    }

    /// A file, or a new content of one: whoever has the old one open keeps that, and nobody sees half of one.
    func write(
        _ path: String, _ content: [UInt8], mode: UInt32, owner: LaunchJob.Owner?
    ) throws(KernelError) {
        let staged = FileName("staged")
        try root.removeTree(staged)
        try FileTree.makeFile("\(place)/staged", content: content, mode: 0o600)
        try own(staged, owner)
        try root.setMode(mode, of: staged)
        try root.rename(staged, over: FileName(path))
    }

    /// A device node, and a mount of it by which it can be used.
    /// - Throws: `KernelError`; EPERM in a user namespace.
    func device(_ path: String, of node: HostPaths.Node, owner: LaunchJob.Owner?) throws(KernelError)
        -> DetachedMount
    {
        let name = FileName(path)
        try FileTree.makeDevice("\(place)/\(path)", node.kind, mode: node.mode)
        try own(name, owner)
        let mount = try DetachedMount(copying: "\(place)/\(path)")
        try mount.change(adding: [.noSetuid, .noExecute], removing: .noDevices)
        return mount
    }

    /// A detached mount of what is there.
    func mount(_ path: String) throws(KernelError) -> DetachedMount {
        let mount = try DetachedMount(copying: "\(place)/\(path)")
        try mount.add([.readOnly, .noSetuid, .noDevices, .noExecute])
        return mount
    }

    func remove(_ path: String) throws(KernelError) { try root.removeTree(FileName(path)) }

    private func own(_ name: FileName, _ owner: LaunchJob.Owner?) throws(KernelError) {
        guard let owner else { return }
        try root.setOwner(name, user: owner.user, group: owner.group)
    }
}
