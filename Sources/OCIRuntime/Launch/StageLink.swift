internal import CLinux
internal import Core
package import LinuxSystem
package import Sandbox

/// The conversation with torpor-stage, over a packet socket.
package final class StageLink: Sendable {
    private let socket: PacketSocket

    package init(_ socket: consuming PacketSocket) { self.socket = socket }

    package enum Event {
        /// It waits at a `sync`.
        case reached(UInt32)
        /// The master of the terminal that it made.
        case terminal(SharedFD)
        case failed(InitFailure)
        /// Its end of the socket is closed: it is the program now, or it is gone.
        case end
    }

    /// - Parameter descriptors: in the places that the plan means; lent.
    package func send(
        _ plan: EncodedPlan, keepsKeyring: Bool, descriptors: [Int32]
    ) throws(KernelError) {
        try InitMessage.send(
            .plan, id: InitMessage.mainProcess, value: keepsKeyring ? 1 : 0, body: plan.bytes,
            descriptors: descriptors, over: socket)
    }

    /// Lets it go on after a `sync`.
    package func go() throws(KernelError) { try InitMessage.send(.go, id: 0, over: socket) }

    /// Waits for what it says next.
    /// - Throws: `KernelError` with EPROTO for what is none of it: by then hostile code may be at the other end.
    package func next() throws(KernelError) -> Event {
        guard
            let (bytes, descriptors) = try socket.receive(limit: PlanFormat.messageBytes * 2, descriptors: 1)
        else { return .end }
        switch (InitReport(bytes), descriptors.first) {
        case (.reached(let point), nil): return .reached(point)
        case (.master, let master?): return .terminal(master)
        case (.failed(_, let failure), nil): return .failed(failure)
        default: throw KernelError("understand", subject: "torpor-stage", code: 71 /* EPROTO */)
        }
    }
}
