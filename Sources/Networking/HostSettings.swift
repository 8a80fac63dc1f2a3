internal import Synchronization

/// What functions may reach of this host and beside it; it changes while the pool runs.
struct HostSettings: Equatable, Sendable {
    /// The gateway's port on the bridge's address; nil where it does not listen there.
    var gatewayPort: UInt16?
    /// Whether names are answered on the bridge's address.
    var answersNames = false
    /// Name servers among the link-local addresses, as clouds have them: port 53 of these may be reached.
    var nameServers: [String] = []
}

/// What the pool's callers tell its thread about the host's side, and the thread them. Locked for moments only.
final class HostDesk: Sendable {
    private struct State {
        var settings = HostSettings()
        var isNew = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var hasEnded = false
        var firewall: NetworkReport.Firewall?
    }

    private let state = Mutex(State())
    private let notify: @Sendable (NetworkNotice) -> Void

    init(notify: @escaping @Sendable (NetworkNotice) -> Void) { self.notify = notify }

    /// The rules as they are now; nil before they were looked at.
    var firewall: NetworkReport.Firewall? { state.withLock { $0.firewall } }

    /// Asks for a change; the thread is to be woken then.
    /// - Parameter waiter: is resumed once the thread has tried.
    func change(
        waiter: CheckedContinuation<Void, Never>? = nil, _ body: @Sendable (inout HostSettings) -> Void
    ) {
        let ended = state.withLock { state in
            body(&state.settings)
            state.isNew = true
            if !state.hasEnded, let waiter { state.waiters.append(waiter) }
            return state.hasEnded
        }
        if ended { waiter?.resume() }
    }

    // MARK: The thread's side

    /// What was asked for since the last time.
    func takeSettings() -> HostSettings? {
        state.withLock { state in
            guard state.isNew else { return nil }
            state.isNew = false
            return state.settings
        }
    }

    /// What `takeSettings` gave was tried.
    func settingsTried() {
        let waiters = state.withLock { state in
            // Whoever came meanwhile waits for the next time.
            let waiters = state.isNew ? [] : state.waiters
            if !state.isNew { state.waiters = [] }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func report(_ firewall: NetworkReport.Firewall) { state.withLock { $0.firewall = firewall } }

    func tell(_ notice: NetworkNotice) { notify(notice) }

    /// Nobody waits any more.
    func end() {
        let waiters = state.withLock { state in
            let waiters = state.waiters
            (state.waiters, state.hasEnded) = ([], true)
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// What happens to the host's side while the pool runs: for the log.
package enum NetworkNotice: Sendable, Equatable, CustomStringConvertible {
    /// Functions reach nothing until the rules are back.
    case rulesLost(table: String)
    case rulesRestored(table: String)
    case failed(String)

    package var description: String {
        switch self {
        case .rulesLost(let table):
            "somebody removed the nftables tables '\(table)' (as `nft flush ruleset` does): "
                + "the functions' bridge is down until they are back"
        case .rulesRestored(let table): "the nftables tables '\(table)' and the functions' bridge are back"
        case .failed(let text): text
        }
    }
}
