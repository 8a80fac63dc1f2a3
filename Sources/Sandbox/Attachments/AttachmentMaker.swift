internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI

/// A mount on its way to torpor-init.
final class AttachedMount: Sendable {
    let mount: DetachedMount
    /// Whether its files have the owners that the function sees: the launcher shows it through the container's map.
    let isMapped: Bool
    /// With all that is mounted below.
    let isRecursive: Bool

    init(_ mount: consuming DetachedMount, isMapped: Bool, isRecursive: Bool = false) {
        self.mount = mount
        self.isMapped = isMapped
        self.isRecursive = isRecursive
    }
}

/// Makes what instances have beside their root filesystem, on the one thread that it lives on: so an instance either gets
/// a secret's new value when it starts, or is among those that are told of it.
final class AttachmentMaker {
    /// An instance that has files here.
    private struct Instance {
        let attachments: Attachments
        /// Whom they belong to, in the host's ids; nil is the daemon itself.
        let owner: LaunchJob.Owner?
    }

    private let configuration: SandboxConfiguration
    private let files: InstanceFiles
    private let volumes: VolumeDirectories
    private var instances: [InstanceID: Instance] = [:]

    init(_ configuration: SandboxConfiguration) throws(KernelError) {
        self.configuration = configuration
        files = try InstanceFiles(place: "\(configuration.runDirectory)/instances")
        volumes = VolumeDirectories(path: configuration.volumesDirectory)
    }

    /// One mount for each of `attachments.items`.
    /// - Throws: `AttachmentFailure`.
    func make(
        _ attachments: Attachments, for instance: InstanceID, ids: ContainerIDs?
    ) throws -> [AttachedMount] {
        do {
            let owned = Instance(attachments: attachments, owner: ids?.host(attachments.owner))
            try writeFiles(owned, instance)
            return try attachments.items.map { item in
                AttachedMount(
                    try mount(item, owned, ids, instance), isMapped: item.isVolume,
                    isRecursive: item.isRecursive)
            }
        } catch {
            release(instance)
            throw error
        }
    }

    /// Forgets an instance that is gone. The mounts that it had keep what they show until they are gone, too.
    func release(_ instance: InstanceID) {
        guard instances.removeValue(forKey: instance) != nil else { return }
        try? files.remove(instance.description)
    }

    /// Gives running instances a secret's present value.
    /// - Returns: what failed, by instance.
    func refresh(_ secret: ResourceKey) -> [(InstanceID, any Error)] {
        var failures: [(InstanceID, any Error)] = []
        for (instance, owned) in instances
        where owned.attachments.namespace == secret.namespace
            && owned.attachments.secrets.contains(secret.name)
        {
            do { try writeSecret(secret.name, owned, instance) } catch {
                failures.append((instance, error))
            }
        }
        return failures
    }

    // MARK: Files

    private func writeFiles(_ owned: Instance, _ instance: InstanceID) throws {
        let attachments = owned.attachments
        let hasDevices = attachments.items.contains { if case .device = $0 { true } else { false } }
        guard !attachments.secrets.isEmpty || !attachments.configs.isEmpty || hasDevices else { return }
        do throws(KernelError) {
            try files.makeDirectory(instance.description)
            instances[instance] = owned
            try files.makeDirectory("\(instance)/secrets", owner: owned.owner)
            try files.makeDirectory("\(instance)/configs")
            if hasDevices { try files.makeDirectory("\(instance)/devices") }
            for (number, file) in attachments.configs.enumerated() {
                try files.write(
                    "\(instance)/configs/\(number)", file.content, mode: file.mode, owner: owned.owner)
            }
        } catch {
            throw AttachmentFailure("cannot write the configuration files: \(error.reason)")
        }
        for name in attachments.secrets { try writeSecret(name, owned, instance) }
    }

    private func writeSecret(_ name: ResourceName, _ owned: Instance, _ instance: InstanceID) throws {
        let key = ResourceKey(name: name, namespace: owned.attachments.namespace)
        let value: [UInt8]
        do { value = try configuration.secret(key) } catch {
            throw AttachmentFailure("the secret '\(key)' cannot be read: \(error)")
        }
        do throws(KernelError) {
            try files.write("\(instance)/secrets/\(name)", value, mode: 0o440, owner: owned.owner)
        } catch {
            throw AttachmentFailure("the secret '\(key)' cannot be written: \(error.reason)")
        }
    }

    // MARK: Mounts

    private func mount(
        _ item: Attachments.Item, _ owned: Instance, _ ids: ContainerIDs?, _ instance: InstanceID
    ) throws -> DetachedMount {
        let attachments = owned.attachments
        do {
            switch item {
            case .secrets: return try files.mount("\(instance)/secrets")
            case .config(let number): return try files.mount("\(instance)/configs/\(number)")
            case .named(let name, let readOnly):
                let key = ResourceKey(name: name, namespace: attachments.namespace)
                let owner = attachments.owner
                return try volume(volumes.open(key, user: owner.user, group: owner.group), readOnly)
            case .bind(let source, let readOnly):
                let binds = BindDirectories(allowed: configuration.bindDirectories())
                return try volume(binds.open(source), readOnly)
            case .path(let bind): return try path(bind)
            case .device(let node, let number):
                return try device(node, "\(instance)/devices/\(number)", ids?.host(node.owner))
            }
        } catch let error as KernelError {
            throw AttachmentFailure("cannot mount \(Self.words(for: item)): \(error.reason)")
        }
    }

    private static func words(for item: Attachments.Item) -> String {
        switch item {
        case .secrets: "the secrets"
        case .config(let number): "configuration file \(number)"
        case .named(let name, _): "the volume '\(name)'"
        case .bind(let source, _): "the host's directory '\(source)'"
        case .path(let bind): "the host's '\(bind.source)'"
        case .device(let node, _): "the device '\(node.path)'"
        }
    }

    private func path(_ bind: HostPaths.Bind) throws -> DetachedMount {
        let binds = BindDirectories(allowed: configuration.bindDirectories())
        let mount = try binds.mount(bind.source, recursive: bind.isRecursive)
        // What the host mounts there later is not the function's.
        try mount.change(propagation: MountOptions.Propagation.private.rawValue, recursive: true)
        let always: MountAttributes = [.noSetuid, .noDevices]
        try mount.change(adding: bind.attributesBelow.union(always), recursive: bind.isRecursive)
        try mount.change(adding: bind.attributes)
        return mount
    }

    /// A node of the instance's own, since that of the host has owners whom no map shows. Where none can be made, it is
    /// the host's.
    private func device(
        _ node: HostPaths.Node, _ path: String, _ owner: LaunchJob.Owner?
    ) throws -> DetachedMount {
        guard configuration.allowedDevices().contains(node.source),
            HostPaths.kind(of: node.source) == node.kind
        else {
            throw AttachmentFailure(
                "torpord.yaml does not allow the device '\(node.path)', or it has gone from \(node.source)")
        }
        do {
            return try files.device(path, of: node, owner: owner)
        } catch {
            guard error.code == EPERM else { throw error }
            return try DetachedMount(copying: node.source)
        }
    }

    /// Files keep the owners that the function sees: id 0 on the disk is root in the container, and 1000 is 1000.
    private func volume(_ directory: Directory, _ readOnly: Bool) throws -> DetachedMount {
        let mount = try directory.detachedMount()
        try mount.change(propagation: MountOptions.Propagation.private.rawValue, recursive: false)
        var attributes: MountAttributes = [.noSetuid, .noDevices]
        if readOnly { attributes.insert(.readOnly) }
        try mount.add(attributes)
        return mount
    }
}
