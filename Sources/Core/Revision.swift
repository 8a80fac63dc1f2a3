/// Where a revision's files came from, as the user named it. For people: the revision owns its copy.
package enum RevisionSource: Hashable, Sendable, Codable {
    case bundle(path: String)
    case rootfs(path: String)
}

/// Content that was imported: `sha256:` and 64 lower-case hexadecimal digits.
package struct ContentDigest: Hashable, Sendable, Codable, CustomStringConvertible {
    package let description: String

    package init(trusted: String) { description = trusted }
    package init(from decoder: any Decoder) throws {
        description = try decoder.singleValueContainer().decode(String.self)
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// One immutable version of a function: its spec and the content that it owns.
package struct Revision: Sendable, Hashable {
    package let id: RevisionID
    package let spec: FunctionSpec
    package let source: RevisionSource
    /// The imported root filesystem.
    package let rootfs: ContentDigest
    /// The OCI runtime configuration, normalised JSON: the bundle's, or the default one around `spec.command`.
    package let ociConfig: [UInt8]
    /// Unix seconds.
    package let createdAt: Int64

    package init(
        id: RevisionID, spec: FunctionSpec, source: RevisionSource, rootfs: ContentDigest, ociConfig: [UInt8],
        createdAt: Int64
    ) {
        self.id = id
        self.spec = spec
        self.source = source
        self.rootfs = rootfs
        self.ociConfig = ociConfig
        self.createdAt = createdAt
    }
}
