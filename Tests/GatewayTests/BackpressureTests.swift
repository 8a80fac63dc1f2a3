import Core
import Foundation
import Gateway
import Synchronization
import Testing

/// Nobody makes the gateway keep what the other side does not take.
@Suite(.timeLimit(.minutes(2)))
struct BackpressureTests {
    /// More than the kernel's buffers of both ends and a few reads of the gateway's take.
    private static let kernelBytes = 16 << 20

    @Test func pipelinedRequestsAreNotReadAhead() async throws {
        let (count, answered) = (6_000, 1_000)
        let latch = ActivationTests.Latch()
        let upstream = try ScriptedUpstream { socket, _ in
            var number = 0
            while try Request.read(socket) != nil {
                if number == answered { latch.wait() }
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\u{1}")
                number += 1
            }
        }
        defer { upstream.stop() }
        defer { latch.open() }
        try await GatewayFixture.with(loops: 1) { fixture in
            let handle = fixture.publish(upstream)
            let sent = Atomic<Int>(0)
            let filler = String(repeating: "f", count: 4500)
            // A header that ends at the gateway, so that the upstream has little to read.
            let request = Array("GET /function/hello HTTP/1.1\r\nHost: h\r\nTE: \(filler)\r\n\r\n".utf8)
            try await fixture.client { socket in
                let sender = Thread {
                    for _ in 0..<count {
                        try? socket.send(request)
                        sent.wrappingAdd(request.count, ordering: .relaxed)
                    }
                }
                sender.start()
                var bodies = 0
                while bodies < count {
                    if bodies == answered {
                        usleep(500_000)
                        let taken = sent.load(ordering: .relaxed) - answered * request.count
                        #expect(taken < Self.kernelBytes)
                        latch.open()
                    }
                    let bytes = try socket.receive()
                    if bytes.isEmpty { break }
                    for byte in bytes where byte == 1 { bodies += 1 }
                }
                #expect(bodies == count)
            }
            #expect(handle.gate.served == count)
        }
    }

    @Test func interimResponsesWaitForTheClient() async throws {
        let count = 10_000
        let sent = Atomic<Int>(0)
        let hint = "HTTP/1.1 103 Early Hints\r\nLink: \(String(repeating: "l", count: 4000))\r\n\r\n"
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            let bytes = Array(hint.utf8)
            for _ in 0..<count {
                try socket.send(bytes)
                sent.wrappingAdd(bytes.count, ordering: .relaxed)
            }
            try socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\u{1}")
        }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            fixture.publish(upstream)
            let tail = try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                var seen = -1
                while seen != sent.load(ordering: .relaxed) {
                    seen = sent.load(ordering: .relaxed)
                    usleep(300_000)
                }
                #expect(seen < Self.kernelBytes)
                // All of them come, and the response behind them.
                var (received, tail) = (0, [UInt8]())
                while tail.last != 1 {
                    let bytes = try socket.receive()
                    if bytes.isEmpty { break }
                    received += bytes.count
                    tail = (tail + bytes).suffix(600)
                }
                #expect(received > count * hint.utf8.count)
                return String(decoding: tail, as: UTF8.self)
            }
            #expect(tail.contains("HTTP/1.1 200 OK\r\n"))
        }
    }

    /// An instance may say as many of them at once as it likes.
    @Test func manyInterimResponsesInOneRead() async throws {
        let upstream = try ScriptedUpstream { socket, _ in
            _ = try Request.read(socket)
            let many = String(repeating: "HTTP/1.1 102 P\r\n\r\n", count: 20_000)
            try socket.send(many + "HTTP/1.1 204 No Content\r\n\r\n")
            _ = try socket.read(until: "never")
        }
        defer { upstream.stop() }
        try await GatewayFixture.with(loops: 1) { fixture in
            fixture.publish(upstream)
            try await fixture.client { socket in
                try socket.send("GET /function/hello HTTP/1.1\r\nHost: h\r\n\r\n")
                let end = try socket.read(until: "HTTP/1.1 204 No Content\r\n")
                #expect(end != nil)
            }
        }
    }
}
