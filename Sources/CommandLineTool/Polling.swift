internal import ArgumentParser
internal import Core

/// How long a command waits for something of the daemon's, by looking again and again.
struct WaitOption: ParsableArguments {
    @Option(help: "How long to wait; 0s only looks.") var timeout = "60s"

    private static let pause = Duration.milliseconds(100)

    func validate() throws { _ = try limit() }

    func limit() throws -> Duration {
        try usage("--timeout") { () throws(InvalidInput) in try DurationText.parse(timeout) }
    }

    /// - Returns: what was found last: what is enough, or else what there was when the time was over.
    func poll<Found>(
        _ look: () async throws -> Found, until isEnough: (Found) -> Bool
    ) async throws -> Found {
        let clock = ContinuousClock()
        let deadline = clock.now + (try limit())
        while true {
            let found = try await look()
            if isEnough(found) || clock.now >= deadline { return found }
            try await clock.sleep(for: Self.pause)
        }
    }
}
