import Core
import Foundation
import Store
import Testing

/// The store is killed at random moments, by re-running this test program with one test that writes until it
/// dies.
@Suite struct CrashTests {
    private static let variable = "TORPOR_STORE_CRASH_WRITER"

    /// Not a test by itself: the writer that is killed. Tells each revision that was acknowledged.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment[variable] != nil, "runs only inside of the crash test"))
    func crashWriter() async throws {
        let path = try #require(ProcessInfo.processInfo.environment[Self.variable])
        let store = try open(path)
        let key = try Sample.key()
        var number = try await store.load().first?.record.latest ?? 0
        while number < 1_000_000 {
            number += 1
            try await store.insert(Sample.revision(key, number), record: Sample.record(key, latest: number))
            try FileHandle.standardOutput.write(contentsOf: Data("acked \(number)\n".utf8))
            await store.note(Sample.instance(number, startedAt: Int64(number)), of: key)
        }
    }

    @Test(
        .enabled(if: ProcessInfo.processInfo.environment[variable] == nil, "this is the writer"),
        .timeLimit(.minutes(3)))
    func everyAcknowledgedRevisionSurvivesKill() async throws {
        try await TemporaryDirectory.with { directory in
            var random = SeededGenerator(seed: 0x70_72_6f_74)
            var acknowledged = 0
            for round in 1...50 {
                let moment = UInt64.random(in: 0...20_000_000, using: &random)
                acknowledged = max(
                    acknowledged, try await Self.writeAndKill(directory.database, after: moment))
                let loaded = try await open(directory.database).load()
                let numbers = loaded.first?.revisions.map(\.id.number) ?? []
                #expect(numbers == Array(1...max(numbers.count, 1)), "round \(round): no gaps")
                #expect(numbers.count >= acknowledged, "round \(round): \(acknowledged) were acknowledged")
                #expect(loaded.first?.record.latest == numbers.last, "round \(round): one transaction")
            }
        }
    }

    /// Kills the writer some nanoseconds after its first acknowledgement. Returns the last acknowledged
    /// number.
    private static func writeAndKill(_ path: String, after nanoseconds: UInt64) async throws -> Int {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--testing-library", "swift-testing", "--filter", "crashWriter"]
        process.environment = ProcessInfo.processInfo.environment.merging([variable: path]) { _, new in new }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var received = Data()
        while !String(decoding: received, as: UTF8.self).contains("acked ") {
            let chunk = output.fileHandleForReading.availableData
            guard !chunk.isEmpty else { break }
            received += chunk
        }
        try await Task.sleep(for: .nanoseconds(Int64(nanoseconds)))
        kill(process.processIdentifier, SIGKILL)
        received += try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let lines = String(decoding: received, as: UTF8.self).split(separator: "\n")
        let numbers = lines.filter { $0.hasPrefix("acked ") }.compactMap { Int($0.dropFirst(6)) }
        return try #require(numbers.last, "the writer did not write")
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
