/// What one instance uses. Counters count from its start; nil is what this host does not tell.
package struct InstanceUsage: Sendable, Hashable {
    /// Where the numbers come from.
    package enum Source: String, Sendable, Hashable, Codable, CaseIterable {
        /// The instance's cgroup: exact, processes that ended included.
        case cgroup
        /// Sums over the processes that live now (proc(5)), where the host does not offer the cgroup controller.
        case processes
    }

    /// Processor time, microseconds.
    package var cpuMicroseconds: UInt64?
    package var cpuSource = Source.processes
    /// Microseconds in which it was held back by `limits.cpu`.
    package var throttledMicroseconds: UInt64?
    /// Bytes of memory. By processes it is their resident sets, in which shared pages count for each.
    package var memory: ByteCount?
    package var memorySource = Source.processes
    /// What the cgroup may have at most.
    package var memoryLimit: ByteCount?
    /// Processes and threads by cgroup; processes alone otherwise.
    package var pids: Int?
    package var pidsSource = Source.processes
    /// Bytes that went to and came from block devices.
    package var readBytes: UInt64?
    package var writtenBytes: UInt64?
    package var ioSource = Source.processes
    /// Bytes through its network slot's own interface; nil for `network: none`.
    package var receivedBytes: UInt64?
    package var sentBytes: UInt64?

    package init() {}
}
