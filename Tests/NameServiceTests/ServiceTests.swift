import Core
import Foundation
import Glibc
import Logging
import NameService
import Synchronization
import Testing

/// The service as functions and servers see it.
@Suite(.serialized) struct ServiceTests {
    private final class Count: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
    }

    private static func right(_ query: [UInt8]) -> [UInt8] {
        Samples.answer(to: query, id: UInt16(query[0]) << 8 | UInt16(query[1]))
    }

    private static func limits(_ change: (inout NameServiceLimits) -> Void) -> NameServiceLimits {
        var limits = NameServiceLimits()
        change(&limits)
        return limits
    }

    private func with(_ script: @escaping Upstream.Script, _ body: (Upstream) async throws -> Void)
        async throws
    {
        let upstream = try Upstream(script)
        defer { upstream.stop() }
        try await body(upstream)
    }

    @Test("each query goes out under an id and from a port of its own, and what comes back is passed on")
    func forwarding() async throws {
        try await with { query, _ in
            [Self.right(query)]
        } _: { upstream in
            try await ServiceFixture.with(servers: ["127.0.0.1"], at: upstream.port) { service throws in
                for number in 0..<50 {
                    let query = Samples.query("n\(number).test", edns: 1232)
                    #expect(try service.ask(query) == Self.right(query))
                }
                let (ids, ports) = (Set(upstream.asked.map(\.id)), Set(upstream.asked.map(\.port)))
                // Two of 50 out of 65,536 are equal in one of 50 runs; three pairs never.
                #expect(ids.count > 47 && ports.count > 40, "\(ids.count) \(ports.count)")
                #expect(service.count(.forwarded) == 50)
            }
        }
    }

    @Test("what does not match is not taken for the answer, which may yet come")
    func forgery() async throws {
        try await with { query, _ in
            let id = UInt16(query[0]) << 8 | UInt16(query[1])
            return [
                Samples.answer(to: query, id: id &+ 1),
                Samples.answer(to: Samples.query("other.test"), id: id), query,
                [], [0], Self.right(query),
            ]
        } _: { upstream in
            try await ServiceFixture.with(servers: ["127.0.0.1"], at: upstream.port) { service throws in
                let query = Samples.query("www.test")
                #expect(try service.ask(query) == Self.right(query))
            }
        }
    }

    @Test("a long answer comes by TCP; by UDP that it is too long")
    func length() async throws {
        try await with { query, isStream in
            let id = UInt16(query[0]) << 8 | UInt16(query[1])
            return [Samples.answer(to: query, id: id, records: isStream ? 4000 : 300)]
        } _: { upstream in
            try await ServiceFixture.with(servers: ["127.0.0.1"], at: upstream.port) { service throws in
                let query = Samples.query("big.test", edns: 4096)
                let cut = try #require(try service.ask(query))
                #expect(cut.count < 64 && cut[2] & 2 != 0)
                let stream = try service.connect()
                stream.send(query)
                #expect(stream.receive()?.count == 26 + 16 * 4000)
                // One after the other, as they were sent.
                for number in 0..<3 { stream.send(Samples.query("big.test", id: UInt16(number))) }
                for number in 0..<3 { #expect(stream.receive()?[..<2] == [0, UInt8(number)]) }
                #expect(upstream.asked.count { $0.isStream } == 4)
            }
        }
    }

    @Test("servers are asked in turn until one can answer, and the silent ones last from then on")
    func order() async throws {
        let refusing = try Upstream(at: "127.0.0.2") { query, _ in
            [Samples.answer(to: query, id: UInt16(query[0]) << 8 | UInt16(query[1]), code: 5, records: 0)]
        }
        defer { refusing.stop() }
        let silent = try Upstream(at: "127.0.0.3", port: refusing.port) { _, _ in [] }
        defer { silent.stop() }
        let good = try Upstream(at: "127.0.0.4", port: refusing.port) { query, _ in [Self.right(query)] }
        defer { good.stop() }
        try await ServiceFixture.with(
            servers: ["127.0.0.2", "127.0.0.3", "127.0.0.4"], at: refusing.port, timeout: .seconds(3)
        ) { service throws in
            let query = Samples.query("www.test")
            for _ in 0..<5 { #expect(try service.ask(query) == Self.right(query)) }
            #expect(silent.asked.count == 1 && refusing.asked.count == 5 && good.asked.count == 5)
        }
    }

    @Test("where no server answers that is said, in the time that whoever asks has")
    func failure() async throws {
        let silent = try Upstream(at: "127.0.0.2") { _, _ in [] }
        defer { silent.stop() }
        // Nobody is at the other one's port.
        for servers in [["127.0.0.2"], ["127.0.0.3", "127.0.0.2"], ["127.0.0.3"], [], ["nonsense"]] {
            try await ServiceFixture.with(servers: servers, at: silent.port, timeout: .seconds(1)) {
                service throws in
                let start = ContinuousClock.now
                let answer = try #require(try service.ask(Samples.query("www.test")), "\(servers)")
                #expect(answer[3] & 15 == 2)
                #expect(ContinuousClock.now - start < .seconds(1), "\(servers)")
                let stream = try service.connect()
                stream.send(Samples.query("www.test"))
                #expect(stream.receive().map { $0[3] & 15 } == 2, "\(servers)")
                #expect(service.count(.failed) == 2)
            }
        }
    }

    @Test("who may ask for our names alone has nothing sent out; who may not ask gets no answer")
    func permissions() async throws {
        try await with { query, _ in
            [Self.right(query)]
        } _: { upstream in
            try await ServiceFixture.with(servers: ["127.0.0.1"], at: upstream.port, permission: .ownNames) {
                service throws in
                #expect(try service.ask(Samples.query("stolen.test")).map { $0[3] & 15 } == 5)
                #expect(
                    try service.ask(Samples.query("hello.default.torpor.internal"))?.suffix(4) == [
                        10, 62, 0, 1,
                    ])
                #expect(service.count(.own) == 1 && service.count(.refused) == 1)
            }
            try await ServiceFixture.with(servers: ["127.0.0.1"], at: upstream.port, permission: nil) {
                service throws in
                #expect(try service.ask(Samples.query("hello.default.torpor.internal"), seconds: 1) == nil)
                #expect(try service.connect().receive() == nil, "closed")
            }
            #expect(upstream.asked.isEmpty)
        }
    }

    @Test("one that asks more than its part is refused it, while another is answered")
    func flood() async throws {
        try await with { query, _ in
            query.contains(0x73) ? [] : [Self.right(query)]
        } _: { upstream in
            try await ServiceFixture.with(
                servers: ["127.0.0.1"], at: upstream.port, timeout: .seconds(20),
                limits: Self.limits { $0.queriesOfOne = 8 }
            ) { service throws in
                let flood = try TestSocket(.datagram, at: "127.0.0.5")
                try flood.connect("127.0.0.1", service.port)
                for number in 0..<20 { flood.send(Samples.query("s\(number)")) }
                for _ in 0..<12 { #expect(flood.receive().map { $0[3] & 15 } == 2) }
                let query = Samples.query("quick.net")
                #expect(try service.ask(query, from: "127.0.0.6") == Self.right(query))
                #expect(upstream.asked.count == 9 && service.count(.refused) == 12)
            }
        }
    }

    @Test("connections are bounded, all and of one, and closed when nothing comes")
    func streams() async throws {
        try await with { query, _ in
            [Self.right(query)]
        } _: { upstream in
            try await ServiceFixture.with(
                servers: ["127.0.0.1"], at: upstream.port,
                limits: Self.limits {
                    ($0.streams, $0.streamsOfOne, $0.streamIdle) = (3, 2, .milliseconds(500))
                }
            ) { service throws in
                let query = Samples.query("www.test")
                func answered(_ stream: TestSocket) -> Bool {
                    stream.send(query)
                    return stream.receive() != nil
                }
                let held = [try service.connect(from: "127.0.0.5"), try service.connect(from: "127.0.0.5")]
                #expect(held.allSatisfy(answered))
                #expect(!answered(try service.connect(from: "127.0.0.5")), "it has two")
                let other = try service.connect(from: "127.0.0.6")
                #expect(answered(other))
                #expect(!answered(try service.connect(from: "127.0.0.7")), "there are three")
                #expect(
                    held[0].receive() == nil && held[1].receive() == nil && other.receive() == nil,
                    "too long silent")
                #expect(answered(try service.connect(from: "127.0.0.5")))
                let rude = try service.connect(from: "127.0.0.6")
                rude.send([UInt8](repeating: 0, count: Limits.nameQueryBytes + 1))
                #expect(rude.receive() == nil, "more than a query has")
            }
        }
    }

    @Test("what is no message, or a response, is not answered, and nothing breaks of it")
    func garbage() async throws {
        try await with { query, _ in
            [Self.right(query)]
        } _: { upstream in
            try await ServiceFixture.with(servers: ["127.0.0.1"], at: upstream.port) { service throws in
                var generator = SplitMix(state: 7)
                let socket = try TestSocket(.datagram)
                try socket.connect("127.0.0.1", service.port)
                for _ in 0..<2000 {
                    let count = Int.random(in: 0..<2000, using: &generator)
                    socket.send((0..<count).map { _ in .random(in: 0...255, using: &generator) })
                }
                let query = Samples.query("www.test")
                #expect(try service.ask(Array(query[..<11]), seconds: 1) == nil)
                #expect(try service.ask(Samples.with(query, at: 2, 0x81), seconds: 1) == nil)
                #expect(try service.ask(query) == Self.right(query))
            }
        }
    }

    @Test("queries that came all at once are answered one after the other, however many")
    func pipelined() async throws {
        try await ServiceFixture.with(servers: [], at: 1) { service throws in
            let count = 20_000
            let stream = try service.connect()
            // A head alone, which is answered at once: it has no question.
            let one =
                Samples.word(12) + Array(Samples.query("www.test")[..<4]) + [UInt8](repeating: 0, count: 8)
            let all = (0..<count).flatMap { _ in one }
            let fd = stream.fd
            Thread.detachNewThread {
                var sent = 0
                while sent < all.count {
                    let more = all[sent...].withUnsafeBytes {
                        Glibc.send(fd, $0.baseAddress, $0.count, 0x4000)
                    }
                    if more <= 0 { return }
                    sent += more
                }
            }
            var answered = 0
            while answered < count, stream.receive() != nil { answered += 1 }
            #expect(answered == count)
        }
    }

    @Test("the host's servers are looked at again, by one for all that wait")
    func following() async throws {
        try await with { query, _ in
            [Self.right(query)]
        } _: { upstream in
            let reads = Count()
            var configuration = NameServiceConfiguration(
                address: "127.0.0.1", ownNames: Samples.ownNames(), permission: { _ in .all },
                servers: {
                    let count = reads.next()
                    // At first it names nobody.
                    return NameServers(
                        count == 1 ? [] : ["127.0.0.1"], timeout: .seconds(1), port: Int(upstream.port))
                })
            configuration.limits.serverAge = .milliseconds(300)
            let (service, fixture) = try await ServiceFixture.start(configuration)
            let query = Samples.query("www.test")
            for _ in 0..<3 { #expect(try fixture.ask(query).map { $0[3] & 15 } == 2) }
            #expect(reads.value == 1)
            try await Task.sleep(for: .milliseconds(400))
            for _ in 0..<3 { #expect(try fixture.ask(query) == Self.right(query)) }
            #expect(reads.value == 2)
            await service.shutdown()
        }
    }

    @Test("a port that somebody has is said, by UDP or TCP, and nothing is left of the attempt")
    func taken() async throws {
        for kind in [TestSocket.Kind.datagram, .stream] {
            let held = try TestSocket(kind)
            held.listen()
            var configuration = NameServiceConfiguration(
                address: "127.0.0.1", ownNames: Samples.ownNames(), permission: { _ in .all },
                servers: { NameServers([], timeout: .seconds(1)) })
            configuration.port = Int(held.port)
            let service = NameService(configuration, logger: .init(label: "test"))
            let error = await #expect(throws: NameServiceError.self) { _ = try await service.start() }
            #expect(error.map { "\($0)" }?.contains("127.0.0.1:\(held.port)") == true)
            let free = try TestSocket(kind == .stream ? .datagram : .stream, port: held.port)
            #expect(free.port == held.port)
        }
    }
}
