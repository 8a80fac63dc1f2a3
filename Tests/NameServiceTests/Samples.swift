import Core
import NameService

/// Messages, made by hand.
enum Samples {
    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    /// - Parameter edns: the bytes of a datagram that the sender takes.
    static func query(
        _ name: String, type: UInt16 = 1, recordClass: UInt16 = 1, id: UInt16 = 0x4711, edns: UInt16? = nil
    ) -> [UInt8] {
        var message = word(id) + [1, 0, 0, 1, 0, 0, 0, 0, 0, edns == nil ? 0 : 1]
        message += Samples.name(name) + word(type) + word(recordClass)
        if let edns { message += [0] + word(41) + word(edns) + [0, 0, 0, 0, 0, 0] }
        return message
    }

    /// What a server says to a query: so many addresses.
    static func answer(to query: [UInt8], id: UInt16, code: UInt8 = 0, records: Int = 1) -> [UInt8] {
        var end = 12
        while end < query.count, query[end] > 0 { end += 1 + Int(query[end]) }
        end = min(end + 5, query.count)
        var answer =
            word(id) + [0x81, 0x80 | code, 0, 1] + word(UInt16(records)) + [0, 0, 0, 0] + query[12..<end]
        for _ in 0..<records { answer += [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7] }
        return answer
    }

    static func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

    static func with(_ message: [UInt8], at place: Int, _ byte: UInt8) -> [UInt8] {
        var message = message
        message[place] = byte
        return message
    }

    static func ownNames(
        domain: String = "torpor.internal", gateway: IPv4Address? = IPv4Address("10.62.0.1")
    ) -> OwnNames {
        OwnNames(domain: domain, gateway: gateway) {
            ["hello.default", "other.team"].contains($0.description)
        }
    }

    /// A response as the query that it would be: what reads one reads the other.
    static func query(from response: [UInt8]) -> [UInt8] {
        with(response, at: 2, response[2] & 0x01)
    }
}

extension [UInt8] {
    var asQuery: DNSQuery? {
        if case .query(let query) = DNSQuery.read(self) { return query }
        return nil
    }

    /// The code that it is refused with.
    var refusal: Int? {
        if case .refused(let reply) = DNSQuery.read(self) { return Int(reply[3] & 15) }
        return nil
    }

    /// Whether every record is there that its head promises, and nothing else.
    var isWhole: Bool {
        // A head alone has no question.
        if count == 12 { return self[4...].allSatisfy { $0 == 0 } }
        return refusal != 1
    }
}

/// Numbers that a seed reproduces (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
