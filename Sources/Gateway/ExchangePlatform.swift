package import HTTPWire
internal import NIOCore

/// Answers requests to the platform's own paths (`/metrics`, `/system/`, `/ui/`).
package protocol PlatformResponding: Sendable {
    /// - Parameter authorization: the value of the request's `Authorization` line. Called on an event loop.
    func allows(_ authorization: [UInt8]) -> Bool
    /// Called off the event loops, for a request with credentials.
    func answer(_ request: PlatformRequest) async -> LocalResponse
}

extension ClientExchange {
    /// Takes the request's credentials, and has it answered elsewhere; the exchange waits as one in a queue does.
    @inline(never)
    func servePlatform() {
        guard role.hasPlatform, let platform = loop.platform else {
            refuse(.functionNotFound)
            return
        }
        guard let asked = PlatformRequest(request.readableBytesSpan), let given = asked.authorization,
            platform.allows(given)
        else {
            refuse(.credentialsNeeded)
            return
        }
        let ticket = loop.ticket(for: self)
        phase = .waiting(ticket)
        setDeadline(after: loop.limits.platformTimeout)
        let loop = loop
        Task {  // Ends with its answer; one that comes too late finds nobody.
            let response = await platform.answer(asked)
            loop.execute { $0.answer(ticket, response) }
        }
    }
}
