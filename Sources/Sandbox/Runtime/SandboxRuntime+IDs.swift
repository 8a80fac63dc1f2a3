internal import Core
internal import LinuxSystem

extension SandboxRuntime {
    /// The ids that an instance gets; nil where it gets the daemon's own.
    func containerIDs(
        _ prepared: PreparedRevision, _ request: LaunchRequest
    ) throws(InstanceFailure) -> ContainerIDs? {
        if ids.first == nil { return nil }
        if let first = ids.first(of: request.idRange) {
            return ContainerIDs(first: first, counts: prepared.idCounts)
        }
        throw InstanceFailure(
            phase: .create, cause: "NoUserIDs",
            message: "the function has none of the \(ids.ranges) ranges of user ids that this host has from "
                + "\(ids.first ?? 0) on: deploy it again, or give torpord the ids it had (uid-base)",
            instance: request.instance)
    }

    package func idRangesInUse() async -> Set<Int> {
        await withCheckedContinuation { continuation in
            let isTaken = keep { [ids] in continuation.resume(returning: Self.ranges(ids)) }
            // The daemon is ending, and deploys nothing.
            if !isTaken { continuation.resume(returning: []) }
        }
    }

    /// Of all processes, also those that are not the daemon's. Blocks for some microseconds for each.
    private static func ranges(_ ids: HostIDs) -> Set<Int> {
        var found: Set<Int> = []
        for process in (try? DirectoryListing.names("/proc")) ?? [] where Int(process) != nil {
            // What has ended meanwhile has no ids any more.
            guard let status = try? File.text("/proc/\(process)/status") else { continue }
            for line in status.split(separator: "\n") where line.hasPrefix("Uid:") || line.hasPrefix("Gid:") {
                let numbers = line.dropFirst(4).split(whereSeparator: \.isWhitespace).compactMap {
                    UInt32($0)
                }
                found.formUnion(numbers.compactMap(ids.range(of:)))
            }
        }
        return found
    }
}
