import Daemon
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct WatchdogTests {
    private final class Count: Sendable {
        let value = Atomic<Int>(0)
        func add() { value.wrappingAdd(1, ordering: .relaxed) }
        var now: Int { value.load(ordering: .relaxed) }
    }

    /// Counts what is logged.
    private struct Noted: LogHandler {
        let count: Count
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { count.add() }
    }

    private func run(
        _ parts: [Watchdog.Part], for time: Duration
    ) async throws -> (pings: Int, complaints: Int) {
        let (pings, complaints) = (Count(), Count())
        let watchdog = Watchdog(
            patience: .milliseconds(90), parts: parts,
            logger: Logger(label: "test") { _ in Noted(count: complaints) }
        ) { pings.add() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await watchdog.run() }
            try? await Task.sleep(for: time)
            group.cancelAll()
        }
        return (pings.now, complaints.now)
    }

    @Test func pingsWhileEverythingAnswers() async throws {
        let seen = try await run([Watchdog.Part("one") {}, Watchdog.Part("two") {}], for: .milliseconds(400))
        #expect(seen.pings >= 5)
        #expect(seen.complaints == 0)
    }

    @Test func aPartThatHangsEndsThePingsAndIsNamed() async throws {
        let seen = try await run(
            [
                Watchdog.Part("well") {},
                Watchdog.Part("hung") { try? await Task.sleep(for: .seconds(30)) },
            ], for: .milliseconds(400))
        #expect(seen.pings == 0)
        #expect(seen.complaints >= 1)
    }

    @Test func patienceIsTheManagersForThisProcess() {
        #expect(Watchdog.patience(["WATCHDOG_USEC": "30000000"], processID: 7) == .seconds(30))
        #expect(
            Watchdog.patience(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"], processID: 7)
                == .seconds(30))
        #expect(Watchdog.patience(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"], processID: 7) == nil)
        #expect(Watchdog.patience(["WATCHDOG_USEC": "0"], processID: 7) == nil)
        #expect(Watchdog.patience([:], processID: 7) == nil)
    }
}
