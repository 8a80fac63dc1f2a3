internal import Core
internal import Glibc
internal import LinuxSystem

/// Root file systems that a launcher thread has open, read-only and shown through the functions' id map. Used by one
/// thread only.
final class LayerCache {
    /// A lower layer of an overlay.
    final class Layer {
        let mount: DetachedMount
        /// Of its root directory. As long as the mount is held, no other directory can have it.
        let identity: FileStatus.Identity
        /// Where the image has its /etc, relative to its root, and with which permissions.
        let configuration: (path: String, mode: UInt32)

        init(
            mount: consuming DetachedMount, identity: FileStatus.Identity,
            configuration: (path: String, mode: UInt32)
        ) {
            self.mount = mount
            self.identity = identity
            self.configuration = configuration
        }
    }

    private var layers: [String: Layer] = [:]
    /// Oldest first.
    private var order: [String] = []
    private let userNamespace: SharedFD?

    /// - Parameter userNamespace: whose map layers are shown through; nil shows them as they are.
    init(userNamespace: SharedFD?) { self.userNamespace = userNamespace }

    /// - Parameter path: of the root file system, in the launcher's root.
    func layer(_ path: String) throws(KernelError) -> Layer {
        let identity = try FileStatus.of(FileName(path), at: File.currentDirectory).identity
        if let layer = layers[path] {
            if layer.identity == identity { return layer }
            // The content was removed, and has been imported again.
            forget(path)
        }
        let layer = Layer(
            mount: try open(path), identity: identity, configuration: try Self.configuration(in: path))
        if order.count >= Limits.openLayers { layers[order.removeFirst()] = nil }
        layers[path] = layer
        order.append(path)
        return layer
    }

    /// A new detached mount of it. Before Linux 6.15 one that is in use already cannot be attached again.
    func open(_ path: String) throws(KernelError) -> DetachedMount {
        let mount = try DetachedMount(copying: path)
        if let userNamespace {
            try mount.mapIDs(userNamespace, adding: [.readOnly])
        } else {
            try mount.add([.readOnly])
        }
        return mount
    }

    private func forget(_ path: String) {
        layers[path] = nil
        order.removeAll { $0 == path }
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
