internal import ControlAPI
internal import Core
internal import LinuxSystem
internal import Networking
internal import Orchestrator
internal import Sandbox

/// What the daemon found on its host: for `system info` and `system check`, and to refuse limits that it cannot enforce.
struct HostReport: Sendable {
    let configuration: Configuration
    let listen: ListenAddress
    let adminListen: ListenAddress?
    let sandboxes: SandboxRuntime
    let slots: SlotPool
    let resolver: CachedResolver
    /// What containers need of the host, as found at start.
    let probe: HostProbe
    let startedAt: Timestamp

    func info(_ reading: DaemonReading) -> SystemInfo {
        let kernel = HostIdentity.kernel()
        return SystemInfo(
            version: TorporVersion.current, pid: HostIdentity.processID, startedAt: startedAt,
            uptimeSeconds: TimeText.timestamp().unixSeconds - startedAt.unixSeconds,
            stateDirectory: configuration.stateDirectory, runDirectory: configuration.runDirectory,
            gateway: "\(listen)", kernel: kernel.release, architecture: kernel.machine,
            rootless: sandboxes.facts.isRootless,
            functions: reading.functions, instances: reading.instances,
            cgroup: SystemInfo.Cgroup(
                path: sandboxes.cgroupPath, controllers: sandboxes.controllers.sorted(),
                canFreeze: sandboxes.hasCgroups),
            slots: reading.slots, activity: SystemInfo.Activity(reading),
            adminListen: adminListen.map { "\($0)" })
    }

    func checks() -> [CheckItem] { HostChecks.items(probe, slots.report, resolver.current) }

    func ids(of function: FunctionMachine) -> IDRangeView? {
        sandboxes.ids.first(of: function.record.idRange).map {
            IDRangeView(first: $0, shared: sandboxes.ids.areShared)
        }
    }

    func address(of slot: SlotID) -> String? { slots.address(of: slot) }

    /// Limits that were asked for and do not hold here: what was deployed with `limits: besteffort`, or another kernel.
    func warnings(_ limits: LimitSpec, _ ociConfig: [UInt8]) -> [String] {
        sandboxes.unenforceable(limits, ociConfig).map {
            "\($0.limit) is not enforced: this host has no cgroup v2 controller '\($0.controller)'"
        }
    }
}
