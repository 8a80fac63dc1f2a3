import Foundation
import Glibc
import Synchronization

/// The directory of this run of the tests: programs that are compiled once, and one folder per fixture.
enum Scratch {
    private static let counter = Atomic<Int>(0)

    static let directory: String = {
        var template = Array("/tmp/torpor-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("/tmp cannot be written") }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(path, 0o755)
        atexit { try? FileManager.default.removeItem(atPath: Scratch.directory) }
        return path
    }()

    /// A path that nothing has yet.
    static func path(_ name: String) -> String {
        "\(directory)/\(name).\(counter.add(1, ordering: .relaxed).newValue)"
    }

    static func makeDirectory(_ name: String) throws -> String {
        let result = path(name)
        try FileManager.default.createDirectory(atPath: result, withIntermediateDirectories: true)
        return result
    }
}

/// Programs and root filesystems that the tests run, made once per run.
enum Programs {
    /// The function that behaves as it is told.
    static let behave = Result { try compile("behave") }
    /// The client that loads a gateway and checks every answer.
    static let storm = Result { try compile("storm") }

    /// A root filesystem with nothing but the function in it.
    static let rootfs = Result { try makeRootfs() }

    static func makeRootfs() throws -> String {
        let path = try Scratch.makeDirectory("rootfs")
        for folder in ["bin", "etc", "tmp", "work"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        chmod("\(path)/tmp", 0o1777)
        try FileManager.default.copyItem(atPath: behave.get(), toPath: "\(path)/bin/behave")
        try "not a program\n".write(toFile: "\(path)/bin/plain", atomically: false, encoding: .utf8)
        chmod("\(path)/bin/plain", 0o644)
        return path
    }

    /// Where `torpord` and `torpor` were built: beside the test bundle, unless TORPOR_BIN says otherwise.
    static let built: String = {
        if let told = ProcessInfo.processInfo.environment["TORPOR_BIN"] { return told }
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().path
    }()

    static var daemon: String { "\(built)/torpord" }
    static var commandLine: String { "\(built)/torpor" }

    /// The folder of the C programs.
    static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Functions").path

    private static func compile(_ name: String) throws -> String {
        let result = "\(Scratch.directory)/\(name)"
        try ChildProcess.run(
            "cc", ["-static", "-O2", "-pthread", "-o", result, "\(sources)/\(name).c"])
        return result
    }
}
