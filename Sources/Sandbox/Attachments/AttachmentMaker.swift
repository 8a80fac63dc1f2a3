internal import CLinux
internal import Core
internal import LinuxSystem

/// A mount on its way to torpor-init.
final class AttachedMount: Sendable {
    let mount: DetachedMount
    init(_ mount: consuming DetachedMount) { self.mount = mount }
}

/// Makes what instances have beside their root filesystem, on the one thread that it lives on: so an instance either gets
/// a secret's new value when it starts, or is among those that are told of it.
final class AttachmentMaker {
    private let configuration: SandboxConfiguration
    private let ids: UInt32?
    private let files: InstanceFiles
    private let volumes: VolumeDirectories
    private var userNamespace: SharedFD?
    /// Instances that have files here.
    private var instances: [InstanceID: Attachments] = [:]

    init(_ configuration: SandboxConfiguration, ids: UInt32?) throws(KernelError) {
        self.configuration = configuration
        self.ids = ids
        files = try InstanceFiles(place: "\(configuration.runDirectory)/instances", ids: ids)
        volumes = VolumeDirectories(path: configuration.volumesDirectory)
    }

    /// One mount for each of `attachments.items`.
    /// - Throws: `AttachmentFailure`.
    func make(_ attachments: Attachments, for instance: InstanceID) throws -> [AttachedMount] {
        do {
            try writeFiles(attachments, instance)
            return try attachments.items.map { try AttachedMount(mount($0, attachments, instance)) }
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
        for (instance, attachments) in instances
        where attachments.namespace == secret.namespace && attachments.secrets.contains(secret.name) {
            do { try writeSecret(secret.name, attachments, instance) } catch {
                failures.append((instance, error))
            }
        }
        return failures
    }

    // MARK: Files

    private func writeFiles(_ attachments: Attachments, _ instance: InstanceID) throws {
        guard !attachments.secrets.isEmpty || !attachments.configs.isEmpty else { return }
        do throws(KernelError) {
            try files.makeDirectory(instance.description)
            instances[instance] = attachments
            try files.makeDirectory("\(instance)/secrets", owner: attachments.owner)
            try files.makeDirectory("\(instance)/configs")
            for (number, file) in attachments.configs.enumerated() {
                try files.write(
                    "\(instance)/configs/\(number)", file.content, mode: file.mode, owner: attachments.owner)
            }
        } catch {
            throw AttachmentFailure("cannot write the configuration files: \(error.reason)")
        }
        for name in attachments.secrets { try writeSecret(name, attachments, instance) }
    }

    private func writeSecret(
        _ name: ResourceName, _ attachments: Attachments, _ instance: InstanceID
    ) throws {
        let key = ResourceKey(name: name, namespace: attachments.namespace)
        let value: [UInt8]
        do { value = try configuration.secret(key) } catch {
            throw AttachmentFailure("the secret '\(key)' cannot be read: \(error)")
        }
        do throws(KernelError) {
            try files.write("\(instance)/secrets/\(name)", value, mode: 0o440, owner: attachments.owner)
        } catch {
            throw AttachmentFailure("the secret '\(key)' cannot be written: \(error.reason)")
        }
    }

    // MARK: Mounts

    private func mount(
        _ item: Attachments.Item, _ attachments: Attachments, _ instance: InstanceID
    ) throws -> DetachedMount {
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
        }
    }

    /// Files keep the owners that the function sees: id 0 on the disk is root in the container, and 1000 is 1000.
    private func volume(_ directory: Directory, _ readOnly: Bool) throws -> DetachedMount {
        let mount = try directory.detachedMount()
        var attributes: MountAttributes = [.noSetuid, .noDevices]
        if readOnly { attributes.insert(.readOnly) }
        guard let ids else {
            try mount.add(attributes)
            return mount
        }
        do throws(KernelError) {
            try mount.mapIDs(mappedUsers(ids), adding: attributes)
        } catch {
            throw AttachmentFailure(
                "the file system of a volume cannot show its files to another user namespace "
                    + "(id-mapped mounts): \(error.reason)")
        }
        return mount
    }

    private func mappedUsers(_ ids: UInt32) throws(KernelError) -> SharedFD {
        if let userNamespace { return userNamespace }
        let map = "0 \(ids) \(Limits.containerIDs)\n"
        let made = SharedFD(OwnedFD(owning: try check(clinux_userns(map), "make a user namespace")))
        userNamespace = made
        return made
    }
}
