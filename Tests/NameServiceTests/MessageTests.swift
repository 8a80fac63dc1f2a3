import Core
import NameService
import Testing

/// Messages as they come from functions and servers, and the platform's own answers.
@Suite struct MessageTests {
    @Test("a query is read: its name with small letters, its type")
    func reading() throws {
        let query = try #require(Samples.query("WWW.Example.org", type: 28).asQuery)
        #expect(query.labels == ["www", "example", "org"].map { Array($0.utf8) } && query.type == 28)
        #expect(try #require(Samples.query("").asQuery).labels.isEmpty, "the root")
        #expect(Samples.query("www.test", edns: 1232).asQuery != nil)
        let longest = Array(repeating: String(repeating: "a", count: 49), count: 5).joined(separator: ".")
        #expect(longest.utf8.count == 249 && Samples.query(longest + ".bcd").asQuery != nil)
        #expect(Samples.query(longest + ".bcde").refusal == 1, "256 bytes")
        #expect(Samples.query(String(repeating: "a", count: 63)).asQuery != nil)
    }

    @Test(
        "what is no query that can be answered is told so",
        arguments: [
            ("no question", Samples.with(Samples.query("a.test"), at: 5, 0), 1),
            ("two questions", Samples.with(Samples.query("a.test"), at: 5, 2), 1),
            ("a record that is not there", Samples.with(Samples.query("a.test"), at: 11, 1), 1),
            ("bytes behind the last record", Samples.query("a.test") + [0], 1),
            ("a label without an end", Array(Samples.query("a.test").dropLast(8)), 1),
            ("a pointer in the question", Samples.with(Samples.query("a.test"), at: 12, 0xc0), 1),
            ("a notification", Samples.with(Samples.query("a.test"), at: 2, 0x20), 4),
            ("a transfer", Samples.query("a.test", type: 252), 5),
            ("another class", Samples.query("version.bind", type: 16, recordClass: 3), 5),
        ])
    func refusal(_ what: String, _ message: [UInt8], _ code: Int) throws {
        #expect(message.refusal == code)
        guard case .refused(let reply) = DNSQuery.read(message) else { return }
        #expect(reply[..<2] == message[..<2] && reply[2] & 0x80 != 0, "its id, and a response")
        #expect(DNSQuery.read(reply) == .noise)
    }

    @Test("a response, and less than a head, is not answered: it might go on for ever")
    func noise() {
        #expect(DNSQuery.read(Samples.with(Samples.query("a.test"), at: 2, 0x81)) == .noise)
        for count in 0..<12 { #expect(DNSQuery.read(Array(Samples.query("a.test")[..<count])) == .noise) }
    }

    @Test("only the answer to the very question is taken, and gets the query's id")
    func answers() throws {
        let query = try #require(Samples.query("www.example.org", id: 0x1234).asQuery)
        let right = Samples.answer(to: query.message, id: 0xabcd)
        let taken = try #require(query.answer(right, id: 0xabcd))
        #expect(taken[..<2] == [0x12, 0x34] && taken[2...] == right[2...])
        #expect(
            query.answer(Samples.answer(to: Samples.query("WWW.example.ORG"), id: 0xabcd), id: 0xabcd) != nil)
        #expect(query.answer(right, id: 0xabce) == nil)
        #expect(query.answer(Samples.query("www.example.org", id: 0xabcd), id: 0xabcd) == nil, "a query")
        for other in ["www.example.net", "www.example.orgx", "ww.example.org", ""] {
            #expect(query.answer(Samples.answer(to: Samples.query(other), id: 1), id: 1) == nil, "\(other)")
        }
        #expect(
            query.answer(Samples.answer(to: Samples.query("www.example.org", type: 28), id: 1), id: 1) == nil)
        for count in 0..<query.message.count {
            #expect(query.answer(Array(right[..<count]), id: 0xabcd) == nil)
        }
    }

    @Test("an answer that is too long for a datagram keeps its question alone, and says so")
    func truncation() throws {
        let query = try #require(Samples.query("www.test", edns: 512).asQuery)
        let cut = query.truncated(Samples.answer(to: query.message, id: 7, records: 300))
        #expect(cut[2] & 2 != 0 && cut[6..<12].allSatisfy { $0 == 0 })
        #expect(cut.count == 12 + 10 + 4 && cut[5] == 1)
    }

    @Test("who speaks EDNS is answered in it, others are not")
    func edns() throws {
        for (edns, count) in [(nil, 0), (4096, 1)] as [(UInt16?, UInt8)] {
            let query = try #require(Samples.query("a.test", edns: edns).asQuery)
            let reply = query.reply(.serverFailure)
            #expect(reply[11] == count && reply[3] & 15 == 2 && reply[..<2] == query.message[..<2])
            #expect(Samples.query(from: reply).isWhole)
        }
    }

    @Test("no message does harm, whatever is in it", arguments: [1, 2, 3, 4] as [UInt64])
    func random(_ seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let own = Samples.ownNames()
        for round in 0..<20_000 {
            var message = Samples.query("hello.default.torpor.internal", edns: round % 2 == 0 ? 1232 : nil)
            for _ in 0..<Int.random(in: 0..<4, using: &generator) {
                let place = Int.random(in: 0..<message.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: message[place] = .random(in: 0...255, using: &generator)
                case 1: message.removeSubrange(place...)
                default: message.insert(.random(in: 0...255, using: &generator), at: place)
                }
                if message.isEmpty { break }
            }
            switch DNSQuery.read(message) {
            case .noise: break
            case .refused(let reply): #expect(Samples.query(from: reply).isWhole)
            case .query(let query):
                #expect(Samples.query(from: query.reply(.refused)).isWhole)
                if let reply = own.reply(to: query) { #expect(Samples.query(from: reply).isWhole) }
                let answer = Samples.answer(to: query.message, id: 1)
                let cut = Array(answer.prefix(Int.random(in: 0...answer.count, using: &generator)))
                if let taken = query.answer(cut, id: 1) {
                    #expect(query.truncated(taken).count <= taken.count)
                }
            }
        }
    }
}

