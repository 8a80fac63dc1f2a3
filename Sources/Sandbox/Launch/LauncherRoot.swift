internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// The small private root that a launcher thread lives in. Every container starts with a copy of its mounts, so there
/// are few: copying the host's 330 would take three times as long as the rest of the clone.
///
///     /proc      unmasked, or the kernel would let no container mount its own
///     /dev       null, zero, full, random, urandom, tty
///     /devices   a whole read-only /dev, shared by containers (where device nodes can be made)
///     /images    the image store
///     /root      where a container's root is attached
///     /empty     covers directories that are masked
///     /scratch   where Linux before 6.15 needs things attached for a moment
///     /sys       only in a user namespace, where a new sysfs needs a visible one
struct LauncherRoot {
    let hasDeviceTree: Bool

    /// Moves the calling thread, alone, into such a root. Nothing of it can be undone: the thread belongs to it.
    /// - Parameters:
    ///   - place: any directory; it is covered for this thread while its root is built. - images: the image store.
    init(place: String, images: String, isRootless: Bool) throws(KernelError) {
        try check(clinux_unshare_mounts(), "unshare(CLONE_NEWNS|CLONE_FS)")
        // This thread's own from here on: whatever the daemon was started with, functions enter what is made here.
        _ = clinux_umask(0o022)
        try Self.mount(nil, "/", nil, UInt64(MS_REC | MS_PRIVATE), nil)
        let store = try DetachedMount(copying: images, recursive: true)
        let system = isRootless ? try DetachedMount(copying: "/sys", recursive: true) : nil
        try Self.mount("torpor", place, "tmpfs", UInt64(MS_NOSUID | MS_NOEXEC), "mode=755,size=4m")
        for name in ["proc", "dev", "devices", "images", "root", "empty", "scratch", "sys"] {
            try FileTree.makeDirectory("\(place)/\(name)")
        }
        try Self.mount("proc", "\(place)/proc", "proc", UInt64(MS_NOSUID | MS_NODEV | MS_NOEXEC), nil)
        hasDeviceTree = try Self.makeDevices(place)
        try store.attach(at: "\(place)/images")
        if let system { try system.attach(at: "\(place)/sys") }
        try check(clinux_pivot_root(place), "pivot_root", subject: place)
    }

    /// In an unprivileged user namespace nodes cannot be made, only those of the host be bound.
    private static func makeDevices(_ place: String) throws(KernelError) -> Bool {
        do {
            try makeNodes("\(place)/dev")
        } catch {
            guard error.code == EPERM else { throw error }
            try bindNodes("\(place)/dev")
            return false
        }
        let tree = "\(place)/devices"
        try mount("devices", tree, "tmpfs", UInt64(MS_NOSUID | MS_NOEXEC), "mode=755,size=64k")
        try makeNodes(tree)
        for (name, content) in MountCompiler.links { try FileTree.makeLink(to: content, "\(tree)/\(name)") }
        for name in MountCompiler.deviceDirectories { try FileTree.makeDirectory("\(tree)/\(name)") }
        // The file system itself, not only this mount of it: no container may ever write to what all share.
        try mount(nil, tree, nil, UInt64(MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC), nil)
        return true
    }

    /// mem(4), random(4), tty(4).
    private static let nodes: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]

    private static func makeNodes(_ directory: String) throws(KernelError) {
        for node in nodes {
            let path = "\(directory)/\(node.name)"
            try FileTree.makeCharacterDevice(path, mode: 0o666, major: node.major, minor: node.minor)
            // The mode above was subject to the umask.
            try FileTree.setMode(path, 0o666)
        }
    }

    private static func bindNodes(_ directory: String) throws(KernelError) {
        for node in nodes {
            let path = "\(directory)/\(node.name)"
            _ = try File.open(path, flags: O_CREAT | O_WRONLY, mode: 0o644)
            try mount("/dev/\(node.name)", path, nil, UInt64(MS_BIND), nil)
        }
    }

    private static func mount(
        _ source: String?, _ target: String, _ type: String?, _ flags: UInt64, _ data: String?
    ) throws(KernelError) {
        try check(
            clinux_mount(source, target, type, flags, data), "mount", subject: "\(type ?? "") \(target)")
    }
}
