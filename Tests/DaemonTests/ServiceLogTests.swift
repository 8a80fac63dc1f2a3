import Daemon
import Foundation
import Glibc
import LinuxSystem
import Logging
import Testing

/// The daemon's own log as the journal gets it, on a socket of the test's own.
@Suite struct ServiceLogTests {
    /// A socket that datagrams can be sent to by its path.
    private func withSocket(_ body: (_ path: String, _ fd: Int32) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "journal-\(UUID().uuidString.prefix(8))"
        try withSocket(at: path) { try body(path, $0) }
    }

    private func withSocket(at path: String, _ body: (_ fd: Int32) throws -> Void) throws {
        let fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer {
            close(fd)
            unlink(path)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafeBytes(of: &address) { bytes in
            bytes.assumingMemoryBound(to: sockaddr.self).baseAddress.map {
                bind(fd, $0, socklen_t(bytes.count))
            }
        }
        try #require(bound == 0)
        try body(fd)
    }

    /// The fields of the next entry, by the protocol.
    private func entry(_ fd: Int32) throws -> [String: String] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(fd, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        try #require(count > 0)
        var rest = buffer[..<count]
        var fields: [String: String] = [:]
        while !rest.isEmpty {
            let end = try #require(rest.firstIndex(of: 10))
            let line = rest[..<end]
            if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
                fields[String(decoding: line[..<equals], as: UTF8.self)] = String(
                    decoding: line[(equals + 1)...], as: UTF8.self)
                rest = rest[(end + 1)...]
            } else {
                let length = rest[(end + 1)..<(end + 9)].reversed().reduce(0) { $0 << 8 | Int($1) }
                let value = rest[(end + 9)..<(end + 9 + length)]
                fields[String(decoding: line, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
                rest = rest[(end + 9 + length + 1)...]
            }
        }
        return fields
    }

    @Test func everyPairIsAFieldOfItsOwn() throws {
        try withSocket { path, fd in
            let logger = logger(JournalSocket(path: path))
            logger.warning(
                "an instance\nfailed",
                metadata: ["function": "hello.default", "call-id": "a=b", "error": "one\ntwo"])
            let fields = try entry(fd)
            #expect(
                fields["MESSAGE"]
                    == "an instance failed call-id=\"a=b\" error=\"one two\" function=hello.default")
            #expect(fields["PRIORITY"] == "4" && fields["SYSLOG_IDENTIFIER"] == "torpord")
            #expect(fields["TORPOR_FUNCTION"] == "hello.default" && fields["TORPOR_CALL_ID"] == "a=b")
            #expect(fields["TORPOR_ERROR"] == "one\ntwo")
            logger.debug("not of this level")
            #expect(recv(fd, nil, 0, Int32(MSG_DONTWAIT | MSG_PEEK)) == -1)
        }
    }

    private func logger(_ journal: JournalSocket) -> Logger {
        Logger(label: "test") { _ in ServiceLog(level: LogLevel(.info), journal: journal) }
    }

    /// The kernel keeps so many datagrams for who does not read (net.unix.max_dgram_qlen), or as many as have room.
    private func fill(_ journal: JournalSocket, _ logger: Logger) throws -> Int {
        for number in 0..<100_000 {
            logger.info("entry", metadata: ["number": "\(number)"])
            if journal.lostCount > 0 { return number }
        }
        throw KernelError("fill", subject: "the socket", code: ENOBUFS)
    }

    @Test(.timeLimit(.minutes(1))) func aJournalThatStandsStillHoldsNobodyUp() throws {
        try withSocket { path, fd in
            let journal = JournalSocket(path: path)
            let logger = logger(journal)
            let kept = try fill(journal, logger)
            #expect(kept > 0)
            for _ in 0..<9 { logger.info("nobody will read this") }
            #expect(journal.lostCount == 10)
            for number in 0..<kept { #expect(try entry(fd)["TORPOR_NUMBER"] == "\(number)") }
            logger.info("it reads again")
            #expect(try entry(fd)["MESSAGE"] == "it reads again")
            let told = try entry(fd)
            #expect(told["TORPOR_COUNT"] == "10" && told["PRIORITY"] == "4", "\(told)")
            logger.info("and all is well")
            #expect(try entry(fd)["MESSAGE"] == "and all is well")
            #expect(recv(fd, nil, 0, Int32(MSG_DONTWAIT | MSG_PEEK)) == -1, "it is told once")
        }
    }

    @Test func aJournalThatWasStartedAnewIsFoundAgain() throws {
        let path = NSTemporaryDirectory() + "journal-\(UUID().uuidString.prefix(8))"
        let journal = JournalSocket(path: path)
        let entry = [(name: "MESSAGE", value: "hello")]
        #expect(throws: KernelError.self) { try journal.send(entry) }
        for _ in 0..<3 {
            try withSocket(at: path) { (fd: Int32) throws in
                #expect(try journal.send(entry))
                #expect(try self.entry(fd)["MESSAGE"] == "hello")
            }
            #expect(throws: KernelError.self) { try journal.send(entry) }
        }
        #expect(journal.lostCount == 0, "the caller has another way for these")
    }

    @Test func standardErrorIsKnownAgain() throws {
        var status = stat()
        try #require(fstat(2, &status) == 0)
        #expect(JournalSocket.isStandardError("\(status.st_dev):\(status.st_ino)"))
        #expect(!JournalSocket.isStandardError("\(status.st_dev):\(status.st_ino + 1)"))
        #expect(!JournalSocket.isStandardError(nil) && !JournalSocket.isStandardError("nonsense"))
    }
}
