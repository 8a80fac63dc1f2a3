internal import LinuxSystem

/// Whose the imported files are.
package enum OwnerPolicy: Sendable, Hashable {
    /// As in the source: ids of the container, 0 to 65535. Needs to be root over that many ids.
    case kept
    /// All of them the daemon's own, which is root inside the container: there is only one id.
    case own

    /// What this process can do: root in a namespace that maps a whole range keeps owners.
    package static func ofThisProcess() -> OwnerPolicy {
        guard HostIdentity.isRoot, let map = try? File.text("/proc/self/uid_map") else { return .own }
        let mapped = map.split(separator: "\n").reduce(0) { total, line in
            let fields = line.split(separator: " ")
            return total + (fields.count == 3 ? Int(fields[2]) ?? 0 : 0)
        }
        return mapped >= 65_536 ? .kept : .own
    }
}
