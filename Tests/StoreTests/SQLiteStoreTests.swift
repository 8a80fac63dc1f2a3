import Core
import Foundation
import Store
import Testing

@Suite struct SQLiteStoreTests {
    @Test func whatWasWrittenIsThereAfterOpeningAgain() async throws {
        try await TemporaryDirectory.with { directory in
            let key = try Sample.key()
            var record = Sample.record(key)
            do {
                let store = try open(directory.database)
                try await store.insert(Sample.revision(key), record: record)
                record.latest = 2
                record.active = 1
                record.lastFailure = nil
                try await store.insert(Sample.revision(key, 2), record: record)
            }
            let loaded = try await open(directory.database).load()
            #expect(loaded.map(\.record) == [record])
            #expect(loaded.first?.revisions == [Sample.revision(key), Sample.revision(key, 2)])
        }
    }

    @Test func aFailureIsKept() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let key = try Sample.key()
            var record = Sample.record(key, latest: 4)
            let failure = record.lastFailure
            record.lastFailure = nil
            try await store.insert(Sample.revision(key, 4), record: record)
            record.lastFailure = failure
            try await store.update(record)
            #expect(try await store.load().map(\.record) == [record])
        }
    }

    @Test func anUpdateBringsNoRemovedFunctionBack() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let key = try Sample.key()
            try await store.insert(Sample.revision(key), record: Sample.record(key))
            try await store.remove(key)
            try await store.update(Sample.record(key))
            #expect(try await store.load().isEmpty)
        }
    }

    @Test func removingAFunctionRemovesAllOfIt() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let (gone, kept) = (try Sample.key("gone"), try Sample.key("kept"))
            for key in [gone, kept] {
                try await store.insert(Sample.revision(key), record: Sample.record(key))
            }
            await store.note(Sample.instance(1, startedAt: 10), of: gone)
            try await store.remove(gone)
            #expect(try await store.load().map(\.record.key) == [kept])
            try await store.insert(Sample.revision(gone), record: Sample.record(gone))
            #expect(try await store.instances(of: gone, limit: 10).isEmpty)
        }
    }

    @Test func revisionsAreRemovedOneByOne() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let key = try Sample.key()
            for number in 1...4 {
                try await store.insert(
                    Sample.revision(key, number), record: Sample.record(key, latest: number))
            }
            try await store.removeRevisions([1, 3].map { RevisionID(function: key, number: $0) })
            #expect(try await store.load().first?.revisions.map(\.id.number) == [2, 4])
        }
    }

    @Test func aRevisionIsNeverOverwritten() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let key = try Sample.key()
            try await store.insert(Sample.revision(key), record: Sample.record(key))
            var changed = Sample.record(key)
            changed.manualScale = 9
            await #expect(throws: StoreError.self) {
                try await store.insert(Sample.revision(key), record: changed)
            }
            // One transaction: the record did not change either.
            #expect(try await store.load().first?.record.manualScale == 3)
        }
    }

    @Test func instanceRecordsAreBoundedAndRunningOnesStay() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let key = try Sample.key()
            try await store.insert(Sample.revision(key), record: Sample.record(key))
            await store.note(Sample.instance(0, startedAt: 0, ended: false), of: key)
            for number in 1...(Limits.instanceRecordsKept + 20) {
                await store.note(Sample.instance(number, startedAt: Int64(number)), of: key)
            }
            let found = try await store.instances(of: key, limit: 1000)
            #expect(found.count == Limits.instanceRecordsKept)
            #expect(found.last == Sample.instance(0, startedAt: 0, ended: false))
            #expect(found.first == Sample.instance(70, startedAt: 70))
            #expect(try await store.instances(of: key, limit: 3).count == 3)
        }
    }

    @Test func anInstancesEndReplacesItsBeginning() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let key = try Sample.key()
            try await store.insert(Sample.revision(key), record: Sample.record(key))
            await store.note(Sample.instance(7, startedAt: 10, ended: false), of: key)
            await store.note(Sample.instance(7, startedAt: 10), of: key)
            #expect(try await store.instances(of: key, limit: 10) == [Sample.instance(7, startedAt: 10)])
        }
    }

    @Test func aNoteOfAFunctionThatIsGoneIsNoProblem() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            await store.note(Sample.instance(1, startedAt: 1), of: try Sample.key())
            #expect(try await store.load().isEmpty)
        }
    }

    @Test func onlyItsOwnerMayReadIt() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            try await store.update(Sample.record(try Sample.key()))
            for suffix in ["", "-wal", "-shm"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: directory.database + suffix)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
        }
    }

    /// What comes with every sleep does not push out what tells of failures.
    @Test func sleepEventsAreKeptForLess() async throws {
        try await TemporaryDirectory.with { directory in
            let store = try open(directory.database)
            let key = try Sample.key()
            var number: Int64 = 0
            func append(_ kind: EventKind, _ count: Int) async throws {
                let events = (1...count).map { offset in
                    EventRecord(number: number + Int64(offset), kind: kind, function: key, message: "m")
                }
                number += Int64(count)
                try await store.append(events)
            }
            try await append(.failed, 10)
            for _ in 0..<7 { try await append(.froze, 1000) }
            let failed = try await store.events(EventQuery(kind: .failed))
            let froze = try await store.events(EventQuery(kind: .froze))
            #expect(failed.count == 10)
            #expect(froze.count == Limits.sleepEventsKept && froze.last?.number == number)
            for _ in 0..<21 { try await append(.started, 1000) }
            #expect(try await store.events(EventQuery()).count == Limits.eventsKept)
            #expect(try await store.events(EventQuery(kind: .failed)).isEmpty)
        }
    }
}
