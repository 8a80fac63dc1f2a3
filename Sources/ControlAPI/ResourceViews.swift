package import Core

/// One line of `torpor secret list`. Its value is never shown, nor how long that is.
package struct SecretView: Sendable, Hashable, Codable {
    package var name: ResourceName
    package var namespace: NamespaceName
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Functions that refer to it, as `name.namespace`.
    package var usedBy: [String]

    package init(_ secret: SealedSecret, usedBy functions: [FunctionKey]) {
        name = secret.key.name
        namespace = secret.key.namespace
        createdAt = Timestamp(unixSeconds: secret.createdAt)
        updatedAt = Timestamp(unixSeconds: secret.updatedAt)
        usedBy = functions.map(\.description)
    }
}

/// One line of `torpor volume list`.
package struct VolumeView: Sendable, Hashable, Codable {
    package var name: ResourceName
    package var namespace: NamespaceName
    /// Where its files are on the host.
    package var path: String
    /// What its files take on the disk.
    package var bytes: Int64
    /// Whether it is more than `bytes`: there are too many files to count them now.
    package var moreThan: Bool
    /// Functions that refer to it, as `name.namespace`.
    package var usedBy: [String]

    package init(
        _ key: ResourceKey, path: String, bytes: Int64, moreThan: Bool, usedBy functions: [FunctionKey]
    ) {
        name = key.name
        namespace = key.namespace
        self.path = path
        self.bytes = bytes
        self.moreThan = moreThan
        usedBy = functions.map(\.description)
    }
}

package struct SecretList: Sendable, Hashable, Codable {
    package var secrets: [SecretView]
    package init(secrets: [SecretView]) { self.secrets = secrets }
}

package struct VolumeList: Sendable, Hashable, Codable {
    package var volumes: [VolumeView]
    package init(volumes: [VolumeView]) { self.volumes = volumes }
}

/// The part of `ControlBackend` about what functions refer to.
package protocol ResourceBackend: Sendable {
    /// Sorted by namespace and name; nil is every namespace.
    func secrets(namespace: NamespaceName?) async throws(ControlError) -> [SecretView]
    /// Returns when it is durable and running instances have the new value.
    func setSecret(_ key: ResourceKey, to value: [UInt8]) async throws(ControlError) -> SecretView
    /// - Throws: `conflict`, which names the functions that use it.
    func removeSecret(_ key: ResourceKey) async throws(ControlError)
    func volumes(namespace: NamespaceName?) async throws(ControlError) -> [VolumeView]
    /// Removes the volume with all its files.
    /// - Throws: `conflict`, which names the functions that use it.
    func removeVolume(_ key: ResourceKey) async throws(ControlError)
}

extension ControlRoute {
    /// Whether the path names a secret or a volume instead of a function.
    package var namesResource: Bool {
        switch self {
        case .setSecret, .removeSecret, .removeVolume: true
        default: false
        }
    }

    /// The path of this operation on a secret or volume.
    package func path(_ resource: ResourceKey) -> String {
        template.replacing("{namespace}", with: resource.namespace.description)
            .replacing("{name}", with: resource.name.description)
    }
}
