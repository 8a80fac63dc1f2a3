import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// `torpor port-forward`.
    @Suite struct PortForwardTests {
        private func forward(
            _ torpor: Torpor, _ arguments: String...
        ) throws -> (child: ChildProcess, port: Int, errors: String) {
            let (output, errors) = (Scratch.path("out"), Scratch.path("err"))
            let child = try torpor.startCLI(["port-forward"] + arguments, output: output, errors: errors)
            let port = try eventually("a port") { () -> Int? in
                if let status = child.exit { throw TestFailure("\(status): \(Host.text(errors))") }
                let words = Host.text(output).split { $0 == " " || $0 == "\n" }
                return words.first { $0.hasPrefix("127.0.0.1:") }.flatMap { Int($0.dropFirst(10)) }
            }
            return (child, port, errors)
        }

        @Test func manyConnectionsAndCtrlC() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let (child, port, _) = try forward(torpor, "hello", ":8080")
                let answers = try concurrently(40) { number -> Bool in
                    let connection = try Connection.tcp(port)
                    let body = String(repeating: "nonce-\(number) ", count: 5000)
                    try connection.send(
                        requestHead("POST", "/echo", [("Content-Length", "\(body.utf8.count)")]) + body)
                    return try connection.response(to: "POST").text == body
                }
                #expect(answers == Array(repeating: true, count: 40))
                #expect(try torpor.instance(of: "hello").inFlight == 0, "no request of the gateway's")
                child.signal(SIGINT)
                #expect(try child.wait() == 0)
            }
        }

        @Test func wakesWhatSleeps() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                try torpor.putToSleep("hello")
                try torpor.scale("hello", .auto)
                let (child, port, _) = try forward(torpor, "hello", "0:8080")
                #expect(try torpor.describe("hello").instances.isEmpty, "nobody has connected yet")
                let connection = try Connection.tcp(port)
                try connection.send(requestHead("GET", "/"))
                #expect(try connection.response().status == 200)
                child.signal(SIGTERM)
                #expect(try child.wait() == 0)
            }
        }

        @Test(.needsFreezer) func staysAwakeAsLongAsTheConnection() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("naps") { $0.scale.freezeAfter = .after(.milliseconds(100)) }
                try torpor.waitUntil("naps", is: .frozen)
                let (child, port, _) = try forward(torpor, "naps", ":8080")
                let connection = try Connection.tcp(port)
                for _ in 0..<3 {
                    try connection.send(requestHead("GET", "/"))
                    #expect(try connection.response().status == 200)
                    pause(.milliseconds(300))
                }
                #expect(try torpor.describe("naps").function.status == .ready)
                connection.reset()
                try torpor.waitUntil("naps", is: .frozen)
                child.signal(SIGINT)
                #expect(try child.wait() == 0)
            }
        }

        @Test func whatGoesWrong() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                for ports in ["0", "x", "1:2:3", "70000", "80:"] {
                    #expect(try torpor.cli("port-forward", "hello", ports).status == 2, "\(ports)")
                }
                let unknown = try torpor.cli("port-forward", "helo", "8080")
                #expect(unknown.status == 1 && unknown.errors.contains("did you mean 'hello'"))
                let taken = try torpor.cli("port-forward", "hello", "\(torpor.port):8080")
                #expect(taken.status == 1 && taken.errors.contains("in use"), "\(taken)")
                let (child, port, errors) = try forward(torpor, "hello", ":9999")
                let connection = try Connection.tcp(port)
                try connection.send(requestHead("GET", "/"))
                #expect(throws: (any Error).self) { try connection.response() }
                try becomesTrue("the reason") { Host.text(errors).contains("port 9999") }
                child.signal(SIGINT)
                #expect(try child.wait() == 0)
            }
        }
    }
}
