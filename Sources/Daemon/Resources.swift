internal import Core
internal import LinuxSystem
internal import Logging
internal import Sandbox
internal import Secrets
internal import Store
internal import Synchronization

/// What functions refer to beside their content: secrets and named volumes.
final class Resources: Sendable {
    let secrets: SecretVault
    let volumes: VolumeDirectories
    private let sandboxes: SandboxRuntime
    /// Removes files; comes with the first that are to be removed.
    private let worker = Mutex<WorkerThread?>(nil)
    private static let waiting = 64

    init(secrets: SecretVault, volumes: VolumeDirectories, sandboxes: SandboxRuntime) {
        self.secrets = secrets
        self.volumes = volumes
        self.sandboxes = sandboxes
    }

    /// Secrets that cannot be read are told at once, not when a function fails.
    static func openSecrets(
        _ configuration: Configuration, _ store: SQLiteStore, credentials: String?, _ logger: Logger
    ) async throws -> SecretVault {
        let keys = try SecretKeys(directory: configuration.secretDirectory, credentials: credentials)
        let vault = try await SecretVault(keys: keys, store: store)
        for problem in vault.problems() {
            logger.warning("a secret cannot be read", metadata: ["reason": "\(problem)"])
        }
        return vault
    }

    /// What a deploy needs to be there.
    static func check(
        _ function: FunctionKey, _ spec: FunctionSpec, _ secrets: SecretVault
    ) throws(InvalidInput) {
        for (index, name) in spec.secrets.enumerated()
        where !secrets.contains(ResourceKey(name: name, namespace: function.namespace)) {
            throw InvalidInput(
                "secrets[\(index)]", "there is no secret '\(name)' in namespace '\(function.namespace)'",
                allowed: "set it first: torpor secret set \(name)"
                    + (function.namespace == .default ? "" : " -n \(function.namespace)"))
        }
    }

    /// Returns when running instances have it.
    func setSecret(_ key: ResourceKey, to value: [UInt8], now: Int64) async throws -> SealedSecret {
        let secret = try await secrets.set(key, to: value, now: now)
        let failures = await sandboxes.refresh(key)
        if let (instance, error) = failures.first {
            throw ResourceFailure(
                "the secret is set, but \(failures.count) running instances still have the old value: "
                    + "\(instance): \(error)")
        }
        return secret
    }

    func listVolumes() async throws -> [ResourceKey] {
        let volumes = volumes
        return try await thread().run { try volumes.list() }
    }

    /// With what they take on the disk.
    func measuredVolumes(of namespace: NamespaceName?) async throws -> [(key: ResourceKey, size: VolumeSize)]
    {
        let volumes = volumes
        return try await thread().run {
            let keys = try volumes.list().filter { namespace == nil || $0.namespace == namespace }
            let clock = ContinuousClock()
            let end = clock.now + Limits.measureTime
            let sizes = volumes.sizes(of: keys) { clock.now >= end }
            return zip(keys, sizes).map { (key: $0, size: $1) }
        }
    }

    /// - Returns: false when there is none.
    func removeVolume(_ key: ResourceKey) async throws -> Bool {
        let volumes = volumes
        return try await thread().run { try volumes.remove(key) }
    }

    private func thread() throws(KernelError) -> WorkerThread {
        try worker.withLock { worker throws(KernelError) in
            if let worker { return worker }
            let made = try WorkerThread(name: "volumes", limit: Self.waiting)
            worker = made
            return made
        }
    }

    /// Waits for what is under way. Blocks.
    func close() { worker.withLock { $0 }?.stop() }
}

struct ResourceFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
