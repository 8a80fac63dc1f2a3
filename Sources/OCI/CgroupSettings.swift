extension OCIConfig.Resources {
    /// The limits as cgroup v2 has them, in the order in which they must be written. Conversions are those of the
    /// runtime specification's authors (runc, docs/cgroup-v2.md). Device rules have no file, and are not among them.
    package func cgroupSettings() -> [CgroupSetting] {
        memorySettings() + cpuSettings() + pidsSettings() + ioSettings() + hugepageSettings()
            + rdmaSettings() + unifiedSettings()
    }

    private func memorySettings() -> [CgroupSetting] {
        guard let memory else { return [] }
        var settings: [CgroupSetting] = []
        func add(_ field: String, _ file: String, _ value: Int64, isOptional: Bool = false) {
            settings.append(
                CgroupSetting(
                    controller: .memory, file: file, value: value < 0 ? "max" : "\(value)",
                    isOptional: isOptional, field: "memory.\(field)"))
        }
        // The limit of swap is that of memory and swap together, less the memory. A kernel that has no such file has no
        // swap to limit.
        if let swap = memory.swap, swap != 0 {
            add("swap", "memory.swap.max", swap < 0 ? -1 : swap - (memory.limit ?? 0), isOptional: true)
        }
        if let limit = memory.limit, limit != 0 { add("limit", "memory.max", limit) }
        if let reservation = memory.reservation, reservation != 0 {
            add("reservation", "memory.low", reservation)
        }
        return settings
    }

    private func cpuSettings() -> [CgroupSetting] {
        guard let cpu else { return [] }
        var settings: [CgroupSetting] = []
        func add(_ field: String, _ controller: CgroupSetting.Controller, _ file: String, _ value: String) {
            settings.append(
                CgroupSetting(controller: controller, file: file, value: value, field: "cpu.\(field)"))
        }
        // A cgroup of idle processes has no weight of its own (EINVAL).
        let isIdle = (cpu.idle ?? 0) != 0
        if let idle = cpu.idle, isIdle { add("idle", .cpu, "cpu.idle", "\(idle)") }
        if let shares = cpu.shares, shares != 0, !isIdle {
            add("shares", .cpu, "cpu.weight", "\(Self.weight(ofShares: shares))")
        }
        let quota = cpu.quota.map { $0 > 0 ? "\($0)" : "max" }
        if quota != nil || cpu.period.map({ $0 != 0 }) == true {
            let period = cpu.period.flatMap { $0 == 0 ? nil : $0 } ?? 100_000
            add(quota == nil ? "period" : "quota", .cpu, "cpu.max", "\(quota ?? "max") \(period)")
        }
        if let burst = cpu.burst { add("burst", .cpu, "cpu.max.burst", "\(burst)") }
        if let cpus = cpu.cpus, !cpus.isEmpty { add("cpus", .cpuset, "cpuset.cpus", cpus) }
        if let mems = cpu.mems, !mems.isEmpty { add("mems", .cpuset, "cpuset.mems", mems) }
        return settings
    }

    private func pidsSettings() -> [CgroupSetting] {
        guard let limit = pids?.limit, limit != 0 else { return [] }
        let value = limit < 0 ? "max" : "\(limit)"
        return [CgroupSetting(controller: .pids, file: "pids.max", value: value, field: "pids.limit")]
    }

    private func ioSettings() -> [CgroupSetting] {
        guard let blockIO else { return [] }
        var settings: [CgroupSetting] = []
        func add(_ field: String, _ file: String, _ value: String, otherwise: CgroupSetting.Other? = nil) {
            settings.append(
                CgroupSetting(
                    controller: .io, file: file, value: value, field: "blockIO.\(field)", otherwise: otherwise
                ))
        }
        // The weights of the specification are those of the scheduler BFQ; without it, io.weight has a scale of its own.
        if let weight = blockIO.weight, weight != 0 {
            add(
                "weight", "io.bfq.weight", "\(weight)",
                otherwise: .init(file: "io.weight", value: "default \(Self.ioWeight(ofBFQ: weight))"))
        }
        for (index, device) in (blockIO.weightDevice ?? []).enumerated() {
            guard let weight = device.weight, weight != 0 else { continue }
            let name = "\(device.major):\(device.minor)"
            add(
                "weightDevice[\(index)]", "io.bfq.weight", "\(name) \(weight)",
                otherwise: .init(file: "io.weight", value: "\(name) \(Self.ioWeight(ofBFQ: weight))"))
        }
        let throttles = [
            ("throttleReadBpsDevice", "rbps", blockIO.throttleReadBpsDevice),
            ("throttleWriteBpsDevice", "wbps", blockIO.throttleWriteBpsDevice),
            ("throttleReadIOPSDevice", "riops", blockIO.throttleReadIOPSDevice),
            ("throttleWriteIOPSDevice", "wiops", blockIO.throttleWriteIOPSDevice),
        ]
        for (field, key, devices) in throttles {
            for (index, device) in (devices ?? []).enumerated() {
                let rate = device.rate == 0 ? "max" : "\(device.rate)"
                add("\(field)[\(index)]", "io.max", "\(device.major):\(device.minor) \(key)=\(rate)")
            }
        }
        return settings
    }

    private func hugepageSettings() -> [CgroupSetting] {
        (hugepageLimits ?? []).enumerated().flatMap { index, limit in
            let field = "hugepageLimits[\(index)]"
            // Bytes that would need no page are none: the kernel rounds down itself. Reservations are counted apart, since
            // a program may reserve what it never uses; kernels before 5.7 do not count them.
            return [("max", false), ("rsvd.max", true)].map { file, isOptional in
                CgroupSetting(
                    controller: .hugetlb, file: "hugetlb.\(limit.pageSize).\(file)", value: "\(limit.limit)",
                    isOptional: isOptional, field: field)
            }
        }
    }

    private func rdmaSettings() -> [CgroupSetting] {
        (rdma ?? [:]).sorted { $0.key < $1.key }.map { device, limit in
            let handles = limit.hcaHandles.map { "\($0)" } ?? "max"
            let objects = limit.hcaObjects.map { "\($0)" } ?? "max"
            return CgroupSetting(
                controller: .rdma, file: "rdma.max",
                value: "\(device) hca_handle=\(handles) hca_object=\(objects)", field: "rdma.\(device)")
        }
    }

    /// Files as they are, which have the last word. Each line is a write of its own, as the files want it.
    private func unifiedSettings() -> [CgroupSetting] {
        (unified ?? [:]).sorted { $0.key < $1.key }.flatMap { file, content -> [CgroupSetting] in
            guard let controller = Self.controller(ofFile: file) else { return [] }
            return content.split(separator: "\n").map {
                CgroupSetting(
                    controller: controller, file: file, value: String($0), field: "unified.\(file)")
            }
        }
    }

    static func controller(ofFile file: String) -> CgroupSetting.Controller? {
        CgroupSetting.Controller(rawValue: String(file.prefix { $0 != "." }))
    }

    /// Shares of cgroup v1, 2 to 262144, as a weight of 1 to 10000.
    static func weight(ofShares shares: UInt64) -> UInt64 {
        1 + (min(max(shares, 2), 262_144) - 2) * 9999 / 262_142
    }

    /// A weight of BFQ, 10 to 1000, as one of io.weight, 1 to 10000.
    static func ioWeight(ofBFQ weight: UInt16) -> UInt64 {
        1 + (min(max(UInt64(weight), 10), 1000) - 10) * 9999 / 990
    }
}
