import Core
import Foundation
import Gateway
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2)))
struct StressTests {
    final class Progress: Sendable {
        let answered = Atomic<Int>(0)
        let isOver = Atomic<Bool>(false)
    }

    /// Instances come, freeze, thaw, drain and go at random, while 64 clients compare every answer with what they
    /// asked: nothing may be lost or mistaken.
    @Test(arguments: [1, 2]) func nothingIsLostOrMistaken(_ seed: UInt64) async throws {
        let upstream = try ScriptedUpstream(ScriptedUpstream.echo)
        defer { upstream.stop() }
        let progress = Progress()
        try await GatewayFixture.with(loops: 3) { fixture in
            let flapping = Task {
                try await blocking {
                    Self.flap(fixture, upstream.port, seed) {
                        progress.isOver.load(ordering: .acquiring)
                    }
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<64 {
                    group.addTask {
                        try await fixture.client { socket in
                            var random = Generator(state: seed &* 1000 &+ UInt64(client))
                            for number in 0..<40 {
                                try Self.call(socket, "\(client)-\(number)-\(random.next())", &random)
                                progress.answered.wrappingAdd(1, ordering: .relaxed)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            progress.isOver.store(true, ordering: .releasing)
            let (made, frozen) = try await flapping.value
            #expect(progress.answered.load(ordering: .relaxed) == 64 * 40)
            #expect(made.count > 10 && frozen > 10)
            #expect(await eventually { made.allSatisfy { $0.gate.inFlight == 0 } })
            let traffic = try #require(fixture.gateway.traffic(of: fixture.key))
            #expect(traffic.success == 64 * 40 && traffic.serverError == 0 && traffic.cut == 0)
            // Each instance that was closed while busy has been told drained, once.
            let drained = fixture.activator.drained
            #expect(Set(drained).count == drained.count)
        }
    }

    /// One request with a nonce, sometimes with a body, sometimes chunked; the answer must carry the nonce.
    private static func call(_ socket: RawSocket, _ nonce: String, _ random: inout Generator) throws {
        let filler = [UInt8](repeating: UInt8(random.next() % 26 + 97), count: Int(random.next() % 20_000))
        switch random.next() % 3 {
        case 0:
            let response = try socket.get("/function/hello/\(nonce)")
            #expect(response.status == 200)
            #expect(response.text == "GET /\(nonce) HTTP/1.1")
        case 1:
            let body = Array(nonce.utf8) + filler
            try socket.send(
                Array(
                    "POST /function/hello HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
                    + body)
            let response = try socket.response()
            #expect(response.status == 200)
            #expect(response.body == body)
        default:
            let body = Array(nonce.utf8) + filler
            try socket.send("POST /function/hello HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            try socket.send(
                Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8))
            let response = try socket.response()
            #expect(response.status == 200)
            #expect(response.body == body)
        }
    }

    /// Plays the orchestrator. Returns all instances and how often one was frozen.
    private static func flap(
        _ fixture: GatewayFixture, _ port: UInt16, _ seed: UInt64, until isOver: () -> Bool
    ) -> ([InstanceHandle], Int) {
        var random = Generator(state: seed)
        var (all, live): ([InstanceHandle], [InstanceHandle]) = ([], [])
        var frozen = 0
        while !isOver() {
            switch random.next() % 4 {
            case 0 where live.count < 4:
                let handle = GatewayFixture.instance(
                    fixture.key, port: port, concurrency: Int(random.next() % 4))
                all.append(handle)
                live.append(handle)
            case 1 where !live.isEmpty:
                let handle = live.remove(at: Int(random.next() % UInt64(live.count)))
                // Unpublished before and after it closes: both orders happen.
                if random.next() % 2 == 0 { fixture.gateway.publish(fixture.key, instances: live) }
                _ = handle.gate.close()
            case 2:
                for handle in live where handle.gate.beginFreeze() {
                    if handle.gate.endFreeze(frozen: true) { frozen += 1 }
                }
            default: break
            }
            fixture.gateway.publish(fixture.key, instances: live)
            usleep(UInt32(random.next() % 4000))
        }
        return (all, frozen)
    }
}

/// SplitMix64.
struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
