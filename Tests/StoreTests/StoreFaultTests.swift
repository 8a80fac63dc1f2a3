import Core
import Foundation
import GRDB
import Store
import Testing

@Suite struct StoreFaultTests {
    private func kind(_ body: () async throws -> Void) async -> StoreError.Kind? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? StoreError)?.kind
        }
    }

    @Test func aFileThatIsNoDatabaseIsRefusedAndLeftAlone() async throws {
        try await TemporaryDirectory.with { directory in
            let content = Data("this is no database, and long enough to be looked at".utf8)
            try content.write(to: URL(fileURLWithPath: directory.database))
            #expect(await kind { _ = try open(directory.database) } == .corrupt)
            #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == content)
        }
    }

    @Test func aDamagedPageIsSaidToBeCorrupt() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try Sample.key()
            do {
                let store = try open(directory.database)
                for number in 1...200 {
                    try await store.insert(
                        Sample.revision(key, number), record: Sample.record(key, latest: number))
                }
            }
            var bytes = try Data(contentsOf: URL(fileURLWithPath: directory.database))
            let wal = try? Data(contentsOf: URL(fileURLWithPath: directory.database + "-wal"))
            try #require(wal?.isEmpty ?? true, "closing has moved everything into the file")
            try #require(bytes.count > 40960)
            for index in 12288..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
            try bytes.write(to: URL(fileURLWithPath: directory.database))
            #expect(await kind { _ = try await open(directory.database).load() } == .corrupt)
        }
    }

    @Test func aNewerSchemaIsRefused() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try open(directory.database)
            let queue = try DatabaseQueue(path: directory.database)
            try await queue.write { database in
                try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('9999 from the future')")
            }
            try queue.close()
            #expect(await kind { _ = try open(directory.database) } == .tooNew)
        }
    }

    @Test func aRowThatCannotBeReadIsAnErrorAndStays() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try Sample.key()
            try await open(directory.database).insert(Sample.revision(key), record: Sample.record(key))
            let queue = try DatabaseQueue(path: directory.database)
            try await queue.write { try $0.execute(sql: "UPDATE revisions SET spec = '{\"port\": \"x\"}'") }
            #expect(await kind { _ = try await open(directory.database).load() } == .unreadable)
            let rows = try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM revisions") }
            #expect(rows == 1)
        }
    }

    @Test(arguments: ["/proc/torpor-test.db", "/nonexistent/torpor.db", "/proc/1/torpor.db"])
    func aPlaceThatCannotBeWrittenIsNamed(path: String) async throws {
        #expect(await kind { _ = try open(path) } == .inaccessible)
        do {
            _ = try open(path)
        } catch {
            #expect("\(error)".contains(path))
        }
    }

    @Test func aFullDatabaseRefusesAndLosesNothing() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database, byteLimit: 128 << 10)
            let key = try Sample.key()
            var acknowledged = 0
            var refusal: StoreError.Kind?
            while refusal == nil, acknowledged < 10_000 {
                let next = acknowledged + 1
                refusal = await kind {
                    try await store.insert(
                        Sample.revision(key, next), record: Sample.record(key, latest: next))
                }
                if refusal == nil { acknowledged = next }
            }
            #expect(refusal == .full)
            #expect(acknowledged > 10)
            #expect(try await store.load().first?.revisions.map(\.id.number) == Array(1...acknowledged))
            #expect(try await store.load().first?.record.latest == acknowledged)
            // Room again: it goes on.
            try await store.removeRevisions(
                (1...(acknowledged / 2)).map { RevisionID(function: key, number: $0) })
            let next = acknowledged + 1
            try await store.insert(Sample.revision(key, next), record: Sample.record(key, latest: next))
        }
    }
}
