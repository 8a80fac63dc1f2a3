package import Core

// Secrets and volumes belong to others, but who uses them is known here.
extension Orchestrator {
    /// Functions whose active or coming revision is such, sorted.
    package func users(where uses: (FunctionKey, FunctionSpec) -> Bool) -> [FunctionKey] {
        functions.values.filter { machine in
            let current = [machine.active, machine.candidate.flatMap { machine.revisions[$0] }]
            return !machine.isRemoved && current.contains { $0.map { uses(machine.key, $0.spec) } ?? false }
        }.map(\.key).sorted()
    }

    /// Removes what no function uses; meanwhile none is deployed that would.
    /// - Throws: `CommandError.inUse`, or what `removal` throws.
    package func remove<T: Sendable>(
        unusedBy uses: @Sendable (FunctionKey, FunctionSpec) -> Bool,
        _ removal: @Sendable () async throws -> T
    ) async throws -> T {
        await lockContent()
        defer { contentLock.release() }
        let users = users(where: uses)
        guard users.isEmpty else { throw CommandError.inUse(users) }
        return try await removal()
    }
}
