import Core
import Glibc
import LinuxSystem
import Logs
import Synchronization
import Testing

@Suite struct LogCollectorTests {
    let first = "000000000001"
    let second = "000000000002"

    @Test("lines are stamped, tagged and in order; tail sees everything written before it")
    func lines() async throws {
        try await LogFixture.with { fixture in
            let (out, err) = try fixture.collect(first)
            fixture.write("one\ntwo\r\n", to: out)
            #expect(
                await fixture.collector.tail(
                    instance: first, function: fixture.function.description, lines: 10) == ["one", "two"])
            fixture.write("bad\n", to: err)
            fixture.write("no end", to: out)
            let tail = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 2)
            #expect(Set(tail) == ["bad", "no end"])
            let entries = try await fixture.read()
            #expect(entries.map(\.stream) == [.stdout, .stdout] + entries.dropFirst(2).map(\.stream))
            #expect(entries.count == 4 && zip(entries, entries.dropFirst()).allSatisfy { $0.time <= $1.time })
            let now = KernelClock.real() / 1000
            #expect(entries.allSatisfy { abs($0.time.microseconds - now) < 60_000_000 })
            #expect(entries.contains { $0.text == "no end" && $0.continues })
            let file = try File.text("\(fixture.directory)/logs/default/hello/\(first).log")
            #expect(
                file.hasPrefix("20") && file.contains("Z stdout one\n") && file.contains("Z stderr bad\n"))
        }
    }

    @Test("a line without end is given away after a while, and at the end of the instance")
    func partial() async throws {
        try await LogFixture.with { fixture in
            let (out, _) = try fixture.collect(first)
            fixture.write("password: ", to: out)
            try await fixture.eventually("the beginning is shown") {
                try await fixture.read().first?.text == "password: "
            }
            do {
                let (last, _) = try fixture.collect(second)
                fixture.write("dying words", to: last)
            }
            let id = try #require(InstanceID(second))
            // The test's own copies of the reading ends do not count: the writers are gone.
            try await fixture.eventually("the end is shown") {
                let entries = try await fixture.read(instance: id)
                return entries.first?.text == "dying words"
            }
        }
    }

    @Test("a long line is split, garbage is kept on disk and harmless when read")
    func garbage() async throws {
        try await LogFixture.with { fixture in
            let (out, _) = try fixture.collect(first)
            let long = String(repeating: "x", count: Limits.logLineBytes + 10)
            fixture.write(long + "\n", to: out)
            let nasty: [UInt8] = [0xff, 0x00, 0x1b, 0x5b, 0x32, 0x4a, 0x41, 0x0a]
            fixture.write(nasty, to: out)
            let tail = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 10)
            #expect(tail.map(\.utf8.count).prefix(2) == [Limits.logLineBytes, 10])
            #expect(tail.last == "\u{fffd}\u{fffd}\u{fffd}[2JA")
            let path = "\(fixture.directory)/logs/default/hello/\(first).log"
            let bytes = try File.read(path)
            #expect(bytes.suffix(nasty.count).elementsEqual(nasty))
        }
    }

    @Test(
        "a flood is rotated within the limit, and another instance is served meanwhile",
        .timeLimit(.minutes(1)))
    func flood() async throws {
        try await LogFixture.with { fixture in
            let (flooded, _) = try fixture.collect(first)
            let (quiet, _) = try fixture.collect(second)
            let line = Array(String(repeating: "flood ", count: 100).utf8) + [0x0a]
            let writer = try WorkerThread(name: "flood", limit: 4)
            let atLeast = 3 * Limits.logFileBytes / line.count
            let flooding = Atomic<Bool>(false)
            let served = Atomic<Bool>(false)
            // The flood does not end before the quiet one was served: were it to wait for the end, it would wait
            // for ever.
            async let writing: Void = writer.run {
                var count = 0
                while count < atLeast || !served.load(ordering: .relaxed) {
                    fixture.write(line, to: flooded)
                    count += 1
                    if count == 100 { flooding.store(true, ordering: .relaxed) }
                }
            }
            while !flooding.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(1)) }
            for number in 0..<20 {
                fixture.write("quiet \(number)\n", to: quiet)
                let tail = await fixture.collector.tail(
                    instance: second, function: fixture.function.description, lines: 1)
                #expect(tail == ["quiet \(number)"])
            }
            served.store(true, ordering: .relaxed)
            try await writing
            _ = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 1)
            let folder = "\(fixture.directory)/logs/default/hello"
            var total = 0
            for name in ["\(first).log", "\(first).1.log"] {
                total += try File.read("\(folder)/\(name)", limit: 2 * Limits.logFileBytes).count
            }
            #expect(total > Limits.logFileBytes && total <= Limits.logFiles * Limits.logFileBytes)
            #expect(throws: KernelError.self) { try File.text("\(folder)/\(first).2.log") }
            let newest = try await fixture.read(tail: 100)
            #expect(newest.count == 100)
        }
    }

    @Test("a follower sees what is kept and what comes, once each; a slow one is told what it missed")
    func following() async throws {
        try await LogFixture.with { fixture in
            let (out, _) = try fixture.collect(first)
            fixture.write("before 1\nbefore 2\n", to: out)
            _ = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 1)
            let (kept, live) = await fixture.collector.follow(function: fixture.function, tail: 1)
            #expect(try await fixture.all(kept).map(\.text) == ["before 2"])
            let count = Limits.logFollowerEntries + 500
            for number in 0..<count { fixture.write("after \(number)\n", to: out) }
            _ = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 1)
            var seen = 0
            var missed = 0
            var wrote = false
            for await event in live {
                switch event {
                case .entry: seen += 1
                case .skipped(let number): missed += number
                }
                if !wrote, seen >= Limits.logFollowerEntries {
                    // There is room again: what was missed is told before the next line.
                    wrote = true
                    fixture.write("last\n", to: out)
                }
                if seen + missed == count + 1 { break }
            }
            #expect(seen == Limits.logFollowerEntries + 1 && missed == 500)
            await fixture.collector.remove(fixture.function)
        }
    }

    @Test("following ends when the function's logs are removed; its files are gone")
    func removal() async throws {
        try await LogFixture.with { fixture in
            let (out, _) = try fixture.collect(first)
            fixture.write("line\n", to: out)
            let (_, live) = await fixture.collector.follow(function: fixture.function)
            await fixture.collector.remove(fixture.function)
            var events = 0
            for await _ in live { events += 1 }
            #expect(events <= 1)
            #expect(try await fixture.read().isEmpty)
            fixture.write("into nothing\n", to: out)
            _ = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 1)
            #expect(throws: KernelError.self) {
                try File.text("\(fixture.directory)/logs/default/hello/\(first).log")
            }
        }
    }

    @Test("of instances that are gone the newest logs are kept")
    func pruning() async throws {
        try await LogFixture.with { fixture in
            for number in 0..<(Limits.logsKept + 3) {
                let id = "00000000010\(number)"
                do {
                    let (out, _) = try fixture.collect(id)
                    fixture.write("\(number)\n", to: out)
                }
                _ = await fixture.collector.tail(
                    instance: id, function: fixture.function.description, lines: 1)
            }
            try await fixture.eventually("the oldest are removed") {
                try await fixture.read().map(\.text) == [
                    "3", "4", "5", "6", "7",
                ]
            }
        }
    }

    @Test(
        "a name that leads elsewhere is refused, a disk that is full loses lines and says so",
        .enabled(if: LogFixture.canMount, "needs CAP_SYS_ADMIN to mount a small tmpfs"))
    func fullDisk() async throws {
        try await LogFixture.with { fixture in
            #expect(
                await fixture.collector.tail(instance: "../../etc/x", function: "hello", lines: 1).isEmpty)
            let logs = "\(fixture.directory)/logs"
            #expect(try fixture.run("mkdir -p \(logs) && mount -t tmpfs -o size=256k tmpfs \(logs)") == 0)
            defer { _ = try? fixture.run("umount -l \(logs)") }
            #expect(try fixture.run("head -c 220000 /dev/zero > \(logs)/ballast") == 0)
            let (out, _) = try fixture.collect(first)
            let line = String(repeating: "y", count: 1000) + "\n"
            for _ in 0..<100 { fixture.write(line, to: out) }
            _ = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 1)
            // Room again, as if somebody had tidied up.
            #expect(try fixture.run("rm \(logs)/ballast") == 0)
            fixture.write("room\n", to: out)
            let tail = await fixture.collector.tail(
                instance: first, function: fixture.function.description, lines: 1000)
            let kept = tail.count { $0.hasPrefix("yyy") }
            let lost = tail.compactMap { $0.wholeMatch(of: /([0-9]+) lines lost: .*/).flatMap { Int($0.1) } }
            #expect(
                tail.last == "room" && !lost.isEmpty && lost.reduce(kept, +) == 100, "\(lost) and \(kept)")
        }
    }
}
