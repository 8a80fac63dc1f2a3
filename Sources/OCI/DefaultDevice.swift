/// The device nodes that every container has (config-linux.md, "Default Devices"), and the terminals.
package enum DefaultDevice {
    static let names = "/dev/null, zero, full, random, urandom, tty"

    private static let nodes: [String: (major: Int64, minor: Int64)] = [
        "/dev/null": (1, 3), "/dev/zero": (1, 5), "/dev/full": (1, 7), "/dev/random": (1, 8),
        "/dev/urandom": (1, 9), "/dev/tty": (5, 0),
    ]

    package static func isOne(_ device: OCIConfig.Device) -> Bool {
        guard let node = nodes[device.path], device.type == "c" else { return false }
        return device.major == node.major && device.minor == node.minor
    }

    /// Whether a rule of the device controller says no more and no less than what holds anyway.
    package static func isImplied(by rule: OCIConfig.DeviceRule) -> Bool {
        // -1 stands for every number, as in the rules of cgroup v1.
        let major = rule.major == -1 ? nil : rule.major
        let minor = rule.minor == -1 ? nil : rule.minor
        let everyType = rule.type == nil || rule.type == "a" || rule.type == ""
        if everyType && major == nil && minor == nil { return !rule.allow }
        guard rule.type == "c", let major else { return !rule.allow }
        let known = isKnown(major: major, minor: minor)
        return rule.allow == known
    }

    private static func isKnown(major: Int64, minor: Int64?) -> Bool {
        switch (major, minor) {
        // The console and the multiplexer of pseudo-terminals, and its slaves.
        case (5, 1), (5, 2), (136, _): true
        case (let major, let minor?): nodes.values.contains { $0 == (major, minor) }
        default: false
        }
    }
}
