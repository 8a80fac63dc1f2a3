import Glibc
import LinuxSystem

/// A small tmpfs of the test's own, unmounted with the value.
struct Mount: ~Copyable {
    private let path: String

    init(_ path: String, options: String) throws(KernelError) {
        guard mount("tmpfs", path, "tmpfs", 0, options) == 0 else {
            throw KernelError("mount", subject: path, code: errno)
        }
        self.path = path
    }

    func makeReadOnly() throws(KernelError) {
        guard mount("none", path, nil, UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 else {
            throw KernelError("mount", subject: path, code: errno)
        }
    }

    deinit { _ = umount2(path, Int32(MNT_DETACH)) }

    /// Whether this process may mount.
    static let isPossible: Bool = {
        guard let scratch = try? Scratch() else { return false }
        guard let mount = try? Mount(scratch.path, options: "size=4k") else { return false }
        _ = consume mount
        return true
    }()
}
