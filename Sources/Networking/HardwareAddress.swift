internal import Core

/// The Ethernet address of a slot's interface: it follows from the slot's IPv4 address, so that one is as good as the
/// other to tell who sent a packet. Locally administered.
struct HardwareAddress: Equatable, CustomStringConvertible {
    let octets: [UInt8]

    init(of address: IPv4Address) { octets = [0x02, 0x74] + address.octets }

    init(octets: [UInt8]) { self.octets = octets }

    var description: String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
