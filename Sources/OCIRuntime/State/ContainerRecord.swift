internal import FoundationEssentials
internal import LinuxSystem

/// What the runtime remembers about a container between its commands: `state.json` in the container's directory.
package struct ContainerRecord: Codable, Sendable, Hashable {
    package var id: String
    /// Absolute path of the bundle.
    package var bundle: String
    /// Absolute path of the root file system on the host.
    package var rootfs: String
    /// RFC 3339, in UTC.
    package var created: String
    /// Who made it.
    package var owner: UInt32
    package var annotations: [String: String]?
    /// `creating`, `created` or `running`: that it was told to be; whether its process still runs is asked each time.
    package var phase: ContainerStatus
    package var process: ProcessIdentity?
    package var cgroup: CgroupRecord?
    /// Whether there is something to run at the start or the end, which the configuration then says.
    package var hasHooks: Bool

    package init(
        id: String, bundle: String, rootfs: String, created: String, owner: UInt32,
        annotations: [String: String]?, hasHooks: Bool
    ) {
        self.id = id
        self.bundle = bundle
        self.rootfs = rootfs
        self.created = created
        self.owner = owner
        self.annotations = annotations
        self.hasHooks = hasHooks
        phase = .creating
    }

    /// As the kernel has it now.
    package var status: ContainerStatus {
        guard let process else { return phase == .creating ? .creating : .stopped }
        guard process.isAlive else { return .stopped }
        guard phase == .running, let cgroup, let held = try? ContainerCgroup(cgroup),
            (try? held.isPaused()) == true
        else { return phase }
        return .paused
    }

    /// What hooks are told.
    package var document: StateDocument {
        let status = status
        return StateDocument(
            ociVersion: SpecVersion.current, id: id, status: status,
            pid: status == .stopped ? 0 : process?.pid ?? 0, bundle: bundle, annotations: annotations)
    }

    func json() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }

    /// - Throws: `RuntimeFailure` for what is no such record.
    static func parse(_ bytes: [UInt8], of id: ContainerID) throws(RuntimeFailure) -> ContainerRecord {
        do {
            return try JSONDecoder().decode(ContainerRecord.self, from: Data(bytes))
        } catch {
            throw RuntimeFailure("the state of container \(id) cannot be read: \(error)")
        }
    }

    /// Now, as `created` has it.
    static func now() -> String {
        let seconds = Double(KernelClock.real()) / 1e9
        return Date(timeIntervalSince1970: seconds).formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

/// The version of the runtime specification that this is written to.
package enum SpecVersion {
    package static let current = "1.2.0"
}
