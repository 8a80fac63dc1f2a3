package import Core
package import OCI

/// Which devices a container may use: a list whose last matching rule wins, for each kind of access by itself
/// (config-linux.md, "Allowed Device list"). What no rule is about is denied. Pure.
package struct DeviceRules: Sendable, Hashable {
    package enum Kind: UInt32, Sendable { case block = 1, character = 2 }

    /// As in linux/bpf.h, BPF_DEVCG_ACC_*.
    package struct Access: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let makeNode = Access(rawValue: 1)
        package static let read = Access(rawValue: 2)
        package static let write = Access(rawValue: 4)
        package static let all: Access = [.makeNode, .read, .write]
    }

    package struct Rule: Sendable, Hashable {
        let allows: Bool
        /// Nil stands for every one; so do the numbers.
        let kind: Kind?
        let major: UInt32?
        let minor: UInt32?
        let access: Access
    }

    package private(set) var rules: [Rule]

    /// What every function has: the six nodes of each container, and the terminals of its own devpts.
    package static let standard = DeviceRules(
        rules: [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2), (136, nil)].map { node in
            Rule(allows: true, kind: .character, major: node.0, minor: node.1, access: .all)
        })

    private init(rules: [Rule]) { self.rules = rules }

    /// A container's list. The devices that every container has come last, as the specification wants them to be there
    /// whatever its rules say; those that it has nodes of (`linux.devices`) can be used unless a rule is about them.
    /// - Parameter makesNodes: whether it may make nodes of whatever device, as engines expect; using them is another thing.
    /// - Throws: `InvalidInput` for a rule that is none.
    package init(_ linux: OCIConfig.Linux?, makesNodes: Bool) throws(InvalidInput) {
        let path = "linux.resources.devices"
        let own = linux?.resources?.devices ?? []
        guard own.count <= Limits.deviceRules else {
            throw InvalidInput(path, "has \(own.count) rules", allowed: "at most \(Limits.deviceRules)")
        }
        rules = []
        if makesNodes {
            rules.append(Rule(allows: true, kind: nil, major: nil, minor: nil, access: .makeNode))
        }
        for device in linux?.devices ?? [] where !own.contains(where: { Self.names(device, in: $0) }) {
            guard let major = device.major, let minor = device.minor, device.type != "p" else { continue }
            rules.append(
                try Rule(
                    OCIConfig.DeviceRule(
                        allow: true, type: device.type, major: major, minor: minor, access: nil),
                    at: "linux.devices"))
        }
        for (index, rule) in own.enumerated() { rules.append(try Rule(rule, at: "\(path)[\(index)]")) }
        rules += Self.standard.rules
    }

    private static func names(_ device: OCIConfig.Device, in rule: OCIConfig.DeviceRule) -> Bool {
        let kind = device.type == "u" ? "c" : device.type
        let isOfKind = [nil, "", "a", kind].contains(rule.type == "u" ? "c" : rule.type)
        return isOfKind && rule.major == device.major && rule.minor == device.minor
    }
}

extension DeviceRules.Rule {
    /// - Throws: `InvalidInput` that names the value which is none.
    fileprivate init(_ rule: OCIConfig.DeviceRule, at path: String) throws(InvalidInput) {
        allows = rule.allow
        switch rule.type ?? "" {
        case "", "a": kind = nil
        case "c", "u": kind = .character
        case "b": kind = .block
        case let type:
            throw InvalidInput(
                path + ".type", "'\(type.prefix(20))' is no type of a device", allowed: "a, c, b")
        }
        major = try Self.number(rule.major, at: path + ".major")
        minor = try Self.number(rule.minor, at: path + ".minor")
        var access: DeviceRules.Access = []
        for letter in rule.access ?? "" {
            switch letter {
            case "r": access.insert(.read)
            case "w": access.insert(.write)
            case "m": access.insert(.makeNode)
            default:
                throw InvalidInput(path + ".access", "'\(letter)' is no access", allowed: "r, w and m")
            }
        }
        self.access = access.isEmpty ? .all : access
    }

    /// -1 stands for every number, as in the rules of cgroup v1.
    private static func number(_ value: Int64?, at path: String) throws(InvalidInput) -> UInt32? {
        guard let value, value != -1 else { return nil }
        guard let number = Int32(exactly: value), number >= 0 else {
            throw InvalidInput(path, "\(value) is out of range", allowed: "0 to \(Int32.max), or -1")
        }
        return UInt32(number)
    }
}
