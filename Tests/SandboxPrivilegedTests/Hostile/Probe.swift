import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// The program that tries what a hostile function would (Probes/probe.c), in a container and outside of one.
enum Probe {
    /// The program, compiled once.
    private static let program: [UInt8]? = {
        let sources = #filePath.split(separator: "/").dropLast(2).reduce("") { "\($0)/\($1)" } + "/Probes"
        let path = "/tmp/torpor-probe-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
        defer { unlink(path) }
        let built = Shell.run("cc -static -O1 -Wall -Wextra -Werror -o '\(path)' '\(sources)'/*.c")
        return built == 0 ? try? File.read(path, limit: 8 << 20) : nil
    }()

    /// Puts it into the image, as /bin/probe.
    /// - Returns: its path on the host.
    @discardableResult
    static func install(in fixture: SandboxFixture) throws -> String {
        let path = fixture.image + "/bin/probe"
        try FileTree.makeFile(path, content: try #require(program), mode: 0o755)
        return path
    }

    /// What came of each attempt: `ok`, or the name of the error that stopped it.
    static func results(_ output: String) -> [String: String] {
        var results: [String: String] = [:]
        for line in output.split(separator: "\n") {
            guard let blank = line.lastIndex(of: " ") else { continue }
            results[String(line[..<blank])] = String(line[line.index(after: blank)...])
        }
        return results
    }

    /// Makes attempts in a new container.
    static func inside(
        _ fixture: SandboxFixture, _ attempts: [String], edit: (inout OCIConfig) -> Void = { _ in }
    ) async throws -> [String: String] {
        let revision = try fixture.revision(command: ["/bin/probe"] + attempts, edit: edit)
        let (id, instance) = try await fixture.start(revision)
        let exit = await instance.ended()
        #expect(exit == .code(0))
        return results(await fixture.logs.text(of: id))
    }

    /// Makes attempts as root of the host, in namespaces of their own but those of users and processes; /mnt is a new tmpfs.
    static func outside(_ program: String, _ attempts: [String]) -> [String: String] {
        let words = attempts.map { "'\($0)'" }.joined(separator: " ")
        return results(
            Shell.output(
                "unshare --mount --ipc --uts --net sh -c 'mount -t tmpfs t /mnt && exec \"$@\"' sh '\(program)' \(words)"
            ))
    }
}

/// One thing that stands in the way of hostile functions and that a test can take away.
enum Defence: String, CaseIterable, Sendable {
    case seccomp, capabilities, readonlyRoot, readonlyDevices, readonlyPaths, maskedPaths, openFiles, sizes
    /// Root of the function is nobody on the host.
    case ids

    /// A configuration without some of the defences. Nothing of those that stay depends on those that go.
    static func takeAway(_ gone: Set<Defence>, from config: inout OCIConfig) {
        config.linux?.seccomp =
            gone.contains(.seccomp)
            ? OCIConfig.Seccomp(defaultAction: .allow)
            : DefaultSeccompProfile.make(capabilities: .containerDefault)
        if gone.contains(.capabilities) { grantEverything(&config) }
        config.root.readonly = !gone.contains(.readonlyRoot)
        if gone.contains(.readonlyPaths) { config.linux?.readonlyPaths = [] }
        if gone.contains(.maskedPaths) { config.linux?.maskedPaths = [] }
        config.process.rlimits =
            gone.contains(.openFiles) ? nil : [.init(type: "RLIMIT_NOFILE", soft: 128, hard: 128)]
        config.mounts = config.mounts?.map { mount in
            var mount = mount
            if gone.contains(.sizes), mount.type == "tmpfs" {
                // None at all (tmpfs(5)): one that says no size gets the platform's.
                mount.options = (mount.options ?? []).filter { !$0.hasPrefix("size=") } + ["size=0"]
            }
            if gone.contains(.readonlyDevices), mount.destination == "/dev" {
                mount.options?.removeAll { $0 == "ro" }
            }
            return mount
        }
    }

    static func grantEverything(_ config: inout OCIConfig) {
        var all = OCIConfig.Capabilities()
        all.bounding = CapabilitySet.names
        all.effective = CapabilitySet.names
        all.permitted = CapabilitySet.names
        config.process.capabilities = all
    }
}
