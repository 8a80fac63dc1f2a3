package import Core

extension OCIConfig.Resources {
    /// Checks every value that becomes a file of a cgroup, and that nothing is asked for that only cgroup v1 has.
    /// - Throws: `InvalidInput` with the key, the reason, and what is allowed.
    package func checkCgroupValues() throws(InvalidInput) {
        let path = "linux.resources"
        if let memory { try CgroupValues.check(memory, at: path + ".memory") }
        if let cpu { try CgroupValues.check(cpu, at: path + ".cpu") }
        if let blockIO { try CgroupValues.check(blockIO, at: path + ".blockIO") }
        for (index, limit) in (hugepageLimits ?? []).enumerated() {
            try CgroupValues.check(limit, at: "\(path).hugepageLimits[\(index)]")
        }
        try HonouredFields.refuse(
            "\(path).network", network?.classID != nil || network?.priorities?.isEmpty == false,
            "network classes are of cgroup v1")
        for device in (rdma ?? [:]).keys {
            let plain = device.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 127 }
            guard plain, !device.isEmpty, device.utf8.count <= 64 else {
                throw InvalidInput("\(path).rdma", "'\(device.prefix(40))' is no device", allowed: "a name")
            }
        }
        for (file, content) in unified ?? [:] { try CgroupValues.checkFile(file, content, at: path) }
    }
}

/// Rules for the values of `linux.resources`, whoever writes them.
enum CgroupValues {
    private static let onlyV1 = "cgroup v2 does not have it"

    static func check(_ memory: OCIConfig.Memory, at path: String) throws(InvalidInput) {
        try refuse(path + ".kernel", (memory.kernel ?? 0) > 0)
        try refuse(path + ".kernelTCP", (memory.kernelTCP ?? 0) > 0)
        try refuse(path + ".swappiness", memory.swappiness != nil)
        try refuse(path + ".disableOOMKiller", memory.disableOOMKiller == true, allowed: "false")
        try refuse(path + ".useHierarchy", memory.useHierarchy == false, allowed: "true")
        if let swap = memory.swap, swap > 0, swap < memory.limit ?? 0 || (memory.limit ?? 0) <= 0 {
            throw InvalidInput(
                path + ".swap",
                "is memory and swap together, so a limit of memory must be there and below it",
                allowed: "at least memory.limit")
        }
    }

    static func check(_ cpu: OCIConfig.CPU, at path: String) throws(InvalidInput) {
        try refuse(path + ".realtimeRuntime", (cpu.realtimeRuntime ?? 0) != 0)
        try refuse(path + ".realtimePeriod", (cpu.realtimePeriod ?? 0) != 0)
        for (key, list) in [("cpus", cpu.cpus), ("mems", cpu.mems)] {
            guard let list, !list.isEmpty else { continue }
            let plain = list.utf8.allSatisfy {
                (48...57).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ",")
            }
            guard plain, list.utf8.count <= 1024 else {
                throw InvalidInput(
                    "\(path).\(key)", "'\(list.prefix(40))' is no list", allowed: "such as 0-3,7")
            }
        }
        if let period = cpu.period, period != 0, !(1000...1_000_000).contains(period) {
            throw InvalidInput(path + ".period", "\(period) is out of range", allowed: "1000 to 1000000 µs")
        }
        if let quota = cpu.quota, quota > 0, !(1000...Int64(1) << 44).contains(quota) {
            throw InvalidInput(path + ".quota", "\(quota) is out of range", allowed: "1000 µs or more, or -1")
        }
        if let idle = cpu.idle, idle != 0, idle != 1 {
            throw InvalidInput(path + ".idle", "\(idle) is neither", allowed: "0 or 1")
        }
    }

    static func check(_ io: OCIConfig.BlockIO, at path: String) throws(InvalidInput) {
        try refuse(path + ".leafWeight", (io.leafWeight ?? 0) != 0)
        try check(weight: io.weight, at: path + ".weight")
        for (index, device) in (io.weightDevice ?? []).enumerated() {
            let place = "\(path).weightDevice[\(index)]"
            try refuse(place + ".leafWeight", (device.leafWeight ?? 0) != 0)
            try check(weight: device.weight, at: place + ".weight")
            try check(device: device.major, device.minor, at: place)
        }
        let throttles = [
            ("throttleReadBpsDevice", io.throttleReadBpsDevice),
            ("throttleWriteBpsDevice", io.throttleWriteBpsDevice),
            ("throttleReadIOPSDevice", io.throttleReadIOPSDevice),
            ("throttleWriteIOPSDevice", io.throttleWriteIOPSDevice),
        ]
        for (name, devices) in throttles {
            for (index, device) in (devices ?? []).enumerated() {
                try check(device: device.major, device.minor, at: "\(path).\(name)[\(index)]")
            }
        }
    }

    static func check(_ limit: OCIConfig.HugepageLimit, at path: String) throws(InvalidInput) {
        let size = limit.pageSize
        let digits = size.utf8.prefix { (48...57).contains($0) }.count
        guard (1...6).contains(digits), ["KB", "MB", "GB"].contains(String(size.dropFirst(digits))) else {
            throw InvalidInput(
                path + ".pageSize", "'\(size.prefix(40))' is no size of a page", allowed: "such as 2MB or 1GB"
            )
        }
    }

    static func checkFile(_ file: String, _ content: String, at path: String) throws(InvalidInput) {
        let place = "\(path).unified.\(file.prefix(60))"
        let plain = file.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 < 127 && $0 != UInt8(ascii: "/") }
        guard plain, file.utf8.count <= 255, OCIConfig.Resources.controller(ofFile: file) != nil else {
            let names = CgroupSetting.Controller.allCases.map(\.rawValue).joined(separator: ", ")
            throw InvalidInput(
                place, "is no file of a cgroup", allowed: "CONTROLLER.FILE with a controller of \(names)")
        }
        // These change whose the cgroup is, or who is in it, which is the runtime's.
        let reserved = [
            "cgroup.procs", "cgroup.threads", "cgroup.type", "cgroup.kill", "cgroup.subtree_control",
            "cgroup.freeze",
        ]
        guard !reserved.contains(file) else {
            throw InvalidInput(place, "is the runtime's to write", allowed: "leave it out")
        }
        try TextRule.noNUL(content, at: place)
        try TextRule.count(content.utf8.count, at: place, most: 4096)
    }

    private static func check(weight: UInt16?, at path: String) throws(InvalidInput) {
        guard let weight, weight != 0, !(10...1000).contains(weight) else { return }
        throw InvalidInput(path, "\(weight) is out of range", allowed: "10 to 1000")
    }

    private static func check(device major: Int64, _ minor: Int64, at path: String) throws(InvalidInput) {
        guard (0...4095).contains(major), (0...1_048_575).contains(minor) else {
            throw InvalidInput(
                path, "\(major):\(minor) is no device", allowed: "a major of 0 to 4095, minor to 1048575")
        }
    }

    private static func refuse(
        _ path: String, _ asked: Bool, allowed: String = "leave it out"
    ) throws(InvalidInput) {
        try HonouredFields.refuse(path, asked, onlyV1, allowed: allowed)
    }
}
