/// A network slot: a recycled network namespace. The number is its place in the pool and in the subnet.
package struct SlotID: Hashable, Sendable, CustomStringConvertible {
    package let number: UInt32
    package init(_ number: UInt32) { self.number = number }
    package var description: String { String(number) }
}

/// Thaws one instance where it is called: about 6 µs, no hop, any thread. See `InstanceGate.Entry.enteredFrozen`.
package protocol Thawing: Sendable {
    func thaw() throws(InstanceFailure)
}

/// What the gateway knows of a ready instance: how to reach it, and the gate that every request passes.
package final class InstanceHandle: Sendable {
    package let id: InstanceID
    package let revision: RevisionID
    package let slot: SlotID
    package let port: UInt16
    package let gate: InstanceGate
    package let thawing: any Thawing
    /// Where a process answers each request (mode `exec`); nil where the port does.
    package let commands: CommandService?
    /// What it ran out of, asked when a call to it has failed.
    package let exhaustion: (any ExhaustionTelling)?
    /// Nanoseconds (monotonic) when its launch began and when it was found ready, for `Server-Timing`.
    package let startedAt: Int64
    package let readyAt: Int64

    package init(
        id: InstanceID, revision: RevisionID, slot: SlotID, port: UInt16, gate: InstanceGate,
        thawing: any Thawing, commands: CommandService? = nil,
        exhaustion: (any ExhaustionTelling)? = nil, startedAt: Int64, readyAt: Int64
    ) {
        self.id = id
        self.revision = revision
        self.slot = slot
        self.port = port
        self.gate = gate
        self.thawing = thawing
        self.commands = commands
        self.exhaustion = exhaustion
        self.startedAt = startedAt
        self.readyAt = readyAt
    }
}
