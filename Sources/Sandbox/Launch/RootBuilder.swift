internal import Core
internal import Glibc
internal import LinuxSystem

/// Makes a container's root: an overlay of its image, read-only and shared, and a tmpfs of its own that is gone with
/// the container. Used by one thread only.
final class RootBuilder {
    private let layers: LayerCache
    private let isRootless: Bool
    /// Whether this kernel takes detached mounts as layers (Linux 6.15); found out by the first root.
    private var takesDetached = true

    init(layers: LayerCache, isRootless: Bool) {
        self.layers = layers
        self.isRootless = isRootless
    }

    /// A root, and the file system that takes what is written to it. Closing that takes as long as making the root: done
    /// when the container is gone.
    struct Root: ~Copyable {
        let mount: DetachedMount
        let writable: WritableLayer
    }

    /// - Parameters:
    ///   - image: path of the image's root in the launcher's root.
    ///   - files: what /etc gets, by name; what the image has of these names is hidden, links included.
    ///   - writable: bytes that may be written to it.
    ///   - viewer: the container, which owns what is made.
    func build(
        image: String, files: [LaunchJob.HostFile], writable: ByteCount, for viewer: LayerCache.Viewer
    ) throws(KernelError) -> Root {
        let layer = try layers.layer(image, for: viewer)
        let scratch = try makeScratch(
            layer: layer, files: files, size: writable, owner: viewer.ids?.root)
        if takesDetached {
            do {
                let root = try overlayOfDetached(lower: layer.mount, scratch: scratch)
                return Root(mount: root, writable: WritableLayer(scratch))
            } catch {
                // Before 6.5 overlayfs takes no descriptors at all, which is told as EOPNOTSUPP.
                guard error.code == EINVAL || error.code == EOPNOTSUPP else { throw error }
                takesDetached = false
            }
        }
        let root = try overlayOfAttached(image: image, scratch: scratch, for: viewer)
        return Root(mount: root, writable: WritableLayer(scratch))
    }

    private func overlayOfDetached(
        lower: borrowing DetachedMount, scratch: borrowing DetachedMount
    ) throws(KernelError) -> DetachedMount {
        let overlay = try FilesystemContext("overlay")
        try overlay.set("lowerdir+", descriptor: lower.descriptor)
        let base = "/proc/self/fd/\(scratch.descriptor)"
        return try finish(overlay, scratch: base)
    }

    /// Before Linux 6.15 (Debian 12 has 6.1), layers must be attached in the caller's mount namespace. They are for as
    /// long as this takes: the overlay keeps copies of its own.
    private func overlayOfAttached(
        image: String, scratch: borrowing DetachedMount, for viewer: LayerCache.Viewer
    ) throws(KernelError) -> DetachedMount {
        try Self.attached(scratch, at: "/scratch") { () throws(KernelError) in
            try FileTree.makeDirectory("/scratch/lower")
            let lower = try layers.open(image, for: viewer)
            return try Self.attached(lower, at: "/scratch/lower") { () throws(KernelError) in
                let overlay = try FilesystemContext("overlay")
                try overlay.set("lowerdir", "/scratch/lower")
                return try finish(overlay, scratch: "/scratch")
            }
        }
    }

    private static func attached(
        _ mount: borrowing DetachedMount, at path: String,
        _ body: () throws(KernelError) -> DetachedMount
    ) throws(KernelError) -> DetachedMount {
        try mount.attach(at: path)
        defer { try? FileTree.unmount(path) }
        return try body()
    }

    private func finish(_ overlay: consuming FilesystemContext, scratch: String) throws(KernelError)
        -> DetachedMount
    {
        try overlay.set("upperdir", scratch + "/upper")
        try overlay.set("workdir", scratch + "/work")
        if isRootless { try overlay.set(flag: "userxattr") }
        // Without nodev an image's device nodes would work: the overlay belongs to the initial user namespace.
        return try overlay.mount([.noDevices])
    }

    // MARK: The writable layer

    /// - Parameter owner: root of the container, in the launcher's ids; nil is the launcher itself.
    private func makeScratch(
        layer: LayerCache.Layer, files: [LaunchJob.HostFile], size: ByteCount, owner: LaunchJob.Owner?
    ) throws(KernelError) -> DetachedMount {
        let context = try FilesystemContext("tmpfs")
        try context.set("size", "\(size.bytes)")
        try context.set("nr_inodes", "\(max(1024, size.bytes / Limits.writableBytesPerFile))")
        try context.set("mode", "700")
        let scratch = try context.mount([.noDevices, .noSetuid])
        try makeDirectory("upper", mode: 0o755, at: scratch.descriptor, owner)
        try makeDirectory("work", mode: 0o700, at: scratch.descriptor, owner)
        var directory = "upper"
        let components = layer.configuration.path.split(separator: "/")
        for (index, component) in components.enumerated() {
            directory += "/" + component
            let mode = index == components.count - 1 ? layer.configuration.mode : 0o755
            try makeDirectory(directory, mode: mode, at: scratch.descriptor, owner)
        }
        for file in files {
            let path = "\(directory)/\(file.name)"
            try FileTree.makeFile(path, at: scratch.descriptor, content: file.content, mode: 0o644)
            try own(path, at: scratch.descriptor, owner)
        }
        return scratch
    }

    private func makeDirectory(
        _ path: String, mode: UInt32, at directory: Int32, _ owner: LaunchJob.Owner?
    ) throws(KernelError) {
        try FileTree.makeDirectory(path, at: directory, mode: mode)
        try own(path, at: directory, owner)
    }

    private func own(_ path: String, at directory: Int32, _ owner: LaunchJob.Owner?) throws(KernelError) {
        guard let owner else { return }
        try FileTree.setOwner(path, at: directory, user: owner.user, group: owner.group)
    }
}
