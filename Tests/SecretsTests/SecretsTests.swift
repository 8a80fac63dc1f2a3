import Core
import Glibc
import LinuxSystem
import Secrets
import Synchronization
import Testing

/// A store in memory.
final class MemoryStore: SecretStorePort {
    let rows = Mutex<[ResourceKey: SealedSecret]>([:])
    func secrets() async throws -> [SealedSecret] { rows.withLock { Array($0.values) } }
    func save(_ secret: SealedSecret) async throws { rows.withLock { $0[secret.key] = secret } }
    func removeSecret(_ key: ResourceKey) async throws { rows.withLock { $0[key] = nil } }
}

/// A directory that is removed at the end.
private func withDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/torpor-secrets.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    do { try await body(path) } catch {
        try? Directory(path: "/tmp").removeTree(FileName(String(path.dropFirst(5))))
        throw error
    }
    try Directory(path: "/tmp").removeTree(FileName(String(path.dropFirst(5))))
}

private func key(_ name: String, _ namespace: String = "default") throws -> ResourceKey {
    ResourceKey(name: try ResourceName(name), namespace: try NamespaceName(namespace))
}

private func contains(_ haystack: [UInt8], _ needle: [UInt8]) -> Bool {
    haystack.indices.contains { haystack[$0...].starts(with: needle) }
}

@Suite struct SecretsTests {
    @Test func `What is set is read back, by a later daemon, too, and is not in the store`() async throws {
        try await withDirectory { path in
            let store = MemoryStore()
            let vault = try await SecretVault(
                keys: SecretKeys(directory: path, credentials: nil), store: store)
            let value = Array("correct horse battery staple".utf8)
            let set = try await vault.set(try key("db"), to: value, now: 7)
            #expect(set.createdAt == 7 && set.updatedAt == 7)
            #expect(try vault.value(try key("db")) == value)
            let sealed = try #require(store.rows.withLock { $0.values.first?.sealed })
            #expect(!contains(sealed, Array("horse".utf8)))
            let later = try await SecretVault(
                keys: SecretKeys(directory: path, credentials: nil), store: store)
            #expect(try later.value(try key("db")) == value)
            #expect(later.problems().isEmpty)
            let again = try await later.set(try key("db"), to: [0, 255, 10], now: 9)
            #expect(again.createdAt == 7 && again.updatedAt == 9)
            #expect(try later.value(try key("db")) == [0, 255, 10])
            #expect(try await later.remove(try key("db")))
            #expect(try await !later.remove(try key("db")))
            #expect(throws: SecretUnreadable.unknown(try key("db"))) { try later.value(try key("db")) }
        }
    }

