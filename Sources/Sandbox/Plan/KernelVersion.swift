internal import LinuxSystem

/// The first two numbers of a release of Linux.
package struct KernelVersion: Sendable, Hashable, Comparable {
    package let major: Int
    package let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// - Parameter release: of uname(2), `6.1.0-18-amd64`; 0.0 is what has no numbers.
    package init(release: String) {
        let numbers = release.split(separator: ".").prefix(2).map { part in
            Int(part.prefix { $0.isASCII && $0.isNumber }) ?? 0
        }
        self.init(numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0)
    }

    package static func ofHost() -> KernelVersion { KernelVersion(release: HostIdentity.kernel().release) }

    package static func < (left: KernelVersion, right: KernelVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
