import Foundation
import Testing

/// What fuzzing has found, and the inputs that it starts from, once more: whatever breaks a promise traps.
@Suite struct ReplayTests {
    private static let directory = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" }

    private func inputs(of name: String) throws -> [String] {
        let corpus = "\(Self.directory)/Corpus/\(name)"
        let files = try FileManager.default.contentsOfDirectory(atPath: corpus).sorted()
        try #require(!files.isEmpty)
        return files.map { "\(corpus)/\($0)" }
    }

    @Test(arguments: FuzzTarget.allCases)
    func everyInputIsHandled(target: FuzzTarget) throws {
        for file in try inputs(of: target.rawValue) {
            let bytes = Array(try #require(FileManager.default.contents(atPath: file)))
            target.run(bytes)
            // Cut somewhere, and with a byte changed.
            for part in 1..<8 { target.run(Array(bytes.prefix(bytes.count * part / 8))) }
            for part in 0..<8 where !bytes.isEmpty {
                var changed = bytes
                changed[(bytes.count - 1) * part / 7] ^= 0x41
                target.run(changed)
            }
        }
    }

    /// The programs in C as they are, with the sanitizers that the system's compiler has.
    @Test(arguments: ["init", "stage", "copy"])
    func everyInputIsHandledInC(target: String) throws {
        let program = FileManager.default.temporaryDirectory.path + "/torpor-replay-\(target)-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: program) }
        let built = try run(
            "\(Self.directory)/C/build",
            [target, program, "-fsanitize=address,undefined", "\(Self.directory)/C/replay.c"])
        try #require(built.status == 0, "\(built.errors)")
        let replayed = try run(program, try inputs(of: target))
        #expect(replayed.status == 0, "\(replayed.errors)")
    }

    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["ASAN_OPTIONS": "detect_leaks=0"])
        { $1 }
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
