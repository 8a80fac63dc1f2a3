/// One file of cgroup v2 and what is written to it.
package struct CgroupSetting: Sendable, Hashable {
    package enum Controller: String, Sendable { case memory, cpu, cpuset, pids }
    package let controller: Controller
    package let file: String
    package let value: String
    /// Left out where the kernel has no such file: memory.swap.max exists only with swap accounting.
    package let isOptional: Bool

    package init(controller: Controller, file: String, value: String, isOptional: Bool = false) {
        self.controller = controller
        self.file = file
        self.value = value
        self.isOptional = isOptional
    }
}

extension OCIConfig.Resources {
    /// The limits as cgroup v2 has them, in the order in which they must be written. Conversions are those of the
    /// runtime specification's authors (runc, docs/cgroup-v2.md).
    package func cgroupSettings() -> [CgroupSetting] {
        memorySettings() + cpuSettings() + pidsSettings()
    }

    private func memorySettings() -> [CgroupSetting] {
        guard let memory else { return [] }
        var settings: [CgroupSetting] = []
        func add(_ file: String, _ value: Int64) {
            let text = value < 0 ? "max" : "\(value)"
            settings.append(CgroupSetting(controller: .memory, file: file, value: text))
        }
        // The limit of swap is that of memory and swap together, less the memory.
        if let swap = memory.swap, swap != 0 {
            add("memory.swap.max", swap < 0 ? -1 : swap - (memory.limit ?? 0))
        }
        if let limit = memory.limit, limit != 0 { add("memory.max", limit) }
        if let reservation = memory.reservation, reservation != 0 { add("memory.low", reservation) }
        return settings
    }

    private func cpuSettings() -> [CgroupSetting] {
        guard let cpu else { return [] }
        var settings: [CgroupSetting] = []
        func add(_ controller: CgroupSetting.Controller, _ file: String, _ value: String) {
            settings.append(CgroupSetting(controller: controller, file: file, value: value))
        }
        if let idle = cpu.idle, idle != 0 { add(.cpu, "cpu.idle", "\(idle)") }
        if let shares = cpu.shares, shares != 0 {
            add(.cpu, "cpu.weight", "\(Self.weight(ofShares: shares))")
        }
        let quota = cpu.quota.map { $0 > 0 ? "\($0)" : "max" }
        if quota != nil || cpu.period.map({ $0 != 0 }) == true {
            let period = cpu.period.flatMap { $0 == 0 ? nil : $0 } ?? 100_000
            add(.cpu, "cpu.max", "\(quota ?? "max") \(period)")
        }
        if let burst = cpu.burst { add(.cpu, "cpu.max.burst", "\(burst)") }
        if let cpus = cpu.cpus, !cpus.isEmpty { add(.cpuset, "cpuset.cpus", cpus) }
        if let mems = cpu.mems, !mems.isEmpty { add(.cpuset, "cpuset.mems", mems) }
        return settings
    }

    private func pidsSettings() -> [CgroupSetting] {
        guard let limit = pids?.limit, limit != 0 else { return [] }
        return [CgroupSetting(controller: .pids, file: "pids.max", value: limit < 0 ? "max" : "\(limit)")]
    }

    /// Shares of cgroup v1, 2 to 262144, as a weight of 1 to 10000.
    static func weight(ofShares shares: UInt64) -> UInt64 {
        1 + (min(max(shares, 2), 262_144) - 2) * 9999 / 262_142
    }
}
