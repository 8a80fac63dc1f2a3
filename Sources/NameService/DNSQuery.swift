/// A query with one question, as a forwarder looks at it; it is passed on as it came, save for its id (RFC 5625).
package struct DNSQuery: Sendable, Equatable {
    /// What a message turns out to be.
    package enum Reading: Sendable, Equatable {
        case query(DNSQuery)
        /// Not one that is answered otherwise: what its sender is told.
        case refused([UInt8])
        /// A response, or less than a message: to answer it might go on for ever.
        case noise
    }

    package let message: [UInt8]
    /// With small letters, the top one last.
    package let labels: [[UInt8]]
    package let type: UInt16
    /// Where the question ends, which begins behind the head.
    let questionEnd: Int
    /// Whether the sender speaks EDNS (RFC 6891) and so is to be answered in it.
    let hasEDNS: Bool

    // Of RFC 1035, 3.2.2 and 3.2.4, RFC 1995, RFC 5936, RFC 6891.
    static let (address, authority): (UInt16, UInt16) = (1, 6)
    private static let (transfer, partialTransfer, options): (UInt16, UInt16, UInt16) = (252, 251, 41)
    static let internet: UInt16 = 1

    package static func read(_ message: [UInt8]) -> Reading {
        var reader = DNSReader(message)
        guard message.count >= DNSReader.headBytes, reader.word() != nil, let flags = reader.word(),
            flags & DNSFlags.response == 0
        else { return .noise }
        guard flags & DNSFlags.operation == 0 else {
            return .refused(DNSReply.head(of: message, .notImplemented))
        }
        guard let questions = reader.word(), let answers = reader.word(), let authorities = reader.word(),
            let additions = reader.word(), questions == 1, let labels = reader.name(),
            let type = reader.word(), let recordClass = reader.word()
        else { return .refused(DNSReply.head(of: message, .formatError)) }
        let questionEnd = reader.offset
        var hasEDNS = false
        for _ in 0..<Int(answers) + Int(authorities) + Int(additions) {
            guard let type = reader.record() else {
                return .refused(DNSReply.head(of: message, .formatError))
            }
            if type == options { hasEDNS = true }
        }
        let query = DNSQuery(
            message: message, labels: labels, type: type, questionEnd: questionEnd, hasEDNS: hasEDNS)
        guard reader.isAtEnd else { return .refused(DNSReply.head(of: message, .formatError)) }
        // A transfer is many messages; other classes tell of the server itself.
        guard recordClass == internet, type != transfer, type != partialTransfer else {
            return .refused(query.reply(.refused))
        }
        return .query(query)
    }

    /// The query under another id.
    func message(id: UInt16) -> [UInt8] { DNSReply.message(message, id: id) }

    /// A server's answer as the sender of the query is to have it; nil unless it is the answer to this very question
    /// under this id (RFC 5452, 9.1).
    package func answer(_ answer: [UInt8], id: UInt16) -> [UInt8]? {
        var reader = DNSReader(answer)
        guard reader.word() == id, let flags = reader.word(), reader.word() == 1,
            flags & (DNSFlags.response | DNSFlags.operation) == DNSFlags.response,
            answer.count >= questionEnd, isQuestion(answer[DNSReader.headBytes..<questionEnd])
        else { return nil }
        return DNSReply.message(answer, id: UInt16(message[0]) << 8 | UInt16(message[1]))
    }

    /// Servers may write the name in letters of their own. A label's length is never a letter.
    private func isQuestion(_ other: ArraySlice<UInt8>) -> Bool {
        let own = message[DNSReader.headBytes..<questionEnd]
        return own.dropLast(4).map(DNSReader.small) == other.dropLast(4).map(DNSReader.small)
            && own.suffix(4) == other.suffix(4)
    }
}

/// Bits of a message's second word (RFC 1035, 4.1.1; RFC 4035, 3.2.2).
enum DNSFlags {
    static let (response, operation, authoritative): (UInt16, UInt16, UInt16) = (0x8000, 0x7800, 0x0400)
    static let (truncated, recursionAvailable, code): (UInt16, UInt16, UInt16) = (0x0200, 0x0080, 0x000f)
    /// What an answer repeats: operation, recursion desired, checking disabled.
    static let repeated = operation | 0x0110
}

/// What an answer says (RFC 1035, 4.1.1).
package enum DNSCode: UInt16, Sendable {
    case noError, formatError, serverFailure, nonexistent, notImplemented, refused
}
