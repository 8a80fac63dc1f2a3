internal import Core
internal import LinuxSystem
internal import OCI

/// What of the host a bundle asks for: directories and files (`mounts`) and devices (`linux.devices`), as far as
/// `torpord.yaml` allows them.
struct HostPaths: Sendable, Hashable {
    struct Bind: Sendable, Hashable {
        let source: String
        let isFile: Bool
        /// With everything that is mounted below it.
        let isRecursive: Bool
        let attributes: MountAttributes
        let attributesBelow: MountAttributes
    }

    struct Node: Sendable, Hashable {
        /// The path in the container.
        let path: String
        /// A path of the host's that `torpord.yaml` allows, and what is there.
        let source: String
        let kind: FileStatus.Kind
        let mode: UInt32
        /// In the container's ids.
        let owner: LaunchJob.Owner
    }

    /// In the order of their mounts.
    private(set) var binds: [Bind] = []
    private(set) var nodes: [Node] = []

    static let none = HostPaths()

    private init() {}

    /// Looks at the host: whether a source is a directory, and which device is where.
    /// - Throws: `InvalidInput` that names the field, for what is not allowed or not there.
    init(_ config: OCIConfig, binds allowed: BindDirectories, devices: [String]) throws(InvalidInput) {
        for (index, mount) in (config.mounts ?? []).enumerated() where mount.isBind {
            do { binds.append(try Self.bind(mount, allowed)) } catch {
                throw error.inside("mounts[\(index)]")
            }
        }
        for (index, device) in (config.linux?.devices ?? []).enumerated() where !DefaultDevice.isOne(device) {
            do { nodes.append(try Self.node(device, devices)) } catch {
                throw error.inside("linux.devices[\(index)]")
            }
        }
        guard binds.count + nodes.count <= Limits.hostPaths else {
            throw InvalidInput(
                "mounts", "binds and linux.devices are \(binds.count + nodes.count)",
                allowed: "at most \(Limits.hostPaths)")
        }
    }

    private static func bind(
        _ mount: OCIConfig.Mount, _ allowed: BindDirectories
    ) throws(InvalidInput) -> Bind {
        let source = mount.source ?? ""
        do { try allowed.check(source) } catch { throw error.inside("source") }
        let options = try MountOptions(mount.options ?? [], type: "bind", path: "options")
        do {
            return Bind(
                source: source, isFile: try allowed.isFile(source),
                isRecursive: options.flags.contains(.recursive),
                attributes: MountAttributes(rawValue: options.attributes),
                attributesBelow: MountAttributes(rawValue: options.recursive.set))
        } catch {
            throw InvalidInput("source", "'\(source.prefix(200))' cannot be used: \(error)")
        }
    }

    private static func node(
        _ device: OCIConfig.Device, _ allowed: [String]
    ) throws(InvalidInput) -> Node {
        guard let major = device.major.flatMap(UInt32.init(exactly:)),
            let minor = device.minor.flatMap(UInt32.init(exactly:))
        else { throw InvalidInput("", "needs a major and a minor number") }
        let kind: FileStatus.Kind =
            device.type == "b"
            ? .blockDevice(major: major, minor: minor) : .characterDevice(major: major, minor: minor)
        guard let source = allowed.first(where: { Self.kind(of: $0) == kind }) else {
            throw InvalidInput(
                "", "torpord.yaml does not allow the device \(device.type) \(major):\(minor)",
                allowed: allowed.isEmpty
                    ? "none: allow.devices names none" : "what is at " + allowed.joined(separator: ", "))
        }
        return Node(
            path: device.path, source: source, kind: kind, mode: (device.fileMode ?? 0o666) & 0o777,
            owner: LaunchJob.Owner(user: device.uid ?? 0, group: device.gid ?? 0))
    }

    /// What is at a path of the host, or where a link there leads: udev's names are links. Nil for what is not there.
    static func kind(of path: String) -> FileStatus.Kind? {
        guard let file = try? File.open(path, flags: File.pathOnly) else { return nil }
        return try? FileStatus.of(FileName(""), at: file.raw).kind
    }
}
