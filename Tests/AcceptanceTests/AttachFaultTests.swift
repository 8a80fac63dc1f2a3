import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// The attach socket and those who misuse it.
    @Suite(.enabled(if: Shell.isThere, "needs busybox-static")) struct AttachFaultTests {
        @Test func nonsenseOnTheSocket() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let path = "\(torpor.runDirectory)/attach.sock"
                let good =
                    #"{"name":"hello","exec":{"command":["/bin/true"],"environment":[],"input":false}}"#
                let bad = [
                    "", "nonsense", "{}", "[]", #"{"name":"hello"}"#, #"{"name":"hello","port":0}"#,
                    #"{"name":"hello","port":1,"exec":{"command":["x"],"environment":[],"input":false}}"#,
                    #"{"name":"../x","port":1}"#, #"{"name":"hello","port":1,"more":1}"#,
                    #"{"name":"hello","exec":{"command":[],"environment":[],"input":false}}"#,
                    #"{"name":"hello","exec":{"command":["x"],"environment":["NOVALUE"],"input":false}}"#,
                    #"{"name":"hello","exec":{"command":["x"],"environment":[],"input":false,"directory":"up"}}"#,
                    String(repeating: "[", count: 60_000),
                    String(repeating: "x", count: Limits.attachRequestBytes + 1),
                ]
                for text in bad {
                    let socket = try PacketConnection(path)
                    socket.send(text)
                    // An empty packet is the end of the stream to its reader.
                    let answer = try socket.receive()
                    #expect(
                        text.isEmpty ? answer == nil : answer?.contains("\"error\"") == true,
                        "\(text.prefix(80))")
                    #expect(try socket.receive() == nil, "\(text.prefix(80))")
                }
                // What is said after the request is a signal or the end.
                let talker = try PacketConnection(path)
                talker.send(good.replacing("/bin/true", with: "/bin/sleep\",\"1000"))
                #expect(try talker.receive()?.contains("attached") == true)
                try torpor.waitForProcess("sleep 1000", in: "hello", isThere: true)
                talker.send("nonsense")
                try torpor.waitForProcess("sleep 1000", in: "hello", isThere: false)
                let fine = try PacketConnection(path)
                fine.send(good)
                #expect(try fine.receive()?.contains("attached") == true)
                #expect(try fine.receive()?.contains("\"status\":0") == true)
            }
        }

        @Test func silentOnesAndTooMany() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                let path = "\(torpor.runDirectory)/attach.sock"
                let silent = try (0..<Limits.attachConnections).map { _ in try PacketConnection(path) }
                let late = try torpor.cli("exec", "hello", "--", "/bin/true")
                #expect(late.status == 125 && late.errors.contains("sessions are open"), "\(late)")
                // They are given up, and then there is room.
                for socket in silent { #expect(try socket.receive() == nil) }
                try becomesTrue("room") { try torpor.cli("exec", "hello", "--", "/bin/true").status == 0 }
                let request =
                    #"{"name":"hello","exec":{"command":["/bin/sleep","1000"],"environment":[],"input":true}}"#
                let mine = try (0..<Limits.attachedPerFunction).map { _ in
                    let socket = try PacketConnection(path)
                    socket.send(request)
                    #expect(try socket.receive()?.contains("attached") == true)
                    return socket
                }
                let full = try torpor.cli("exec", "hello", "--", "/bin/true")
                #expect(full.status == 125 && full.errors.contains("64 sessions"), "\(full)")
                for socket in mine { socket.end() }
                try becomesTrue("room") { try torpor.cli("exec", "hello", "--", "/bin/true").status == 0 }
            }
        }

        @Test(.needsUsers) func othersMayNot() throws {
            try TorporFixture.with { torpor in
                try torpor.deployServer("hello")
                var status = stat()
                let mode: mode_t = getgrnam("torpor") == nil ? 0o600 : 0o660
                #expect(stat("\(torpor.runDirectory)/attach.sock", &status) == 0)
                #expect(status.st_mode & 0o777 == mode && status.st_uid == 0)
                let program = "\(torpor.directory)/torpor"
                try FileManager.default.copyItem(atPath: Programs.commandLine, toPath: program)
                chmod(program, 0o755)
                let child = try ChildProcess(
                    "setpriv",
                    [
                        "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "--socket",
                        torpor.socket, "exec", "hello", "--", "/bin/true",
                    ], environment: ["HOME": "/"], output: .file("\(torpor.directory)/denied"))
                #expect(try child.wait() == 125)
                #expect(child.output.contains("usermod -aG torpor"), "\(child.output)")
            }
        }
    }
}

/// A connection to the attach socket.
final class PacketConnection {
    private var descriptor: Int32

    init(_ path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        descriptor = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeBytes(of: address) {
            connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, size)
        }
        guard result == 0 else { throw TestFailure("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { end() }

    func end() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// The next packet; nil at the end. Descriptors are dropped.
    /// - Throws: `TestFailure` when neither comes.
    func receive() throws -> String? {
        var buffer = [UInt8](repeating: 0, count: 70_000)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { return String(decoding: buffer.prefix(count), as: UTF8.self) }
        // A connection that is closed while something in it was not read is reset.
        guard count == 0 || errno == ECONNRESET else {
            throw TestFailure("neither a packet nor the end: \(String(cString: strerror(errno)))")
        }
        return nil
    }
}
