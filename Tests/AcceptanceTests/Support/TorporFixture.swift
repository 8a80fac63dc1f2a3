import Foundation
import Glibc
import Testing

/// Runs a test with a daemon of its own, and holds the daemon to leaving nothing behind.
enum TorporFixture {
    /// Everything is undone in the reverse order, also when the body throws; then the daemon's log is printed.
    static func with(
        configuration: String = "", start: Bool = true, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (Torpor) throws -> Void
    ) throws {
        Leftovers.adoptOrphans()
        let torpor = try Torpor(configuration: configuration)
        defer { try? FileManager.default.removeItem(atPath: torpor.directory) }
        do {
            defer { end(torpor) }
            if start { try torpor.start() }
            try body(torpor)
            try finish(torpor)
        } catch {
            let log = torpor.log.split(separator: "\n").suffix(60).joined(separator: "\n")
            throw TestFailure("\(error)\n--- log of torpord (\(sourceLocation.line)) ---\n\(log)")
        }
    }

    /// SIGTERM ends it with 0, within a bound, and nothing of it is left.
    private static func finish(_ torpor: Torpor) throws {
        if torpor.isRunning {
            let status = try torpor.stop()
            guard status == 0 else { throw TestFailure("torpord ended with \(status)") }
        }
        // The kernel takes network namespaces apart on its own time.
        try becomesTrue("an end that leaves nothing", within: .seconds(5)) {
            let left = Leftovers.of(torpor)
            guard left.isEmpty else { throw TestFailure(left.joined(separator: "; ")) }
            return true
        }
    }

    /// Whatever happened, the host is as it was: what a failed test leaves is removed here.
    private static func end(_ torpor: Torpor) {
        torpor.signal(SIGKILL)
        _ = try? torpor.waitForEnd()
        Leftovers.remove(torpor)
    }
}
