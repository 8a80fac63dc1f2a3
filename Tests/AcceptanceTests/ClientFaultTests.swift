import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// Clients that send slowly, too much, nonsense, or leave.
    @Suite struct ClientFaultTests {
        @Test func aClientThatSendsByteByByte() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let connection = try torpor.connect()
                let text = requestHead("POST", "/function/hello/echo", [("Content-Length", "5")]) + "drops"
                for byte in text.utf8 {
                    try connection.send([byte])
                    pause(.milliseconds(2))
                }
                #expect(try connection.response(to: "POST").text == "drops")
            }
        }

        @Test func pipelinedRequests() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let connection = try torpor.connect()
                try connection.send((0..<20).map { requestHead("GET", "/function/hello/\($0)") }.joined())
                for number in 0..<20 {
                    let response = try connection.response()
                    try #require(response.status == 200)
                    #expect(response.text.contains(" /\(number) "))
                }
            }
        }

        @Test func malformedRequests() throws {
            let start = "/function/hello HTTP/1.1\r\nHost: a\r\n"
            let wrong = [
                ("GET \(start)X: \(String(repeating: "x", count: 40_000))\r\n\r\n", 431),
                ("GET /function/hello\r\n\r\n", 400), ("GET /function/hello HTTP/1.1\r\n\r\n", 400),
                ("GET \(start)Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
                ("POST \(start)Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                ("GET /function/hello HTTP/1.1\r\nHost : a\r\n\r\n", 400),
                ("GET /function/hello HTTP/3.0\r\nHost: a\r\n\r\n", 505),
                ("\u{16}\u{3}\u{1}\u{0}\u{0}\r\n\r\n", 400),
            ]
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                for (bytes, status) in wrong {
                    let connection = try torpor.connect()
                    try connection.send(bytes)
                    #expect(try connection.response().status == status, "\(bytes.prefix(80))")
                    #expect(connection.receiveAll().isEmpty, "the connection is closed: \(bytes.prefix(80))")
                }
                let next = try torpor.get("/function/hello")
                #expect(next.text.contains("served=1 "), "none of it reached the function")
            }
        }

        @Test func clientsThatLeave() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello") { $0.scale.max = 1 }
                let half = requestHead("POST", "/function/hello/echo", [("Content-Length", "1000000")])
                for round in 0..<30 {
                    let connection = try torpor.connect()
                    switch round % 5 {
                    case 0: try connection.send(requestHead("GET", "/function/hello/sleep?ms=2000"))
                    case 1: try connection.send(half + String(repeating: "x", count: 1000))
                    case 2: try connection.send(String(half.prefix(20)))
                    case 3:
                        try connection.send(requestHead("GET", "/function/hello/big?bytes=100000000"))
                        _ = try connection.receive()
                    default:
                        try connection.send(requestHead("GET", "/function/hello/hold"))
                        _ = try connection.receive()
                    }
                    if round % 2 == 0 { connection.reset() } else { connection.endSending() }
                }
                try becomesTrue("an end of all of them") {
                    try torpor.describe("hello").function.inFlight == 0
                }
                #expect(try torpor.get("/function/hello").status == 200)
            }
        }

        @Test func aClientThatSendsMoreThanItSaid() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let connection = try torpor.connect()
                try connection.send(
                    requestHead("POST", "/function/hello/echo", [("Content-Length", "2")])
                        + "ok this is too much\r\n\r\n")
                #expect(try connection.response(to: "POST").text == "ok")
                #expect(try connection.response().status == 400, "the rest is no request")
                #expect(try torpor.get("/function/hello").status == 200)
            }
        }
    }
}
