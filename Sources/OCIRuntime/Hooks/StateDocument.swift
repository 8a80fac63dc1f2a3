internal import FoundationEssentials

/// Where a container is in its life (runtime.md, "State"); `paused` is what engines add.
package enum ContainerStatus: String, Codable, Sendable {
    case creating, created, running, stopped, paused
}

/// What is told about a container: to its hooks on standard input, and by `state`.
package struct StateDocument: Codable, Sendable, Hashable {
    package var ociVersion: String
    package var id: String
    package var status: ContainerStatus
    /// Of the container's first process, as its reader numbers processes; 0 when there is none.
    package var pid: Int32
    /// Absolute path of the bundle.
    package var bundle: String
    package var annotations: [String: String]?

    package init(
        ociVersion: String, id: String, status: ContainerStatus, pid: Int32, bundle: String,
        annotations: [String: String]?
    ) {
        self.ociVersion = ociVersion
        self.id = id
        self.status = status
        self.pid = pid
        self.bundle = bundle
        self.annotations = annotations
    }

    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
