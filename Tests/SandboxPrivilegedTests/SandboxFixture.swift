import CLinux
import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Synchronization
import Testing

/// A sandbox over a root file system of busybox, with one network slot, all in a directory that is removed at the end.
final class SandboxFixture: Sendable {
    let runtime: SandboxRuntime
    let logs = CapturedLogs()
    let directory: String
    private let counter = Atomic<Int>(0)

    static let isRoot = getuid() == 0
    /// The room that functions have for ids of their own.
    static let ids = (try? IDMap.hostIDs(from: 200_000)) ?? HostIDs(first: 200_000, ranges: 0)
    static let isRootless = ids.first == nil
    static let busybox = "/bin/busybox"

    static let needs: Comment =
        "needs root, or root in a user namespace (unshare -Urmnpf), and busybox-static"
    static var isPossible: Bool { isRoot && access(busybox, X_OK) == 0 }

    /// - Parameters:
    ///   - umask: the process's, while the sandbox comes up.
    ///   - uidBase: where functions' ids begin; 0 leaves no room, so that root inside is root outside.
    static func with(
        umask: mode_t = 0o022, uidBase: UInt32 = 200_000, _ body: (SandboxFixture) async throws -> Void
    ) async throws {
        let fixture = try SandboxFixture(umask: umask, uidBase: uidBase)
        do { try await body(fixture) } catch {
            fixture.close()
            throw error
        }
        fixture.close()
    }

    /// A directory of the host that functions may have.
    var shared: String { directory + "/shared" }

    private init(umask: mode_t, uidBase: UInt32) throws {
        directory = "/tmp/torpor-sandbox-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
        let bin = directory + "/images/busybox/bin"
        for path in ["", "/run", "/images", "/images/busybox", "/images/busybox/bin", "/images/busybox/etc"] {
            try FileTree.makeDirectory(directory + path)
        }
        try FileTree.makeFile(
            bin + "/busybox", content: try File.read(Self.busybox, limit: 8 << 20), mode: 0o755)
        for applet in ["sh", "cat", "sleep", "id", "hostname", "ls", "mount", "env", "grep", "wc", "kill"] {
            try FileTree.makeLink(to: "busybox", bin + "/" + applet)
        }
        try FileTree.makeFile(bin + "/plain", content: Array("text".utf8), mode: 0o644)
        try FileTree.makeLink(to: "/../../../../../../outside", directory + "/images/busybox/etc/resolv.conf")
        let name = "torpor-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
        let shared = directory + "/shared"
        try FileTree.makeDirectory(shared)
        var configuration = SandboxConfiguration(
            imagesDirectory: directory + "/images", volumesDirectory: directory + "/volumes",
            runDirectory: directory + "/run", uidBase: uidBase,
            cgroupName: name, rootfsPath: { _ in "busybox" },
            resolvConf: { Array("nameserver 192.0.2.1\n".utf8) })
        configuration.bindDirectories = { [shared] }
        configuration.allowedDevices = { ["/dev/zero"] }
        let before = Glibc.umask(umask)
        defer { _ = Glibc.umask(before) }
        runtime = try SandboxRuntime(configuration: configuration, slots: OneSlot(), logs: logs)
    }

    private func close() {
        runtime.close()
        let removal = Shell.run("rm -rf '\(directory)'")
        #expect(removal == 0)
    }

    /// The image's files on the host.
    var image: String { directory + "/images/busybox" }

    func revision(
        _ script: String, spec: FunctionSpec = FunctionSpec(), edit: (inout OCIConfig) -> Void = { _ in }
    ) throws -> Revision {
        try revision(command: ["/bin/sh", "-c", script], spec: spec, edit: edit)
    }

    func revision(
        command: [String], spec: FunctionSpec = FunctionSpec(), edit: (inout OCIConfig) -> Void = { _ in }
    ) throws -> Revision {
        var config = OCIConfig.default(command: command)
        edit(&config)
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let key = try FunctionKey(name: "hello")
        return Revision(
            id: RevisionID(function: key, number: number), spec: spec, source: .rootfs(path: "/none"),
            rootfs: ContentDigest(trusted: "sha256:0"), ociConfig: try config.serialised(), createdAt: 0)
    }

    func start(
        _ revision: Revision, idRange: Int? = 0
    ) async throws -> (id: InstanceID, instance: any SandboxedInstance) {
        var random = SystemRandomNumberGenerator()
        let id = InstanceID(random: &random)
        let request = LaunchRequest(instance: id, revision: revision, slot: SlotID(1), idRange: idRange)
        return (id, try await runtime.launch(request))
    }

    /// Runs a script to its end.
    func run(
        _ script: String, spec: FunctionSpec = FunctionSpec(), edit: (inout OCIConfig) -> Void = { _ in }
    ) async throws -> (output: String, exit: Core.ExitStatus) {
        let (id, instance) = try await start(try revision(script, spec: spec, edit: edit))
        let exit = await instance.ended()
        return (await logs.text(of: id), exit)
    }
}

enum Shell {
    static func run(_ command: String) -> Int32 { system(command) }

    /// What a command writes.
    static func output(_ command: String) -> String {
        guard let pipe = popen(command, "r") else { return "" }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 {
            text += buffer.prefix(count)
        }
        pclose(pipe)
        return String(decoding: text, as: UTF8.self)
    }
}

/// One slot: a network namespace with nothing in it.
final class OneSlot: SlotNamespaces {
    private let namespace: SharedFD

    init() throws {
        let made = Mutex<SharedFD?>(nil)
        let thread = try DedicatedThread(name: "slot") {
            guard let host = try? NetworkNamespace.current() else { return }
            let slot = try? NetworkNamespace.create(host: host)
            made.withLock { $0 = slot }
        }
        thread.join()
        namespace = try #require(made.withLock { $0 })
    }

    func namespace(ofSlot number: UInt32) -> SharedFD? { number == 1 ? namespace : nil }
}

/// Reads what instances write, on a thread per stream.
final class CapturedLogs: InstanceLogCollecting {
    private struct State {
        var text: [String: [UInt8]] = [:]
        var open: [String: Int] = [:]
    }
    private let state = Mutex(State())

    func collect(instance: String, function: String, stdout: consuming OwnedFD, stderr: consuming OwnedFD) {
        state.withLock { $0.open[instance] = 2 }
        read(instance, SharedFD(stdout))
        read(instance, SharedFD(stderr))
    }

    private func read(_ instance: String, _ fd: SharedFD) {
        _ = try? DedicatedThread(name: "log") { [self] in
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = Glibc.read(fd.raw, &buffer, buffer.count), count > 0 {
                state.withLock { $0.text[instance, default: []] += buffer.prefix(count) }
            }
            state.withLock { $0.open[instance, default: 1] -= 1 }
        }
    }

    func tail(instance: String, function: String, lines: Int) async -> [String] { [] }

    func soFar(of instance: InstanceID) -> String {
        state.withLock { String(decoding: $0.text[instance.description] ?? [], as: UTF8.self) }
    }

    func text(of instance: InstanceID) async -> String {
        while state.withLock({ $0.open[instance.description] ?? 0 }) > 0 {
            try? await Task.sleep(for: .milliseconds(2))
        }
        return state.withLock { String(decoding: $0.text[instance.description] ?? [], as: UTF8.self) }
    }
}
