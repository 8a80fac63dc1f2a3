// What one adapter needs of another, in terms of descriptors; `Daemon` connects them.

/// Finds the network namespace of a slot. Implemented by `Network`; used by `Sandbox` to put a container into its slot
/// and by `Gateway` to make sockets inside it.
package protocol SlotNamespaces: Sendable {
    /// The namespace's descriptor, or nil when there is no such slot.
    func namespace(ofSlot number: UInt32) -> SharedFD?
}

/// Takes the read ends of an instance's stdout and stderr until both are at their end. Implemented by the log
/// collector; used by `Sandbox`. A full pipe slows the function that fills it and nobody else.
package protocol InstanceLogCollecting: Sendable {
    /// - Parameters:
    ///   - instance: the instance's id. - function: `name.namespace`.
    func collect(instance: String, function: String, stdout: consuming OwnedFD, stderr: consuming OwnedFD)
    /// The last lines of an instance's log, oldest first, once everything it wrote so far has been read.
    func tail(instance: String, function: String, lines: Int) async -> [String]
}
