internal import Core
internal import Images
internal import LinuxSystem
internal import Logging
internal import Logs
internal import Networking
internal import Sandbox
internal import Secrets

/// The adapters that make, feed and read containers, connected with each other.
struct Parts: Sendable {
    let images: ImageStore
    let logs: LogCollector
    let sandboxes: SandboxRuntime
    let resources: Resources
    let resolver: CachedResolver

    /// Ends and removes what an earlier daemon left. Blocks: for the daemon's start, before anything is served.
    init(_ current: CurrentConfiguration, slots: SlotPool, secrets: SecretVault, logger: Logger) throws {
        let configuration = current.value
        images = try ImageStore(stateDirectory: configuration.stateDirectory)
        logs = try LogCollector(directory: configuration.logDirectory)
        let resolver = CachedResolver { slots.allow(nameServers: $0.linkLocalServers) }
        self.resolver = resolver
        var sandbox = SandboxConfiguration(
            imagesDirectory: configuration.imageDirectory,
            volumesDirectory: configuration.volumeDirectory, runDirectory: configuration.runDirectory,
            uidBase: UInt32(configuration.uidBase), cgroupName: configuration.bridge,
            rootfsPath: ImageStore.relativePath(of:), resolvConf: { resolver.current.file })
        sandbox.gatewayAddress = slots.gatewayAddress
        sandbox.limitsAreBestEffort = { current.value.limits == .besteffort }
        sandbox.bindDirectories = { current.value.bindVolumes + current.value.allow.binds }
        sandbox.allowedDevices = { current.value.allow.devices }
        sandbox.secret = { key in try secrets.value(key) }
        let volumes = VolumeDirectories(path: configuration.volumeDirectory)
        try volumes.prepare()
        sandboxes = try SandboxRuntime(configuration: sandbox, slots: slots, logs: logs)
        resources = Resources(secrets: secrets, volumes: volumes, sandboxes: sandboxes)
        for name in sandboxes.sweep() {
            logger.warning(
                "what an earlier daemon left could not be removed", metadata: ["cgroup": "\(name)"])
        }
        if let problem = sandboxes.cgroupProblem {
            logger.warning(
                "no cgroups: functions are not limited and not frozen", metadata: ["error": "\(problem)"])
        }
        if let problem = sandboxes.deviceProblem {
            logger.warning(
                "no device control: only their user namespace keeps functions from devices",
                metadata: ["error": "\(problem)"])
        }
    }

    func close() async {
        resources.close()
        sandboxes.close()
        await logs.stop()
        images.stop()
    }
}
