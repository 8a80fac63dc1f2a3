internal import Core
internal import LinuxSystem

/// Reads what an instance uses: from its cgroup where the host offers the controller, else from its processes.
/// Blocks for some file reads of the kernel's memory, never of a disk.
struct UsageReader: Sendable {
    let cgroup: InstanceCgroup?
    /// Its PID 1 on the host.
    let process: Int32

    /// Processes that are looked at: more would only be slower, and the sum tells enough.
    private static let processes = 1024

    func read() -> InstanceUsage {
        var usage = InstanceUsage()
        let living = cgroup.flatMap { try? $0.processes() } ?? descendants()
        let known = living.prefix(Self.processes)
        readCPU(known, into: &usage)
        readMemory(known, into: &usage)
        if let count = number("pids.current") {
            usage.pids = Int(count)
            usage.pidsSource = .cgroup
        } else {
            usage.pids = living.count
        }
        readStorage(known, into: &usage)
        readNetwork(into: &usage)
        return usage
    }

    private func readCPU(_ living: ArraySlice<Int32>, into usage: inout InstanceUsage) {
        // Every cgroup has cpu.stat; what limits do to it only with the controller.
        if let fields = text("cpu.stat").map(KernelFields.init(lines:)), let time = fields["usage_usec"] {
            usage.cpuMicroseconds = time
            usage.cpuSource = .cgroup
            usage.throttledMicroseconds = fields["throttled_usec"]
            return
        }
        let ticks = living.compactMap { Self.processText($0, "stat").flatMap(KernelFields.ticks) }
        if !ticks.isEmpty { usage.cpuMicroseconds = ticks.reduce(0, &+) * 10_000 }
    }

    private func readMemory(_ living: ArraySlice<Int32>, into usage: inout InstanceUsage) {
        if let bytes = number("memory.current") {
            usage.memory = ByteCount(Int64(clamping: bytes))
            usage.memorySource = .cgroup
            usage.memoryLimit = number("memory.max").map { ByteCount(Int64(clamping: $0)) }
            return
        }
        let kibibytes = living.compactMap { pid in
            Self.processText(pid, "status").flatMap { KernelFields(lines: $0)["VmRSS:"] }
        }
        if !kibibytes.isEmpty {
            usage.memory = .kibibytes(Int64(clamping: kibibytes.reduce(0, &+)))
        }
    }

    private func readStorage(_ living: ArraySlice<Int32>, into usage: inout InstanceUsage) {
        if let stat = text("io.stat") {
            let devices = stat.split(separator: "\n").map { KernelFields(pairs: $0) }
            usage.readBytes = devices.reduce(0) { $0 &+ ($1["rbytes"] ?? 0) }
            usage.writtenBytes = devices.reduce(0) { $0 &+ ($1["wbytes"] ?? 0) }
            usage.ioSource = .cgroup
            return
        }
        let all = living.compactMap { Self.processText($0, "io").map(KernelFields.init(lines:)) }
        guard !all.isEmpty else { return }
        usage.readBytes = all.reduce(0) { $0 &+ ($1["read_bytes:"] ?? 0) }
        usage.writtenBytes = all.reduce(0) { $0 &+ ($1["write_bytes:"] ?? 0) }
    }

    /// The interfaces of its network namespace but loopback, over which only the gateway talks to it.
    private func readNetwork(into usage: inout InstanceUsage) {
        guard let table = Self.processText(process, "net/dev") else { return }
        for line in table.split(separator: "\n").dropFirst(2) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != " " }) != "lo" else { continue }
            let numbers = parts[1].split(separator: " ").map { UInt64($0) ?? 0 }
            guard numbers.count >= 9 else { continue }
            usage.receivedBytes = (usage.receivedBytes ?? 0) &+ numbers[0]
            usage.sentBytes = (usage.sentBytes ?? 0) &+ numbers[8]
        }
    }

    /// Without a cgroup: PID 1 and what descends from it.
    private func descendants() -> [Int32] {
        var found: [Int32] = []
        var next = [process]
        while let pid = next.popLast(), found.count < Self.processes {
            guard let children = Self.processText(pid, "task/\(pid)/children") else { continue }
            found.append(pid)
            next += children.split(separator: " ").compactMap { Int32($0) }
        }
        return found
    }

    private func text(_ file: String) -> String? { cgroup.flatMap { try? $0.text(file) } }

    /// - Returns: nil where there is no such file, or it says `max`.
    private func number(_ file: String) -> UInt64? {
        text(file).flatMap { UInt64($0.filter { !$0.isWhitespace }) }
    }

    private static func processText(_ pid: Int32, _ file: String) -> String? {
        try? File.text("/proc/\(pid)/\(file)")
    }
}

/// Names and numbers as the kernel writes them.
struct KernelFields {
    private var values: [Substring: UInt64] = [:]

    /// A name and a number per line, as in cpu.stat and /proc/PID/status.
    init(lines text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(maxSplits: 2, whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count >= 2, let value = UInt64(words[1]) { values[words[0]] = value }
        }
    }

    /// `name=number` pairs, as in a line of io.stat.
    init(pairs line: Substring) {
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2, let value = UInt64(parts[1]) { values[parts[0]] = value }
        }
    }

    subscript(name: Substring) -> UInt64? { values[name] }

    /// utime and stime of /proc/PID/stat (proc(5), fields 14 and 15), in ticks of a hundredth of a second.
    static func ticks(_ stat: String) -> UInt64? {
        // The command, in parentheses, may hold anything.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 13, let user = UInt64(fields[12]), let system = UInt64(fields[13]) else {
            return nil
        }
        return user &+ system
    }
}
