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
                // Through the gateway, on the bridge's address, they do; of the platform's own paths there is none.
                func gateway(_ path: String) throws -> String {
                    let place = "host=\(torpor.gateway)&port=\(torpor.port)"
                    return try torpor.get("/function/hello/connect?\(place)&get=\(path)").text
                }
                #expect(try gateway("/function/other/").hasPrefix("HTTP/1.1 200"))
                #expect(try gateway("/metrics").hasPrefix("HTTP/1.1 404"))
                #expect(try torpor.read("hello", "/etc/hosts").contains("\(torpor.gateway) torpor-gateway\n"))
                let host = try torpor.get("/function/hello/connect?host=127.0.0.1&port=\(torpor.port)")
                #expect(host.text == "ECONNREFUSED", "loopback is its own")
            }
        }

        /// A function has what its newest revision says, and no other has it too.
        @Test func egressIsOfTheRevision() throws {
            try TorporFixture.with { torpor in
                try Internet.with(torpor) { internet in
                    func reached(_ name: String) throws -> String {
                        try torpor.get(
                            "/function/\(name)/connect?host=\(internet.address)&port=\(internet.port)"
                        ).text
                    }
                    let there = try EgressRule(to: internet.address, ports: ["\(internet.port)"])
                    let elsewhere = try EgressRule(to: internet.address, ports: ["443"])
                    try torpor.deploy("open")
                    for (network, expected) in [
                        (NetworkSpec.egress([]), "EHOSTUNREACH"), (.egress([there]), internet.hostAddress),
                        (.egress([elsewhere]), "EHOSTUNREACH"), (.default, internet.hostAddress),
                        (.egress([]), "EHOSTUNREACH"),
                    ] {
                        try torpor.deploy("hello") { $0.network = network }
                        #expect(try reached("hello") == expected, "\(network)")
                        #expect(try torpor.describe("hello").spec.network == network)
                        #expect(try reached("open") == internet.hostAddress)
                    }
                }
            }
        }

        /// The slot belongs to the host's users: what a bundle grants is power over the function's own alone.
        @Test func rawSocketsAreRefusedEvenToWhoIsGrantedThem() throws {
            try TorporFixture.with { torpor in
                var bundle = try OCIBundle()
                let granted = ["CAP_NET_RAW", "CAP_NET_BIND_SERVICE", "CAP_KILL"]
                for set in ["bounding", "effective", "permitted"] {
                    bundle.set("process.capabilities.\(set)", granted)
                }
                try bundle.write()
                try torpor.deploy("raw", bundle: bundle)
                let mask = try #require(
                    torpor.statusFields(of: "raw")["CapEff"].flatMap { UInt64($0, radix: 16) })
                #expect(mask >> 13 & 1 == 1, "it has the capability, in its own user namespace")
                for socket in ["family=2&type=3&protocol=1", "family=17&type=3&protocol=768"] {
                    let result = try torpor.get("/function/raw/socket?\(socket)").text
                    #expect(result == "EPERM", "\(socket): \(result)")
                }
                #expect(try torpor.get("/function/raw/socket?family=2&type=1").text == "done")
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
