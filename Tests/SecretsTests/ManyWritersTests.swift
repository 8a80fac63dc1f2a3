import Core
import Glibc
import LinuxSystem
import Secrets
import Synchronization
import Testing

/// A store that takes its time: the earlier a write comes, the longer it takes.
private final class SlowStore: SecretStorePort {
    struct State {
        var rows: [ResourceKey: SealedSecret] = [:]
        var writes = 0
        var underWay = 0
        var most = 0
    }

    let state = Mutex(State())

    func secrets() async throws -> [SealedSecret] { state.withLock { Array($0.rows.values) } }

    func save(_ secret: SealedSecret) async throws {
        try await slowly { $0.rows[secret.key] = secret }
    }

    func removeSecret(_ key: ResourceKey) async throws { try await slowly { $0.rows[key] = nil } }

    private func slowly(_ change: @Sendable (inout State) -> Void) async throws {
        let number = state.withLock { state in
            state.writes += 1
            state.underWay += 1
            state.most = max(state.most, state.underWay)
            return state.writes
        }
        try await Task.sleep(for: .milliseconds(max(1, 40 - 5 * number)))
        state.withLock { state in
            change(&state)
            state.underWay -= 1
        }
    }
}

/// Several who change secrets at once.
@Suite struct ManyWritersTests {
    private let key: ResourceKey

    init() throws { key = ResourceKey(name: try ResourceName("token"), namespace: .default) }

    private func run(_ store: SlowStore, _ body: (SecretVault) async throws -> Void) async throws {
        var template = Array("/tmp/torpor-writers.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let vault = try await SecretVault(
            keys: SecretKeys(directory: path, credentials: nil), store: store)
        try await body(vault)
        try Directory(path: "/tmp").removeTree(FileName(String(path.dropFirst(5))))
    }

    /// What is in memory is what a later daemon reads, whichever of them was the last.
    @Test func memoryAndStoreAgree() async throws {
        let store = SlowStore()
        try await run(store) { vault in
            let key = key
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask { _ = try await vault.set(key, to: [UInt8(number)], now: Int64(number)) }
                }
                try await group.waitForAll()
            }
            let row = try #require(store.state.withLock { $0.rows[key] })
            #expect(vault.list() == [row])
            #expect(try vault.value(key) == [UInt8(row.updatedAt)])
            let most = store.state.withLock { $0.most }
            #expect(most == 1, "one after the other")
        }
    }

    @Test func setAndRemoveAtOnce() async throws {
        let store = SlowStore()
        try await run(store) { vault in
            let key = key
            _ = try await vault.set(key, to: [1], now: 1)
            for _ in 0..<4 {
                async let set = vault.set(key, to: [2], now: 2)
                async let removed = vault.remove(key)
                _ = try await (set, removed)
                let row = store.state.withLock { $0.rows[key] }
                #expect(vault.list() == [row].compactMap(\.self))
            }
        }
    }

    /// The last place is given once.
    @Test func aLimitIsNotPassedByTwoAtOnce() async throws {
        let store = SlowStore()
        let known = try (0..<Limits.secrets - 1).map { number in
            SealedSecret(
                key: ResourceKey(name: try ResourceName("s\(number)"), namespace: .default), sealed: [1],
                byteCount: 1, createdAt: 0, updatedAt: 0)
        }
        store.state.withLock { state in for secret in known { state.rows[secret.key] = secret } }
        let new = try ["one", "two", "three"].map {
            ResourceKey(name: try ResourceName($0), namespace: .default)
        }
        try await run(store) { vault in
            let accepted = await withTaskGroup(of: Bool.self) { group in
                for key in new {
                    group.addTask { (try? await vault.set(key, to: [1], now: 1)) != nil }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(accepted == 1)
            #expect(vault.list().count == Limits.secrets)
            #expect(store.state.withLock { $0.rows.count } == Limits.secrets)
        }
    }
}