@Suite struct OwnNamesTests {
    private func code(_ names: OwnNames, _ name: String, type: UInt16 = 1) throws -> (
        code: UInt8, answers: UInt8
    )? {
        let query = try #require(Samples.query(name, type: type).asQuery)
        return names.reply(to: query).map { ($0[3] & 15, $0[7]) }
    }

    @Test("functions that are there lead to the gateway; in a domain of our own there is nothing else")
    func privateDomain() throws {
        let names = Samples.ownNames()
        for name in [
            "hello.default.torpor.internal", "HELLO.torpor.internal", "other.team.torpor.internal",
            "torpor-gateway",
        ] {
            let query = try #require(Samples.query(name).asQuery)
            let reply = try #require(names.reply(to: query), "\(name)")
            #expect(reply[3] & 15 == 0 && reply[7] == 1 && reply.suffix(4) == [10, 62, 0, 1], "\(name)")
            #expect(reply[2] & 4 != 0, "authoritative")
            #expect(try #require(try code(names, name, type: 28)) == (0, 0), "it has no IPv6 address")
        }
        for name in ["hello.team.torpor.internal", "a.hello.default.torpor.internal", "-.x.torpor.internal"] {
            #expect(try #require(try code(names, name)) == (3, 0), "\(name)")
        }
        for name in ["torpor.internal", "team.torpor.internal"] {
            #expect(try #require(try code(names, name)) == (0, 0), "\(name) has names below it")
        }
        for name in ["", "internal", "xtorpor.internal", "hello.default", "torpor-gateway.lan"] {
            #expect(try code(names, name) == nil, "\(name) is of others")
        }
    }

    @Test("a domain that others know has other names, too")
    func publicDomain() throws {
        let names = Samples.ownNames(domain: "Functions.example.org")
        #expect(try #require(try code(names, "hello.default.functions.example.org")) == (0, 1))
        #expect(try code(names, "www.functions.example.org") == nil)
        #expect(try code(names, "functions.example.org") == nil)
    }

    @Test("where functions do not find the gateway no name leads to it")
    func noGateway() throws {
        let names = Samples.ownNames(gateway: nil)
        for name in ["torpor-gateway", "hello.default.torpor.internal"] {
            #expect(try #require(try code(names, name)) == (3, 0), "\(name)")
        }
    }
}

@Suite struct QuotaTests {
    @Test("one has its part, all have theirs, and what is left is free again")
    func bounds() {
        var quota = Quota(ofAll: 3, ofOne: 2)
        let (a, b) = (IPv4Address(number: 1), IPv4Address(number: 2))
        #expect(quota.enter(a) && quota.enter(a) && !quota.enter(a))
        #expect(quota.enter(b) && !quota.enter(b))
        quota.leave(a)
        #expect(quota.enter(b) && !quota.enter(a))
        quota.leave(b)
        quota.leave(b)
        #expect(quota.enter(a) && !quota.enter(a) && quota.enter(b))
    }
}
