package import Core

/// What instances use at one moment.
package struct StatsList: Sendable, Hashable, Codable {
    package var at: Timestamp
    package var instances: [StatsView]

    package init(at: Timestamp, instances: [StatsView]) {
        self.at = at
        self.instances = instances
    }
}

/// What one instance uses. Counters count from its start; what this host does not tell is missing.
package struct StatsView: Sendable, Hashable, Codable {
    package var name: String
    package var namespace: NamespaceName
    package var instance: InstanceID
    /// Name of the revision.
    package var revision: String
    package var state: InstanceState
    package var inFlight: Int
    package var served: UInt64
    package var cpuMicroseconds: UInt64?
    package var throttledMicroseconds: UInt64?
    package var memoryBytes: Int64?
    package var memoryLimitBytes: Int64?
    package var pids: Int?
    package var readBytes: UInt64?
    package var writtenBytes: UInt64?
    package var receivedBytes: UInt64?
    package var sentBytes: UInt64?
    /// Where `cpu`, `memory`, `pids` and `io` come from.
    package var sources: [String: InstanceUsage.Source]

    package init(
        _ usage: InstanceUsage, of instance: InstanceID, revision: RevisionID, state: InstanceState,
        inFlight: Int, served: UInt64
    ) {
        name = revision.function.name
        namespace = revision.function.namespace
        self.instance = instance
        self.revision = revision.name
        self.state = state
        self.inFlight = inFlight
        self.served = served
        cpuMicroseconds = usage.cpuMicroseconds
        throttledMicroseconds = usage.throttledMicroseconds
        memoryBytes = usage.memory?.bytes
        memoryLimitBytes = usage.memoryLimit?.bytes
        pids = usage.pids
        readBytes = usage.readBytes
        writtenBytes = usage.writtenBytes
        receivedBytes = usage.receivedBytes
        sentBytes = usage.sentBytes
        sources = [
            "cpu": usage.cpuSource, "memory": usage.memorySource, "pids": usage.pidsSource,
            "io": usage.ioSource,
        ]
    }
}