    @Test func `The same value is never sealed alike, and for one name only`() async throws {
        try await withDirectory { path in
            let store = MemoryStore()
            let vault = try await SecretVault(
                keys: SecretKeys(directory: path, credentials: nil), store: store)
            let first = try await vault.set(try key("a"), to: [1, 2, 3], now: 0)
            let second = try await vault.set(try key("a"), to: [1, 2, 3], now: 0)
            #expect(first.sealed != second.sealed)
            _ = try await vault.set(try key("a", "other"), to: [4], now: 0)
            // Whoever writes the database cannot give one secret another's value, nor change a byte.
            try store.rows.withLock { rows in
                rows[try key("a", "other")]?.sealed = first.sealed
                rows[try key("a")]?.sealed[30] ^= 1
            }
            let moved = try await SecretVault(
                keys: SecretKeys(directory: path, credentials: nil), store: store)
            #expect(throws: SecretUnreadable.damaged(try key("a", "other"))) {
                try moved.value(try key("a", "other"))
            }
            #expect(throws: SecretUnreadable.damaged(try key("a"))) { try moved.value(try key("a")) }
            #expect(moved.problems().count == 2)
        }
    }

    @Test func `Limits are told`() async throws {
        try await withDirectory { path in
            let vault = try await SecretVault(
                keys: SecretKeys(directory: path, credentials: nil), store: MemoryStore())
            for size in [0, Limits.secretBytes + 1, 10 << 20] {
                await #expect {
                    try await vault.set(try key("a"), to: [UInt8](repeating: 7, count: size), now: 0)
                } throws: {
                    "\($0)".contains("1 to \(Limits.secretBytes) bytes")
                }
            }
            #expect(vault.list().isEmpty)
            let largest = [UInt8](repeating: 7, count: Limits.secretBytes)
            _ = try await vault.set(try key("a"), to: largest, now: 0)
            #expect(try vault.value(try key("a")) == largest)
        }
    }

    @Test func `There is room for a number of secrets, and of bytes`() async throws {
        try await withDirectory { path in
            let vault = try await SecretVault(
                keys: SecretKeys(directory: path, credentials: nil), store: MemoryStore())
            for number in 0..<Limits.secrets {
                _ = try await vault.set(try key("s\(number)"), to: [1], now: 0)
            }
            await #expect { try await vault.set(try key("more"), to: [1], now: 0) } throws: {
                "\($0)".contains("at most \(Limits.secrets)")
            }
            let large = [UInt8](repeating: 1, count: Limits.secretBytes)
            let fitting = (Limits.allSecretBytes - Limits.secrets) / (Limits.secretBytes - 1)
            for number in 0..<fitting { _ = try await vault.set(try key("s\(number)"), to: large, now: 0) }
            await #expect { try await vault.set(try key("s\(fitting)"), to: large, now: 0) } throws: {
                "\($0)".contains("at most \(Limits.allSecretBytes)")
            }
            _ = try await vault.set(try key("s0"), to: large, now: 0)
        }
    }

    @Test func `The key file is root's alone, and made once`() async throws {
        try await withDirectory { path in
            _ = try SecretKeys(directory: path + "/secrets", credentials: nil)
            let file = path + "/secrets/key"
            let made = try File.read(file)
            #expect(made.count == 32)
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(stat(path + "/secrets", &status) == 0 && status.st_mode & 0o777 == 0o700)
            _ = try SecretKeys(directory: path + "/secrets", credentials: nil)
            #expect(try File.read(file) == made)
            chmod(file, 0o644)
            #expect { try SecretKeys(directory: path + "/secrets", credentials: nil) } throws: {
                "\($0)".contains(file) && "\($0)".contains("chmod 600")
            }
            try FileTree.remove(file)
            try FileTree.makeFile(file, content: [1, 2, 3], mode: 0o600)
            #expect { try SecretKeys(directory: path + "/secrets", credentials: nil) } throws: {
                "\($0)".contains("3 bytes")
            }
        }
    }

    @Test func `A credential of systemd is used, and older secrets are still read`() async throws {
        try await withDirectory { path in
            let store = MemoryStore()
            let own = try await SecretVault(
                keys: SecretKeys(directory: path + "/secrets", credentials: nil), store: store)
            _ = try await own.set(try key("old"), to: [1], now: 0)
            try FileTree.makeDirectory(path + "/credentials", mode: 0o700)
            try FileTree.makeFile(
                path + "/credentials/" + SecretKeys.credential,
                content: Array("0123456789abcdef0123456789abcdef".utf8), mode: 0o600)
            let keys = try SecretKeys(directory: path + "/secrets", credentials: path + "/credentials")
            let both = try await SecretVault(keys: keys, store: store)
            #expect(try both.value(try key("old")) == [1])
            _ = try await both.set(try key("new"), to: [2], now: 0)
            let other = try await SecretVault(
                keys: SecretKeys(directory: path + "/elsewhere", credentials: path + "/credentials"),
                store: store)
            #expect(try other.value(try key("new")) == [2])
            #expect(throws: SecretUnreadable.otherKey(try key("old"))) { try other.value(try key("old")) }
            #expect(access(path + "/elsewhere/key", F_OK) != 0, "none is made beside a credential")
            #expect(other.problems().map { "\($0)" }.first?.contains("set the secret again") == true)
        }
    }
}
