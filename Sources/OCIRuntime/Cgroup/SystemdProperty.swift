internal import Core
package import OCI

/// A property of a unit, as `busctl` takes it: the name, its D-Bus type, and the value's words. Pure.
package struct SystemdProperty: Hashable {
    package let name: String
    /// Type and value.
    package let words: [String]

    package init(_ name: String, _ value: Bool) { self.init(name, words: ["b", value ? "true" : "false"]) }
    package init(_ name: String, _ value: String) { self.init(name, words: ["s", value]) }
    package init(_ name: String, _ value: UInt64) { self.init(name, words: ["t", "\(value)"]) }
    package init(_ name: String, processes: [Int32]) {
        self.init(name, words: ["au", "\(processes.count)"] + processes.map { "\($0)" })
    }
    package init(_ name: String, bytes: [UInt8]) {
        self.init(name, words: ["ay", "\(bytes.count)"] + bytes.map { "\($0)" })
    }
    package init(_ name: String, words: [String]) {
        self.name = name
        self.words = words
    }

    /// What systemd itself has of these limits, so that it does not undo them when it is reloaded, and shows them. What it
    /// has no property for stands in the cgroup's files alone.
    package static func of(_ settings: [CgroupSetting]) -> [SystemdProperty] {
        settings.flatMap { setting -> [SystemdProperty] in
            switch setting.file {
            case "cpu.max": return processorTime(setting.value)
            case "cpuset.cpus": return [SystemdProperty("AllowedCPUs", bytes: mask(setting.value))]
            case "cpuset.mems": return [SystemdProperty("AllowedMemoryNodes", bytes: mask(setting.value))]
            default:
                guard let name = names[setting.file], let number = number(setting.value) else { return [] }
                return [SystemdProperty(name, number)]
            }
        }
    }

    private static let names = [
        "memory.max": "MemoryMax", "memory.high": "MemoryHigh", "memory.low": "MemoryLow",
        "memory.min": "MemoryMin", "memory.swap.max": "MemorySwapMax", "pids.max": "TasksMax",
        "cpu.weight": "CPUWeight", "io.weight": "IOWeight",
    ]

    private static func number(_ text: String) -> UInt64? {
        text == "max" ? .max : UInt64(text.hasPrefix("default ") ? String(text.dropFirst(8)) : text)
    }

    /// Of `QUOTA PERIOD`. systemd counts by the second, and rounds to hundredths; a quota that it would round up to has no
    /// effect beside what is written into the file.
    private static func processorTime(_ value: String) -> [SystemdProperty] {
        let words = value.split(separator: " ").map(String.init)
        guard words.count == 2, let period = UInt64(words[1]), period > 0 else { return [] }
        let periodProperty = SystemdProperty("CPUQuotaPeriodUSec", period)
        guard words[0] != "max" else {
            return [SystemdProperty("CPUQuotaPerSecUSec", UInt64.max), periodProperty]
        }
        guard let quota = UInt64(words[0]) else { return [] }
        let (product, overflows) = quota.multipliedReportingOverflow(by: 1_000_000)
        guard !overflows else { return [] }
        let second = (product / period + 9_999) / 10_000 * 10_000
        return [SystemdProperty("CPUQuotaPerSecUSec", second), periodProperty]
    }

    /// A list of cpuset(7), which was checked, as bits from the lowest on.
    private static func mask(_ list: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for range in list.split(separator: ",") {
            let ends = range.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last, last < 8192 else { continue }
            for bit in first...last {
                while bytes.count <= bit / 8 { bytes.append(0) }
                bytes[bit / 8] |= 1 << UInt8(bit % 8)
            }
        }
        return bytes
    }
}
