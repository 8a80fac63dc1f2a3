internal import Core

/// Writes answers of the forwarder's own.
package enum DNSReply {
    /// Seconds that an answer of our own may be kept: functions come and go.
    private static let timeToLive: UInt32 = 5
    /// Bytes of a datagram that we take, as EDNS tells it.
    private static let datagramBytes = UInt16(Limits.nameQueryBytes)
    /// To the question's name, behind the head (RFC 1035, 4.1.4).
    private static let pointerToQuestion: UInt16 = 0xc000 | UInt16(DNSReader.headBytes)

    /// An answer to what has no question that can be repeated.
    static func head(of message: [UInt8], _ code: DNSCode) -> [UInt8] {
        var head = start(message, code, isOwn: false)
        head += [UInt8](repeating: 0, count: 8)
        return head
    }

    /// A message under another id.
    static func message(_ message: [UInt8], id: UInt16) -> [UInt8] {
        var message = message
        message[0] = UInt8(id >> 8)
        message[1] = UInt8(truncatingIfNeeded: id)
        return message
    }

    /// What a message says. - Precondition: it has a head.
    package static func code(of message: [UInt8]) -> DNSCode? {
        DNSCode(rawValue: UInt16(message[3]) & DNSFlags.code)
    }

    private static func start(_ message: [UInt8], _ code: DNSCode, isOwn: Bool) -> [UInt8] {
        let asked = UInt16(message[2]) << 8 | UInt16(message[3])
        let flags =
            asked & DNSFlags.repeated | DNSFlags.response | DNSFlags.recursionAvailable
            | (isOwn ? DNSFlags.authoritative : 0) | code.rawValue
        return [message[0], message[1]] + word(flags)
    }

    fileprivate static func reply(
        to query: DNSQuery, _ code: DNSCode, isOwn: Bool, address: IPv4Address? = nil, zone: [[UInt8]]? = nil
    ) -> [UInt8] {
        var reply = start(query.message, code, isOwn: isOwn)
        reply += word(1) + word(address == nil ? 0 : 1) + word(zone == nil ? 0 : 1)
        reply += word(query.hasEDNS ? 1 : 0)
        reply += query.message[DNSReader.headBytes..<query.questionEnd]
        if let address {
            reply += word(pointerToQuestion) + record(DNSQuery.address, address.octets)
        }
        if let zone { reply += name(zone) + record(DNSQuery.authority, authority(of: zone)) }
        // The root's name, type OPT, no extended code, version 0, no options (RFC 6891, 6.1.2).
        if query.hasEDNS { reply += [0, 0, 41] + word(datagramBytes) + [0, 0, 0, 0, 0, 0] }
        return reply
    }

    private static func record(_ type: UInt16, _ data: [UInt8]) -> [UInt8] {
        word(type) + word(DNSQuery.internet) + long(timeToLive) + word(UInt16(data.count)) + data
    }

    /// How long a name may be taken for not existing is the last of these (RFC 2308, 5).
    private static func authority(of zone: [[UInt8]]) -> [UInt8] {
        let (refresh, retry, expiry): (UInt32, UInt32, UInt32) = (3600, 600, 86_400)
        return name(zone) + name([Array("hostmaster".utf8)] + zone) + long(1) + long(refresh) + long(retry)
            + long(expiry) + long(timeToLive)
    }

    private static func name(_ labels: [[UInt8]]) -> [UInt8] {
        labels.flatMap { [UInt8($0.count)] + $0 } + [0]
    }

    private static func word(_ value: UInt16) -> [UInt8] {
        [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    private static func long(_ value: UInt32) -> [UInt8] {
        word(UInt16(value >> 16)) + word(UInt16(truncatingIfNeeded: value))
    }
}

extension DNSQuery {
    /// That it is not answered.
    package func reply(_ code: DNSCode) -> [UInt8] { DNSReply.reply(to: self, code, isOwn: false) }

    /// The address that its name has here.
    func reply(_ address: IPv4Address) -> [UInt8] {
        DNSReply.reply(to: self, .noError, isOwn: true, address: address)
    }

    /// That its name does not exist in a zone of ours (`nonexistent`), or has nothing of its type (`noError`).
    func reply(_ code: DNSCode, nothingIn zone: [[UInt8]]) -> [UInt8] {
        DNSReply.reply(to: self, code, isOwn: true, zone: zone)
    }

    /// That the answer is too long for a datagram.
    package func truncated(_ answer: [UInt8]) -> [UInt8] {
        var reply = Array(answer[..<questionEnd])
        reply[2] |= UInt8(DNSFlags.truncated >> 8)
        // No record of any section.
        for offset in 6..<DNSReader.headBytes { reply[offset] = 0 }
        return reply
    }
}
