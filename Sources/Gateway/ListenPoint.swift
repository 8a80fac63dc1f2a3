/// A socket that the gateway serves.
package struct ListenPoint: Sendable {
    package enum Source: Sendable {
        /// An IP address, and a port; port 0 takes a free one.
        case address(host: String, port: Int)
        /// A socket that listens already, as service managers pass it; the descriptor stays the caller's.
        case inherited(descriptor: Int32)
    }

    /// What is served there.
    package enum Role: Sendable {
        case all
        /// Everything but the platform's own paths, which are served elsewhere.
        case functions
        /// The platform's own paths alone.
        case platform

        var hasFunctions: Bool { self != .platform }
        var hasPlatform: Bool { self != .functions }
    }

    package var source: Source
    package var role: Role

    package init(_ source: Source, role: Role = .all) {
        self.source = source
        self.role = role
    }
}
