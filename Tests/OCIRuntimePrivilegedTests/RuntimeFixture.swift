import Core
import Glibc
import LinuxSystem
import OCI
import Testing

/// The real torpor-oci over bundles of busybox, in a directory that is removed at the end, with every container in it.
final class RuntimeFixture {
    let directory: String
    private var containers: [String] = []

    static let busybox = "/bin/busybox"
    static let needs: Comment =
        "needs root, or root in a user namespace (unshare -Urmnpf), and busybox-static"
    static var isPossible: Bool {
        getuid() == 0 && access(busybox, X_OK) == 0 && access(program, X_OK) == 0
    }

    /// Beside the tests.
    static let program: String = {
        let own = (try? FileTree.linkContent("/proc/self/exe")) ?? ""
        return own.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/torpor-oci"
    }()

    static func with(_ body: (RuntimeFixture) throws -> Void) throws {
        let fixture = try RuntimeFixture()
        defer { fixture.close() }
        try body(fixture)
    }

    private init() throws {
        directory = "/tmp/torpor-oci-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
        let rootfs = directory + "/bundle/rootfs"
        for path in [
            "", "/bundle", "/bundle/rootfs", "/bundle/rootfs/bin", "/bundle/rootfs/etc",
            "/bundle/rootfs/proc",
        ] {
            try FileTree.makeDirectory(directory + path)
        }
        try FileTree.makeFile(
            rootfs + "/bin/busybox", content: try File.read(Self.busybox, limit: 8 << 20), mode: 0o755)
        let applets = [
            "sh", "cat", "sleep", "id", "hostname", "ls", "mount", "env", "grep", "kill", "tty", "stty",
            "true", "readlink",
            "stat", "touch",
        ]
        for applet in applets { try FileTree.makeLink(to: "busybox", rootfs + "/bin/" + applet) }
    }

    private func close() {
        for id in containers { _ = try? run(["delete", "--force", id]) }
        #expect(Self.shell("rm -rf '\(directory)'") == 0)
    }

    static func shell(_ script: String) -> Int32 {
        (try? SpawnedTool(["sh", "-c", script], input: nil, output: nil, errors: 2))?.wait() ?? 127
    }

    var bundle: String { directory + "/bundle" }
    var root: String { directory + "/root" }

    /// An id that goes with the test.
    func newID() -> String {
        let id = "t\(getpid())-\(containers.count)"
        containers.append(id)
        return id
    }

    /// Writes the bundle's configuration.
    func configure(_ script: String, edit: (inout OCIConfig) -> Void = { _ in }) throws {
        try configure(command: ["/bin/sh", "-c", script], edit: edit)
    }

    func configure(command: [String], edit: (inout OCIConfig) -> Void = { _ in }) throws {
        var config = OCIConfig.default(command: command)
        config.linux?.resources = nil
        edit(&config)
        try write(try config.serialised())
    }

    func write(_ bytes: [UInt8]) throws {
        try? FileTree.remove(bundle + "/config.json")
        try FileTree.makeFile(bundle + "/config.json", content: bytes)
    }

    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    /// A command of the runtime, to its end.
    func run(_ arguments: [String], options: [String] = []) throws -> Result {
        let output = try File.open(directory, flags: O_RDWR | 0o20200000, mode: 0o600)
        let errors = try File.open(directory, flags: O_RDWR | 0o20200000, mode: 0o600)
        let tool = try SpawnedTool(
            [Self.program, "--root", root] + options + arguments, input: nil, output: output.raw,
            errors: errors.raw)
        let status = tool.wait()
        return Result(
            status: status, output: try Self.content(output), errors: try Self.content(errors))
    }

    private static func content(_ file: borrowing OwnedFD) throws -> String {
        String(decoding: try File.read(file, at: 0, count: 1 << 20), as: UTF8.self)
    }

    /// `run` of the bundle as it is configured.
    func runContainer(_ options: [String] = []) throws -> Result {
        try run(["run", "--bundle", bundle] + options + [newID()])
    }

    /// `create`, then what is done with it.
    func created(_ options: [String] = []) throws -> String {
        let id = newID()
        let result = try run(["create", "--bundle", bundle] + options + [id])
        try #require(result.status == 0, "\(result.errors)")
        return id
    }

    func state(_ id: String) throws -> (status: String, pid: Int32) {
        let result = try run(["state", id])
        try #require(result.status == 0, "\(result.errors)")
        func value(_ key: String) -> String {
            for line in result.output.split(separator: "\n") where line.contains("\"\(key)\" : ") {
                return String(line.split(separator: ":", maxSplits: 1)[1].filter { !" \",".contains($0) })
            }
            return ""
        }
        return (value("status"), Int32(value("pid")) ?? -1)
    }

    func waits(for status: String, of id: String) throws {
        for _ in 0..<500 {
            if try state(id).status == status { return }
            usleep(10_000)
        }
        Issue.record("\(id) is not \(status)")
    }

    /// Whether nothing of any container is left.
    var isEmpty: Bool {
        get throws { try run(["list", "-q"]).output.isEmpty }
    }
}
