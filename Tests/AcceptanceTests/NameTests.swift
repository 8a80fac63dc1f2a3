import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// Names, as functions ask for them: at the bridge's address, where the daemon asks the host's name servers.
    @Suite struct NameTests {
        private static let loopback = "127.0.0.77"

        @Test func aServerOnTheHostsLoopbackIsAskedForFunctions() throws {
            try Self.with("nameserver \(Self.loopback)\nsearch lan\noptions ndots:2\n") {
                torpor, server throws in
                try torpor.deploy("hello")
                #expect(
                    try torpor.read("hello", "/etc/resolv.conf")
                        == "nameserver \(torpor.gateway)\nsearch lan\noptions ndots:2\n")
                #expect(try torpor.resolve("hello", "www.test") == "0 42 \(FakeNameServer.answer)")
                #expect(server.asked == ["www.test"])
                // What is too long for a datagram is asked for again by TCP.
                #expect(try torpor.resolve("hello", "big.test") == "0 26 truncated")
                let big = try torpor.resolve("hello", "big.test", "tcp=1")
                #expect(big.split(separator: " ").count == 2 + 250 && big.hasPrefix("0 4026 "), "\(big)")
                let checks = try torpor.cli("system", "check").output
                #expect(checks.contains("\(Self.loopback), asked by torpord"), "\(checks)")
                let password = Host.text("\(torpor.stateDirectory)/admin-password")
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                let metrics = try torpor.get("/metrics", [("Authorization", "Bearer \(password)")]).text
                #expect(metrics.contains("torpor_name_queries_total{result=\"forwarded\"} 3\n"), "\(metrics)")
            }
        }

        @Test func functionsFindEachOtherByName() throws {
            try Self.with("nameserver \(Self.loopback)\n") { torpor, server throws in
                try torpor.succeeding("namespace", "create", "team")
                try torpor.deploy("hello")
                try torpor.deploy("other.team")
                for name in [
                    "other.team.torpor.internal", "hello.default.torpor.internal", "Hello.Torpor.Internal",
                    "torpor-gateway",
                ] {
                    let answer = try torpor.resolve("hello", name)
                    #expect(
                        answer.hasPrefix("0 ") && answer.hasSuffix(" \(torpor.gateway)"), "\(name): \(answer)"
                    )
                }
                #expect(
                    try torpor.resolve("hello", "hello.team.torpor.internal").hasPrefix("3 "), "no function")
                let six = try torpor.resolve("hello", "other.team.torpor.internal", "type=28")
                #expect(
                    six.hasPrefix("0 ") && !six.contains(torpor.gateway), "it has no IPv6 address: \(six)")
                #expect(server.asked.isEmpty, "nobody else hears of these: \(server.asked)")
                // What the name leads to is the function.
                let place = "host=\(torpor.gateway)&port=\(torpor.port)&get=/&name=other.team.torpor.internal"
                let reached = try torpor.get("/function/hello/connect?\(place)").text
                #expect(
                    reached.hasPrefix("HTTP/1.1 200") && reached.contains("X-Revision: other-"), "\(reached)")
            }
        }

        @Test func aFirewallThatForbidsAnAnswerCostsNoMoreThanThat() throws {
            try Self.with("nameserver \(Self.loopback)\n") { torpor, _ throws in
                try torpor.deploy("hello")
                let table = "inet torpor-test-\(getpid())"
                let chain = "\(table) out { type filter hook output priority 0; }"
                _ = try ChildProcess.run("nft", ["add table \(table)"])
                defer { _ = try? ChildProcess.run("nft", ["delete table \(table)"]) }
                _ = try ChildProcess.run("nft", ["add chain \(chain)"])
                _ = try ChildProcess.run("nft", ["add rule \(table) out udp sport 53 drop"])
                // sendto(2) fails with EPERM.
                #expect(try !torpor.resolve("hello", "www.test").hasPrefix("0 "))
                _ = try ChildProcess.run("nft", ["delete table \(table)"])
                let answer = try eventually("an answer") {
                    let answer = try torpor.resolve("hello", "www.test")
                    return answer.hasPrefix("0 ") ? answer : nil
                }
                #expect(answer.hasSuffix(FakeNameServer.answer))
            }
        }

        @Test func egressDecides() throws {
            try Self.with("nameserver \(Self.loopback)\n") { torpor, server throws in
                let rule = try EgressRule(parsing: "192.0.2.0/24:443")
                try torpor.deploy("listed") { $0.network = .egress([rule]) }
                try torpor.deploy("closed") { $0.network = .egress([]) }
                try torpor.deploy("alone") { $0.network = .none }
                #expect(try torpor.resolve("listed", "some.test") == "0 43 \(FakeNameServer.answer)")
                // A name would carry out what the network does not.
                #expect(try torpor.resolve("closed", "stolen.test").hasPrefix("5 "))
                #expect(try torpor.resolve("closed", "stolen.test", "tcp=1").hasPrefix("5 "))
                #expect(try torpor.resolve("closed", "listed.torpor.internal").hasSuffix(torpor.gateway))
                #expect(try torpor.read("alone", "/etc/resolv.conf").isEmpty)
                #expect(
                    try torpor.resolve("alone", "stolen.test", "server=\(torpor.gateway)") == "ENETUNREACH")
                #expect(server.asked == ["some.test"])
                // Nothing else has come to be open there, nor where the host itself has its server.
                try torpor.deploy("hello")
                for other in [
                    "port=54", "port=54&tcp=1", "server=\(Self.loopback)", "server=\(Self.loopback)&tcp=1",
                ] {
                    let answer = try torpor.resolve("hello", "some.test", "seconds=1&\(other)")
                    #expect(answer.hasPrefix("E"), "\(other): \(answer)")
                }
            }
        }

        @Test func theHostsConfigurationIsFollowed() throws {
            try Self.with("nameserver \(Self.loopback)\n") { torpor, server throws in
                try torpor.deploy("hello")
                #expect(try torpor.resolve("hello", "www.test") == "0 42 \(FakeNameServer.answer)")
                try FakeNameServer.with("127.0.0.78") { other in
                    try "nameserver 127.0.0.78\n".write(
                        toFile: "\(torpor.directory)/resolv.conf", atomically: false, encoding: .utf8)
                    try becomesTrue("another server", within: .seconds(20)) {
                        _ = try torpor.resolve("hello", "new.test")
                        return other.asked.contains("new.test")
                    }
                }
            }
        }

        @Test func serversThatDoNotAnswerArePassedOver() throws {
            // Nobody is at the first; the second hears and is silent for `slow.…`.
            let text = "nameserver 127.0.0.79\nnameserver \(Self.loopback)\noptions timeout:1\n"
            try Self.with(text) { torpor, _ throws in
                try torpor.deploy("hello")
                for transport in ["tcp=0", "tcp=1"] {
                    #expect(
                        try torpor.resolve("hello", "www.test", transport) == "0 42 \(FakeNameServer.answer)")
                    let start = ContinuousClock.now
                    #expect(
                        try torpor.resolve("hello", "slow.test", transport).hasPrefix("2 "), "server failure")
                    #expect(ContinuousClock.now - start < .seconds(5))
                }
            }
        }

        @Test func aFloodIsFeltByNobodyElse() throws {
            try Self.with("nameserver \(Self.loopback)\n") { torpor, _ throws in
                try torpor.deploy("flood")
                try torpor.deploy("hello")
                let floods = (0..<4).map { _ in
                    Background { try torpor.resolve("flood", "slow.test", "count=20000") }
                }
                var slowest = Duration.zero
                for number in 0..<50 {
                    let start = ContinuousClock.now
                    #expect(try torpor.resolve("hello", "n\(number).test", "seconds=3").hasPrefix("0 "))
                    slowest = max(slowest, ContinuousClock.now - start)
                }
                for flood in floods { #expect(try flood.wait() == "sent") }
                #expect(slowest < .seconds(2), "\(slowest)")
            }
        }

        @Test func whereSomebodyElseHasThePortTheyAskTheHostsServers() throws {
            let text = "nameserver 192.0.2.53\nnameserver \(Self.loopback)\n"
            try TorporFixture.with(start: false) { torpor in
                let held = try FakeNameServer.bound(torpor.gateway, SOCK_DGRAM)
                defer { close(held) }
                try torpor.start(resolvConf: Self.write(text, torpor))
                try torpor.deploy("hello")
                #expect(try torpor.read("hello", "/etc/resolv.conf") == "nameserver 192.0.2.53\n")
                let checks = try torpor.cli("system", "check").output
                #expect(
                    checks.contains("\(torpor.gateway):53") && checks.contains("ask 192.0.2.53 themselves"),
                    "\(checks)")
                let answer = try torpor.resolve("hello", "www.test", "seconds=1&server=\(torpor.gateway)")
                #expect(answer.hasPrefix("E"), "what others have there is closed: \(answer)")
            }
        }

        private static func with(_ text: String, _ body: (Torpor, FakeNameServer) throws -> Void) throws {
            try FakeNameServer.with(loopback) { server in
                try TorporFixture.with(start: false) { torpor in
                    try torpor.start(resolvConf: write(text, torpor))
                    try body(torpor, server)
                }
            }
        }

        private static func write(_ text: String, _ torpor: Torpor) throws -> String {
            let path = "\(torpor.directory)/resolv.conf"
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            return path
        }
    }
}

extension Torpor {
    /// What a function is answered by its name server: "CODE BYTES [truncated] ADDRESS…", or the name of the error.
    fileprivate func resolve(_ function: String, _ name: String, _ more: String = "") throws -> String {
        try get("/function/\(function)/resolve?name=\(name)&\(more)").text
    }
}
