import Core
import Foundation
import Store

/// A directory of a test's own, removed with what is in it.
struct TemporaryDirectory {
    let path: String

    static func with<T>(_ body: (TemporaryDirectory) async throws -> T) async throws -> T {
        let path = NSTemporaryDirectory() + "torpor-store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(TemporaryDirectory(path: path))
    }

    var database: String { path + "/torpor.db" }
}

enum Sample {
    static func key(_ name: String = "hello") throws -> FunctionKey { try FunctionKey(name: name) }

    static func record(_ key: FunctionKey, latest: Int = 1) -> FunctionRecord {
        FunctionRecord(
            key: key, active: latest > 1 ? latest - 1 : nil, latest: latest, settled: latest - 1,
            manualScale: 3,
            createdAt: 1_700_000_000,
            lastFailure: InstanceFailure(
                phase: .start, cause: "CommandNotFound", message: "no such file", exit: .code(127),
                instance: InstanceID("0123456789ab"), callID: "c-1", log: ["a", "ü"], at: 1_700_000_001))
    }

    static func revision(_ key: FunctionKey, _ number: Int = 1) -> Revision {
        var spec = FunctionSpec()
        spec.command = ["/bin/hello", "--greet"]
        spec.environment = ["GREETING": "hi there"]
        spec.scale.stopAfter = .never
        spec.limits.memory = .mebibytes(128)
        return Revision(
            id: RevisionID(function: key, number: number), spec: spec, source: .rootfs(path: "/srv/rootfs"),
            rootfs: ContentDigest(trusted: "sha256:" + String(repeating: "a", count: 64)),
            ociConfig: Array("{\"ociVersion\":\"1.2.0\"}".utf8), createdAt: 1_700_000_002)
    }

    static func instance(_ number: Int, startedAt: Int64, ended: Bool = true) -> InstanceRecord {
        let digits = String(number, radix: 16)
        let text = String(repeating: "0", count: 12 - digits.count) + digits
        var generator = SystemRandomNumberGenerator()
        return InstanceRecord(
            id: InstanceID(text) ?? InstanceID(random: &generator), revisionNumber: 1, startedAt: startedAt,
            endedAt: ended ? startedAt + 5 : nil, state: ended ? .stopped : .ready,
            exit: ended ? .signal(15) : nil, cause: nil)
    }
}

func open(_ path: String, byteLimit: Int = Limits.databaseBytes) throws -> SQLiteStore {
    try SQLiteStore(path: path, byteLimit: byteLimit) { _ in }
}
