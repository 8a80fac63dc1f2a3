import Core
import Networking
import Testing

@Suite struct BridgeNamesTests {
    @Test(
        "host ends fit IFNAMSIZ and are recognised",
        arguments: ["t", "torpor0", "ten-bytes1", "eleven-byte", "a-very-long-one"])
    func hostEnds(bridge: String) throws {
        let names = try BridgeNames(bridge: bridge)
        for number: UInt32 in [2, 12, 999, 9999] {
            let end = names.hostEnd(ofSlot: number)
            #expect(end.utf8.count <= BridgeNames.longest)
            #expect(names.slot(ofHostEnd: end) == number)
        }
        #expect(names.slot(ofHostEnd: bridge) == nil)
        for other in [
            "eth0.12", names.hostEnd(ofSlot: 7) + "x", names.hostEnd(ofSlot: 7).replacing(".7", with: ".07"),
        ] {
            #expect(names.slot(ofHostEnd: other) == nil, "\(other)")
        }
    }

    @Test func form() throws {
        #expect(try BridgeNames(bridge: "torpor0").hostEnd(ofSlot: 12) == "torpor0.12")
        #expect(try BridgeNames(bridge: "torpor0").table == "torpor0")
        #expect(try BridgeNames(bridge: "ip").table == "torpor-ip")
        let pair = [try BridgeNames(bridge: "a-very-long-one"), try BridgeNames(bridge: "a-very-long-two")]
        #expect(pair[0].hostEnd(ofSlot: 2) != pair[1].hostEnd(ofSlot: 2))
    }

    @Test(
        "bad names are refused with the rule",
        arguments: ["", "0a", "a b", "a/b", "a.b", "sixteen-bytes-xx", "ä", "a\"", "a\n"])
    func refused(name: String) {
        #expect(throws: InvalidInput.self) { try BridgeNames(bridge: name) }
    }
}

@Suite struct IPv4SubnetTests {
    @Test func arithmetic() throws {
        let subnet = try IPv4Subnet(parsing: "10.88.0.0/16")
        #expect(subnet.gateway.description == "10.88.0.1")
        #expect(subnet.slotNumbers == 2...65534)
        #expect(subnet.address(ofSlot: 258).description == "10.88.1.2")
        #expect(try IPv4Subnet(parsing: "192.168.7.8/29").slotNumbers == 2...6)
        #expect(subnet.description == "10.88.0.0/16")
    }

    @Test(
        "networks overlap when one holds the other",
        arguments: [
            ("10.88.0.0/16", "10.88.3.0/24", true), ("10.88.3.0/24", "10.0.0.0/8", true),
            ("10.88.0.0/16", "10.89.0.0/16", false), ("10.88.0.0/24", "10.88.1.0/24", false),
        ])
    func overlap(a: String, b: String, expected: Bool) throws {
        let (a, b) = (try IPv4Subnet(parsing: a), try IPv4Subnet(parsing: b))
        #expect(a.overlaps(b) == expected && b.overlaps(a) == expected)
    }

    @Test(
        "what is no subnet is refused",
        arguments: [
            "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/7", "10.0.0.0/30", "10.0.0.1/24", "10.0.0/24",
            "256.0.0.0/8", "::/64",
            "010.0.0.0/8", "10.0.0.0/+9", "10.0.0.0/16/2",
        ])
    func refused(text: String) {
        #expect(throws: InvalidInput.self) { try IPv4Subnet(parsing: text) }
    }
}

@Suite struct ResolverConfigurationTests {
    @Test("servers, search and options are kept; loopback and IPv6 servers are not")
    func parsing() {
        let found = ResolverConfiguration(
            parsing: """
                # a comment
                ; another
                nameserver 127.0.0.53
                nameserver 192.0.2.1
                nameserver\tfe80::1%eth0
                nameserver 192.0.2.2 trailing
                nameserver 192.0.2.3
                nameserver 192.0.2.4
                domain old.example
                search example.org  lan
                options edns0 trust-ad
                options ndots:2
                sortlist 10.0.0.0
                nameserver
                """)
        #expect(found.nameServers == ["192.0.2.1", "192.0.2.2", "192.0.2.3"])
        #expect(found.search == "example.org lan" && found.options == ["edns0 trust-ad", "ndots:2"])
        #expect(found.unreachable == ["127.0.0.53", "fe80::1%eth0"])
        #expect(found.problem == nil)
        let again = ResolverConfiguration(parsing: String(decoding: found.bytes, as: UTF8.self))
        #expect(again.nameServers == found.nameServers && again.search == found.search)
    }

    @Test("a server that is this host itself is not kept: no function reaches it")
    func ownAddress() {
        let found = ResolverConfiguration(
            parsing: "nameserver 192.0.2.1\nnameserver 192.0.2.2\n", isOwn: { "\($0)" == "192.0.2.1" })
        #expect(found.nameServers == ["192.0.2.2"] && found.unreachable == ["192.0.2.1"])
        #expect(ResolverConfiguration.isOfHost(IPv4Address(number: 0x7f00_0001)))
        #expect(!ResolverConfiguration.isOfHost(IPv4Address(number: 0xc000_0201)))
    }

    @Test("only a stub: none is kept, and that is said")
    func onlyLoopback() {
        let found = ResolverConfiguration(parsing: "nameserver 127.0.0.1\n", source: "/etc/resolv.conf")
        #expect(found.nameServers.isEmpty)
        #expect(found.problem?.contains("127.0.0.1") == true)
        #expect(ResolverConfiguration.ofHost(candidates: ["/does/not/exist"]).nameServers.isEmpty)
    }
}
