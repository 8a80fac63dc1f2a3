import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// What functions reach: other hosts by NAT, neither this host nor each other.
    @Suite struct EgressTests {
        @Test func theInternetByNATAndNothingElse() throws {
            try TorporFixture.with { torpor in
                try Internet.with(torpor) { internet in
                    try torpor.deploy("hello")
                    let reached = try torpor.get(
                        "/function/hello/connect?host=\(internet.address)&port=\(internet.port)")
                    #expect(reached.text == internet.hostAddress, "it sees this host's address, by NAT")

                    try torpor.deploy("alone") { $0.network = .none }
                    let unreachable = try torpor.get(
                        "/function/alone/connect?host=\(internet.address)&port=\(internet.port)")
                    #expect(unreachable.text == "ENETUNREACH")
                }
                try torpor.deploy("other")
                let address = try #require(try torpor.instance(of: "other").address)
                let neighbour = try torpor.get("/function/hello/connect?host=\(address)&port=8080")
                #expect(
                    neighbour.text.hasPrefix("E"),
                    "functions meet through the gateway alone: \(neighbour.text)")
                let host = try torpor.get("/function/hello/connect?host=127.0.0.1&port=\(torpor.port)")
                #expect(host.text == "ECONNREFUSED", "loopback is its own")
            }
        }
    }
}

/// A network namespace that plays the rest of the world: it tells who connects to it as whom it sees them.
private struct Internet {
    let address = "198.51.100.2"
    let hostAddress = "198.51.100.1"
    let port = 7007

    static func with(_ torpor: Torpor, _ body: (Internet) throws -> Void) throws {
        let internet = Internet()
        let holder = try ChildProcess("unshare", ["-n", "sleep", "1000"])
        defer {
            holder.signal(SIGKILL)
            _ = try? holder.wait()
        }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/net")
        try becomesTrue("a namespace") {
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(holder.pid)/ns/net") != own
        }
        let link = "wan\(torpor.bridge.dropFirst(2))"
        let inside = ["-t", "\(holder.pid)", "-n"]
        try ChildProcess.run(
            "ip", ["link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", "\(holder.pid)"])
        defer { _ = try? ChildProcess.run("ip", ["link", "delete", link]) }
        try ChildProcess.run("ip", ["address", "add", "\(internet.hostAddress)/24", "dev", link])
        try ChildProcess.run("ip", ["link", "set", link, "up"])
        for command in ["address add \(internet.address)/24 dev eth0", "link set eth0 up", "link set lo up"] {
            try ChildProcess.run("nsenter", inside + ["ip"] + command.split(separator: " ").map(String.init))
        }
        let teller = "\(torpor.directory)/teller"
        try ChildProcess.run("cc", ["-static", "-o", teller, "\(Programs.sources)/teller.c"])
        let server = try ChildProcess("nsenter", inside + [teller, "\(internet.port)"])
        defer {
            server.signal(SIGKILL)
            _ = try? server.wait()
        }
        try becomesTrue("the server") { (try? Connection.tcp(internet.port, host: internet.address)) != nil }
        try body(internet)
    }
}
