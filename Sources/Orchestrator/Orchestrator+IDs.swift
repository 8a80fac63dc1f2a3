internal import Core

// Every function has ids of its own on the host, for as long as anything of it is there.
extension Orchestrator {
    /// The range that a function has, or the lowest free one where it has none that this host has. With the content lock
    /// held, so that no two get the same.
    func idRange(for record: FunctionRecord) async throws -> Int? {
        let ids = sandboxes.ids
        if let own = record.idRange, ids.areShared || ids.first(of: own) != nil { return own }
        let inUse = await sandboxes.idRangesInUse()
        // Those that were removed and still drain are among them.
        let taken = Set(functions.values.compactMap(\.record.idRange)).union(inUse)
        let free = ids.free(besides: taken)
        // Where all have the same ids, the number only counts on the next host.
        guard free != nil || ids.areShared else { throw CommandError.noFreeIDs(ids) }
        return free
    }
}
