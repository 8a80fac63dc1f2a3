import Core
import Foundation
import LinuxSystem
import Logs
import Testing

/// Logs that were written before, read page by page.
@Suite struct LogPagesTests {
    private let instances = ["000000000001", "000000000002", "000000000003"]

    /// Writes each instance's log: its entries are every third of `count`, in two files.
    private func write(_ fixture: LogFixture, count: Int, text: String = "line") throws {
        let folder = "\(fixture.directory)/logs/default/hello"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (index, instance) in instances.enumerated() {
            let numbers = Array(stride(from: index, to: count, by: instances.count))
            let half = numbers.count / 2
            for (name, part) in [
                ("\(instance).1.log", numbers[..<half]), ("\(instance).log", numbers[half...]),
            ] {
                let lines = part.map { "\(time($0)) stdout \(text) \($0)\n" }
                try (lines.joined() + "being writ")
                    .write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
            }
        }
    }

    private func time(_ number: Int) -> LogTime {
        LogTime(microseconds: 1_700_000_000_000_000 + Int64(number))
    }

    @Test func instancesAreMergedByTime() async throws {
        try await LogFixture.with { fixture in
            try write(fixture, count: 5000)
            let entries = try await fixture.read()
            #expect(entries.map(\.text) == (0..<5000).map { "line \($0)" })
            #expect(entries.map(\.instance) == (0..<5000).map { instances[$0 % 3] })
            let one = try await fixture.read(instance: InstanceID(instances[1]))
            #expect(one.map(\.time) == stride(from: 1, to: 5000, by: 3).map(time))
        }
    }

    @Test(arguments: [0, 1, 2, 100, 2500, 4999, 5000, 9000])
    func theLastOnesOnly(count: Int) async throws {
        try await LogFixture.with { fixture in
            try write(fixture, count: 5000)
            let last = try await fixture.read(tail: count)
            #expect(last.map(\.time) == (max(0, 5000 - count)..<5000).map(time))
            let since = try await fixture.read(tail: count, since: time(4000))
            #expect(since.map(\.time) == (max(4000, 5000 - count)..<5000).map(time))
        }
    }

    @Test func sinceAMomentOnly() async throws {
        try await LogFixture.with { fixture in
            try write(fixture, count: 1000)
            for first in [0, 1, 499, 999] {
                let entries = try await fixture.read(since: time(first))
                #expect(entries.map(\.time) == (first..<1000).map(time))
            }
            #expect(try await fixture.read(since: time(1000)).isEmpty)
        }
    }

    /// What a query costs does not grow with the log.
    @Test func aPageIsBoundedAndReadWhenItIsAskedFor() async throws {
        try await LogFixture.with { fixture in
            let long = String(repeating: "x", count: 1000)
            try write(fixture, count: 6000, text: long)
            var pages = fixture.collector.read(function: fixture.function).makeAsyncIterator()
            let page = try await pages.next()
            let first = try #require(page)
            #expect(first.count < Limits.logPageBytes / 1000 + 1)
            #expect(first.map(\.text).first == "\(long) 0")
            try fixture.run("rm -r '\(fixture.directory)/logs/default/hello'")
            var rest = 0
            while let page = try await pages.next() { rest += page.count }
            #expect(rest < 200, "only what was read ahead, not \(rest)")
        }
    }

    @Test func aRotationMeanwhileLosesOnlyWhatItDrops() async throws {
        try await LogFixture.with { fixture in
            try write(fixture, count: 6000)
            var pages = fixture.collector.read(function: fixture.function).makeAsyncIterator()
            var numbers = try await pages.next()?.map(\.time) ?? []
            let folder = "\(fixture.directory)/logs/default/hello"
            // As `LogPlace.rotate` does, and a new file in the place of the first.
            try fixture.run("mv \(folder)/\(instances[0]).log \(folder)/\(instances[0]).1.log")
            try "\(time(9000)) stdout new\n"
                .write(toFile: "\(folder)/\(instances[0]).log", atomically: false, encoding: .utf8)
            while let page = try await pages.next() { numbers += page.map(\.time) }
            #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
            #expect(!numbers.contains(time(9000)), "it came after the query began")
            let kept = (0..<6000).filter { $0 % 3 != 0 || $0 >= 3000 }.map(time)
            #expect(Set(numbers).isSuperset(of: kept))
        }
    }

    @Test func whatFunctionsLeftThatAreNotKnownIsRemoved() async throws {
        try await LogFixture.with { fixture in
            try write(fixture, count: 10)
            try fixture.run(
                "cp -r '\(fixture.directory)/logs/default/hello' '\(fixture.directory)/logs/default/ghost'")
            await fixture.collector.removeAll(but: [fixture.function])
            #expect(try await fixture.read().count == 10)
            #expect(!FileManager.default.fileExists(atPath: "\(fixture.directory)/logs/default/ghost"))
        }
    }
}
