/// What this process uses, from proc(5).
package struct ProcessUsage: Sendable, Hashable {
    /// User and system time.
    package var cpuSeconds = 0.0
    package var residentBytes: Int64 = 0
    package var threads = 0
    package var openFiles = 0
    package var openFileLimit = 0

    package init() {}

    /// What cannot be read is 0.
    package static func now() -> ProcessUsage {
        var usage = ProcessUsage()
        // Behind the command's name, which may hold anything: state is the first, utime and stime 12th and 13th.
        if let stat = try? File.text("/proc/self/stat"), let name = stat.lastIndex(of: ")") {
            let fields = stat[stat.index(after: name)...].split(separator: " ")
            if fields.count > 13 {
                // In USER_HZ, which is 100 on every architecture that is supported.
                usage.cpuSeconds = ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100
            }
        }
        for line in (try? File.text("/proc/self/status"))?.split(separator: "\n") ?? [] {
            let words = line.split { $0 == "\t" || $0 == " " }
            guard words.count > 1, let value = Int64(words[1]) else { continue }
            if words[0] == "VmRSS:" { usage.residentBytes = value << 10 }
            if words[0] == "Threads:" { usage.threads = Int(value) }
        }
        // The descriptor that reads the directory is not counted.
        let files = try? Directory(path: "/proc/self/fd").names(limit: .max).count
        usage.openFiles = max(0, (files ?? 1) - 1)
        for line in (try? File.text("/proc/self/limits"))?.split(separator: "\n") ?? []
        where line.hasPrefix("Max open files") {
            let words = line.split(separator: " ")
            usage.openFileLimit = words.count > 3 ? Int(words[3]) ?? 0 : 0
        }
        return usage
    }
}
