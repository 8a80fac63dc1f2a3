internal import Core
internal import LinuxSystem

/// Reads logs from disk. Blocks: it runs on the collector's reading thread.
struct LogReader: Sendable {
    let directory: LogDirectory

    /// The last entries that match, oldest first.
    /// - Parameters:
    ///   - instance: nil for all of the function. - limit: entries at most. - since: the first moment, nil for all.
    ///   - until: the last moment, nil for all.
    func read(function: String, instance: String?, limit: Int, since: LogTime?, until: LogTime?) -> [LogEntry]
    {
        let instances = instance.map { [$0] } ?? directory.instances(function: function)
        var found: [LogEntry] = []
        for instance in instances {
            guard let place = directory.file(instance: instance, function: function) else { continue }
            let entries = read(place, limit: limit, since: since, until: until)
            if entries.isEmpty { continue }
            // Entries of one instance keep their order; equal times keep the instances' order.
            found = LogReader.merge(found, entries)
            if found.count > limit { found.removeFirst(found.count - limit) }
        }
        return found
    }

    /// One instance's entries, from its newest file backwards until there are enough.
    private func read(_ place: LogPlace, limit: Int, since: LogTime?, until: LogTime?) -> [LogEntry] {
        var entries: [LogEntry] = []
        for age in 0..<Limits.logFiles where entries.count < limit {
            guard let bytes = try? File.read(place.path(age), limit: Limits.logFileBytes * 2) else {
                continue
            }
            let room = limit - entries.count
            let older = LogReader.last(room, in: bytes, instance: place.instance, since: since, until: until)
            entries = older + entries
        }
        return entries
    }

    private static func last(
        _ limit: Int, in bytes: [UInt8], instance: String, since: LogTime?, until: LogTime?
    ) -> [LogEntry] {
        var reversed: [LogEntry] = []
        // What comes after the last newline is being written.
        guard var end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        while reversed.count < limit {
            let start = bytes[..<end].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if let entry = LogEntry(line: bytes[start..<end], instance: instance) {
                if let since, entry.time < since { break }
                if until.map({ entry.time <= $0 }) ?? true { reversed.append(entry) }
            }
            if start == 0 { break }
            end = start - 1
        }
        return reversed.reversed()
    }

    static func merge(_ a: [LogEntry], _ b: [LogEntry]) -> [LogEntry] {
        guard let lastOfA = a.last, let firstOfB = b.first else { return a + b }
        if lastOfA.time <= firstOfB.time { return a + b }
        var merged: [LogEntry] = []
        merged.reserveCapacity(a.count + b.count)
        var (i, j) = (0, 0)
        while i < a.count, j < b.count {
            if b[j].time < a[i].time {
                merged.append(b[j])
                j += 1
            } else {
                merged.append(a[i])
                i += 1
            }
        }
        return merged + a[i...] + b[j...]
    }
}
