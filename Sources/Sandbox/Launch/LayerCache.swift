internal import Core
internal import Glibc
internal import LinuxSystem

/// Root file systems that a launcher thread has open, read-only and shown through a function's id map. Used by one
/// thread only.
final class LayerCache {
    /// Who is to see a root file system.
    struct Viewer {
        /// nil shows the files as they are.
        let ids: ContainerIDs?
        /// A process in a user namespace with that map. One whose mount is kept already is not asked for it.
        let process: Int32
        let lease: RevisionLease
    }

    /// A lower layer of an overlay.
    final class Layer {
        let mount: DetachedMount
        /// Of its root directory. As long as the mount is held, no other directory can have it.
        let identity: FileStatus.Identity
        /// Where the image has its /etc, relative to its root, and with which permissions.
        let configuration: (path: String, mode: UInt32)
        /// Weak: what no revision uses any more must not be held for it.
        weak var lease: RevisionLease?

        init(
            mount: consuming DetachedMount, identity: FileStatus.Identity,
            configuration: (path: String, mode: UInt32), lease: RevisionLease
        ) {
            self.mount = mount
            self.lease = lease
            self.identity = identity
            self.configuration = configuration
        }
    }

    private struct Key: Hashable {
        let path: String
        let ids: ContainerIDs?
    }

    private var layers: [Key: Layer] = [:]
    /// Oldest first.
    private var order: [Key] = []

    /// - Parameter path: of the root file system, in the launcher's root.
    func layer(_ path: String, for viewer: Viewer) throws(KernelError) -> Layer {
        let key = Key(path: path, ids: viewer.ids)
        let identity = try FileStatus.of(FileName(path), at: File.currentDirectory).identity
        // Another one where the content was removed, and has been imported again.
        if let layer = layers[key], layer.identity == identity { return layer }
        let layer = Layer(
            mount: try open(path, for: viewer), identity: identity,
            configuration: try Self.configuration(in: path), lease: viewer.lease)
        forget { $0 == key || layers[$0]?.lease == nil }
        if order.count >= Limits.openLayers { layers[order.removeFirst()] = nil }
        layers[key] = layer
        order.append(key)
        return layer
    }

    /// A new detached mount of it. Before Linux 6.15 one that is in use already cannot be attached again.
    func open(_ path: String, for viewer: Viewer) throws(KernelError) -> DetachedMount {
        let mount = try DetachedMount(copying: path)
        if viewer.ids == nil {
            try mount.add([.readOnly])
        } else {
            let users = try ContainerIDs.namespace(of: viewer.process)
            try mount.mapIDs(users, of: "the root file system", adding: [.readOnly])
        }
        return mount
    }

    private func forget(where isOver: (Key) -> Bool) {
        let gone = order.filter(isOver)
        if gone.isEmpty { return }
        for key in gone { layers[key] = nil }
        order.removeAll { layers[$0] == nil }
    }

    private static func configuration(in path: String) throws(KernelError) -> (path: String, mode: UInt32) {
        let pathOnly: Int32 = 0o10000000
        let root = try File.open(path, flags: pathOnly | O_DIRECTORY)
        guard let directory = try? FileTree.openDirectory("etc", inRoot: root.raw) else {
            return ("etc", 0o755)
        }
        let base = try FileTree.linkContent("/proc/self/fd/\(root.raw)")
        let full = try FileTree.linkContent("/proc/self/fd/\(directory.raw)")
        let relative = full.dropFirst(base.count).split(separator: "/").joined(separator: "/")
        return (relative, try FileTree.mode(of: directory.raw))
    }
}
