/// A container's configuration: `config.json` of the OCI runtime specification 1.2, its Linux part.
///
/// The types hold what the file says and nothing else: an absent key is nil. What the platform does with it, and what it
/// refuses, is `HonouredFields`. Unknown keys are ignored, as the specification asks (config.md, "Extensibility").
package struct OCIConfig: Codable, Sendable, Hashable {
    /// The version of the specification that the file follows, 1.x.
    package var ociVersion: String
    package var process: Process
    package var root: Root
    package var hostname: String?
    package var domainname: String?
    package var mounts: [Mount]?
    package var hooks: Hooks?
    package var annotations: [String: String]?
    package var linux: Linux?

    package init(ociVersion: String, process: Process, root: Root) {
        self.ociVersion = ociVersion
        self.process = process
        self.root = root
    }

    /// The root filesystem of the container.
    package struct Root: Codable, Sendable, Hashable {
        /// Absolute, or relative to the bundle.
        package var path: String
        package var readonly: Bool?

        package init(path: String, readonly: Bool? = nil) {
            self.path = path
            self.readonly = readonly
        }
    }

    /// One entry of `mounts`, in the order in which they are made.
    package struct Mount: Codable, Sendable, Hashable {
        /// Absolute path inside the container.
        package var destination: String
        package var type: String?
        package var source: String?
        package var options: [String]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?

        package init(destination: String, type: String?, source: String?, options: [String]?) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
        }

        /// Whether it shows a path of the host.
        package var isBind: Bool {
            let options = options ?? []
            return type == "bind" || options.contains("bind") || options.contains("rbind")
        }
    }

    /// A range of ids of a user namespace and what it stands for outside.
    package struct IDMapping: Codable, Sendable, Hashable {
        package var containerID: UInt32
        package var hostID: UInt32
        package var size: UInt32

        package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
            self.containerID = containerID
            self.hostID = hostID
            self.size = size
        }
    }

    /// Programs that an engine runs around a container's life.
    package struct Hooks: Codable, Sendable, Hashable {
        package var prestart: [Hook]?
        package var createRuntime: [Hook]?
        package var createContainer: [Hook]?
        package var startContainer: [Hook]?
        package var poststart: [Hook]?
        package var poststop: [Hook]?

        package init() {}
    }

    package struct Hook: Codable, Sendable, Hashable {
        package var path: String
        package var args: [String]?
        package var env: [String]?
        /// Seconds.
        package var timeout: Int?

        package init(path: String, args: [String]? = nil, env: [String]? = nil, timeout: Int? = nil) {
            self.path = path
            self.args = args
            self.env = env
            self.timeout = timeout
        }
    }
}
