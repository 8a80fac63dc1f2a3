internal import Core
internal import LinuxSystem

/// What a revision's containers have beside their root filesystem, in the order in which torpor-init gets it: a detached
/// mount each. Memory volumes are no such thing: init mounts them itself.
struct Attachments: Sendable {
    enum Item: Sendable, Hashable {
        /// The directory of the function's secrets; it is in several places.
        case secrets
        case named(ResourceName, readOnly: Bool)
        case bind(String, readOnly: Bool)
        case config(Int)
        /// Of the bundle: a path of the host's.
        case path(HostPaths.Bind)
        /// Of the bundle, with its place among the nodes.
        case device(HostPaths.Node, Int)

        var isVolume: Bool {
            switch self {
            case .named, .bind, .path: true
            case .secrets, .config, .device: false
            }
        }

        var isRecursive: Bool { if case .path(let bind) = self { bind.isRecursive } else { false } }
    }

    let namespace: NamespaceName
    let secrets: [ResourceName]
    let configs: [ConfigFile]
    let items: [Item]
    /// Whom secrets and configuration files belong to, in the container's ids, and who gets a volume that is new.
    let owner: LaunchJob.Owner

    var isEmpty: Bool { items.isEmpty }

    init(
        spec: FunctionSpec, namespace: NamespaceName, owner: LaunchJob.Owner, paths: HostPaths = .none
    ) {
        self.namespace = namespace
        self.owner = owner
        secrets = spec.secrets
        configs = spec.configs
        items =
            paths.binds.map { .path($0) } + paths.nodes.enumerated().map { .device($0.element, $0.offset) }
            + Self.placed(spec).compactMap(\.item)
    }

    /// The steps that put what the spec names in its place, those first that others lie on. What the bundle names is
    /// attached among its mounts.
    static func steps(_ spec: FunctionSpec, after paths: HostPaths = .none) -> [LaunchPlan.Step] {
        guard spec.hasAttachments else { return [] }
        var index = paths.binds.count + paths.nodes.count
        var steps: [(path: String, step: LaunchPlan.Step)] = []
        for place in placed(spec) {
            if let item = place.item {
                let isFile = if case .config = item { true } else { false }
                steps.append((place.path, .attachment(.attached(index), target: place.path, isFile: isFile)))
                index += 1
            } else if let size = place.memory {
                steps.append((place.path, memory(place.path, size)))
            }
        }
        // A path is longer than any that it lies below.
        return steps.sorted { ($0.path.utf8.count, $0.path) < ($1.path.utf8.count, $1.path) }.map(\.step)
    }

    private static func memory(_ path: String, _ size: ByteCount) -> LaunchPlan.Step {
        .mount(
            type: "tmpfs", target: path, options: ["mode=1777", "size=\(size.bytes)"],
            attributes: [.noSetuid, .noDevices])
    }

    private struct Place {
        let path: String
        var item: Item?
        var memory: ByteCount?
    }

    private static func placed(_ spec: FunctionSpec) -> [Place] {
        let secrets =
            spec.secrets.isEmpty ? [] : ContainerPath.secrets.map { Place(path: $0, item: .secrets) }
        let volumes = spec.volumes.map { volume in
            switch volume.kind {
            case .named(let name):
                Place(path: volume.path, item: .named(name, readOnly: volume.readOnly))
            case .bind(let source):
                Place(path: volume.path, item: .bind(source, readOnly: volume.readOnly))
            case .tmpfs(let size): Place(path: volume.path, memory: size)
            }
        }
        return secrets + volumes
            + spec.configs.enumerated().map { Place(path: $0.element.path, item: .config($0.offset)) }
    }
}

/// Why something could not be attached, for people.
struct AttachmentFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
