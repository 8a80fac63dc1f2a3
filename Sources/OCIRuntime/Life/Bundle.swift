internal import Core
internal import Glibc
internal import LinuxSystem
package import OCI

/// A directory with a configuration and a root file system (bundle.md).
package struct Bundle: Sendable {
    /// Absolute, without links.
    package let path: String
    package let rootfs: String
    package let config: OCIConfig
    /// The configuration as it was read.
    package let bytes: [UInt8]

    /// - Parameters:
    ///   - configuration: path of another file than the bundle's own `config.json`.
    /// - Throws: `RuntimeFailure`, and `InvalidInput` for what is wrong in the configuration.
    package init(path: String, configuration: String? = nil) throws {
        do {
            self.path = try Self.canonical(path)
        } catch {
            throw RuntimeFailure("the bundle '\(path)' cannot be used: \(error)")
        }
        let file = configuration ?? self.path + "/config.json"
        do {
            bytes = try File.read(file, limit: Limits.ociConfigBytes)
        } catch {
            throw RuntimeFailure("the configuration cannot be read: \(error)")
        }
        config = try OCIConfig.parse(bytes, ids: .max)
        let root = config.root.path
        do {
            rootfs = try Self.canonical(root.utf8.first == UInt8(ascii: "/") ? root : self.path + "/" + root)
        } catch {
            throw InvalidInput("root.path", "cannot be used: \(error)", allowed: "a directory")
        }
    }

    /// As the kernel names the directory.
    private static func canonical(_ path: String) throws(KernelError) -> String {
        let directory = try File.open(path, flags: O_DIRECTORY | O_RDONLY)
        return try FileTree.linkContent("/proc/self/fd/\(directory.raw)")
    }
}
