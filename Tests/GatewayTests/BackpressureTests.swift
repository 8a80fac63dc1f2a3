import Core
import Foundation
import Gateway
import Synchronization
import Testing

/// Nobody makes the gateway keep what the other side does not take.
@Suite(.timeLimit(.minutes(1)))
struct BackpressureTests {
    /// More than the kernel's buffers of both ends and a few reads of the gateway's take.
    private static let kernelBytes = 16 << 20

    @Test func pipelinedRequestsAreNotReadAhead() async throws {
        let (count, answered) = (10_000, 1_500)
        let latch = ActivationTests.Latch()
        let upstream = try ScriptedUpstream { socket, _ in
            var number = 0
            while try Request.read(socket) != nil {
                if number == answered { latch.wait() }
                let body = "\(number)"
                try socket.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                number += 1
            }
        }
        defer { upstream.stop() }
        defer { latch.open() }
        try await GatewayFixture.with(loops: 1) { fixture in
            let handle = fixture.publish(upstream)
            let sent = Atomic<Int>(0)
            let filler = String(repeating: "f", count: 2500)
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
                for number in 0..<count {
                    if number == answered {
                        usleep(500_000)
                        let taken = sent.load(ordering: .relaxed) - answered * request.count
                        #expect(taken < Self.kernelBytes)
                        latch.open()
                    }
                    let response = try socket.response()
                    #expect(response.text == "\(number)")
                }
            }
            #expect(handle.gate.served == count)
        }
    }
}
