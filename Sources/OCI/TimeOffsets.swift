package import Core

extension OCIConfig.Linux {
    /// What /proc/PID/timens_offsets takes (time_namespaces(7)), a line for each clock; nil where there is no offset.
    package func timeOffsetLines() throws(InvalidInput) -> String? {
        guard let timeOffsets, !timeOffsets.isEmpty else { return nil }
        var lines = ""
        for (clock, offset) in timeOffsets.sorted(by: { $0.key < $1.key }) {
            let path = "linux.timeOffsets.\(clock.prefix(40))"
            guard clock == "monotonic" || clock == "boottime" else {
                throw InvalidInput(path, "is no clock of a time namespace", allowed: "monotonic, boottime")
            }
            let nanoseconds = offset.nanosecs ?? 0
            guard nanoseconds < 1_000_000_000 else {
                throw InvalidInput(
                    path + ".nanosecs", "\(nanoseconds) is out of range", allowed: "0 to 999999999")
            }
            lines += "\(clock) \(offset.secs ?? 0) \(nanoseconds)\n"
        }
        guard (namespaces ?? []).contains(where: { $0.type == .time && ($0.path ?? "").isEmpty }) else {
            throw InvalidInput(
                "linux.timeOffsets", "are of a new time namespace, and linux.namespaces has none",
                allowed: "{\"type\": \"time\"} in linux.namespaces")
        }
        return lines
    }
}
