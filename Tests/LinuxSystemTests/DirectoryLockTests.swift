import Glibc
import LinuxSystem
import Synchronization
import Testing

@Suite struct DirectoryLockTests {
    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let path = "/tmp/torpor-lock-\(HostIdentity.processID)-\(UInt32.random(in: 0 ... .max))"
        try FileTree.makeDirectory(path)
        defer {
            try? FileTree.remove("\(path)/lock")
            try? FileTree.removeDirectory(path)
        }
        try await body(path)
    }

    @Test func `A second owner is told the first one's pid`() async throws {
        try await withDirectory { path in
            let first = try DirectoryLock(directory: path)
            let error = #expect(throws: DirectoryLock.Failure.self) { try DirectoryLock(directory: path) }
            #expect(error == .held(by: HostIdentity.processID))
            withExtendedLifetime(first) {}
        }
    }

    @Test func `A lock that was given up is free, and leaves no file`() async throws {
        try await withDirectory { path in
            for _ in 0..<3 {
                let lock = try DirectoryLock(directory: path)
                lock.remove()
                #expect(access("\(path)/lock", F_OK) != 0)
            }
        }
    }

    @Test func `Of many that come and go, one at a time holds it`() async throws {
        try await withDirectory { path in
            let held = Holders()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<500 {
                            guard let lock = try? DirectoryLock(directory: path) else { continue }
                            held.enter()
                            held.leave()
                            lock.remove()
                        }
                    }
                }
            }
            #expect(held.taken > 0 && held.most == 1)
        }
    }
}

/// Counts who is in at the same time.
private final class Holders: Sendable {
    private let counts = Mutex((now: 0, most: 0, taken: 0))

    func enter() {
        counts.withLock { counts in
            counts.now += 1
            counts.taken += 1
            counts.most = max(counts.most, counts.now)
        }
    }
    func leave() { counts.withLock { $0.now -= 1 } }
    var most: Int { counts.withLock { $0.most } }
    var taken: Int { counts.withLock { $0.taken } }
}
