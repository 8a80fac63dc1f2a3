import Core
import FoundationEssentials
import Glibc
import Images
import LinuxSystem

/// A directory of the test's own, removed with the value, and small helpers to fill and read it.
final class Scratch: Sendable {
    let path: String

    /// In memory where the host allows it, so that making content durable does not wait for other people's writes.
    private static let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"

    init() throws {
        path = "\(Self.base)/torpor-images-\(UInt64.random(in: 0 ... .max))"
        try FileTree.makeDirectory(path, mode: 0o755)
    }

    deinit {
        let name = String(path.dropFirst(Self.base.count + 1))
        try? Directory(path: Self.base).removeTree(FileName(name))
    }

    /// A state directory and a store in it.
    func store(_ name: String = "state", owners: OwnerPolicy = .ofThisProcess()) throws -> ImageStore {
        makeDirectory(name)
        return try ImageStore(stateDirectory: "\(path)/\(name)", owners: owners)
    }

    func makeDirectory(_ name: String) {
        try? FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }

    func write(_ name: String, _ content: String = "x") throws {
        try write(name, Array(content.utf8))
    }

    func write(_ name: String, _ content: [UInt8]) throws {
        makeDirectory(String(name.split(separator: "/").dropLast().joined(separator: "/")))
        try Data(content).write(to: URL(filePath: "\(path)/\(name)"))
    }

    /// A file of that size that is one hole.
    func sparse(_ name: String, size: Int64) throws {
        let file = try File.open("\(path)/\(name)", flags: O_RDWR | O_CREAT, mode: 0o644)
        guard ftruncate(file.raw, Int(size)) == 0 else { throw KernelError("ftruncate", code: errno) }
    }

    func link(_ name: String, to target: String) throws {
        try FileTree.makeLink(to: target, "\(path)/\(name)")
    }

    func text(_ absolute: String) throws -> String { try File.text(absolute) }

    func names(in directory: String) throws -> [String] {
        try Directory(path: directory).names(limit: 1000).map(\.description)
    }

    /// A bundle with a small root filesystem.
    func bundle(_ name: String = "bundle", rootPath: String = "rootfs") throws -> String {
        try write("\(name)/config.json", Scratch.config(rootPath: rootPath))
        try write("\(name)/rootfs/bin/hello", "#!hello")
        try write("\(name)/rootfs/etc/motd", "welcome")
        return "\(path)/\(name)"
    }

    static func config(rootPath: String) -> String {
        """
        {"ociVersion":"1.0.2","process":{"args":["/bin/hello"],"cwd":"/"},"root":{"path":"\(rootPath)"},
        "linux":{"namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"}]}}
        """
    }
}

/// Which privileges the tests run with.
enum Privileges {
    static let ownsManyIDs = OwnerPolicy.ofThisProcess() == .kept
    static let isRoot = HostIdentity.isRoot
}

extension FunctionSpec {
    init(command: [String]?) {
        self.init()
        self.command = command
    }
}
