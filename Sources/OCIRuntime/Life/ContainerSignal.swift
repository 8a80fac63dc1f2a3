package import Core
internal import Glibc
internal import LinuxSystem

/// A signal as people and engines write it: `15`, `TERM`, `SIGTERM`.
package struct SignalNumber: Sendable, Hashable {
    package let rawValue: Int32
    package static let terminate = SignalNumber(rawValue: SIGTERM)

    private init(rawValue: Int32) { self.rawValue = rawValue }

    /// - Throws: `InvalidInput` for what is none.
    package init(_ text: String) throws(InvalidInput) {
        if let number = Int32(text), (1...64).contains(number) {
            rawValue = number
            return
        }
        let upper = text.uppercased()
        let name = upper.hasPrefix("SIG") ? String(upper.dropFirst(3)) : upper
        if let index = Self.names.firstIndex(of: name) {
            rawValue = Int32(index + 1)
        } else if let offset = Self.realTime(name) {
            rawValue = offset
        } else {
            throw InvalidInput(
                "signal", "'\(text.prefix(40))' is none", allowed: "such as TERM, SIGTERM or 15")
        }
    }

    /// From 1 on (signal(7)).
    private static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
        "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM",
        "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ]

    /// `RTMIN`, `RTMIN+3`, `RTMAX-1`: the C library keeps the first two of the kernel's for itself.
    private static func realTime(_ name: String) -> Int32? {
        for (prefix, base) in [("RTMIN", Int32(34)), ("RTMAX", 64)] where name.hasPrefix(prefix) {
            let rest = name.dropFirst(prefix.count)
            guard let offset = rest.isEmpty ? 0 : Int32(rest), (34...64).contains(base + offset) else {
                return nil
            }
            return base + offset
        }
        return nil
    }
}

/// Signals a container's first process, or all of its processes.
package enum ContainerSignal {
    /// - Throws: `RuntimeFailure` for a container that has ended.
    package static func send(_ signal: SignalNumber, to directory: ContainerDirectory, all: Bool) throws {
        let record = try directory.record()
        if all, let cgroup = record.cgroup {
            do { try ContainerCgroup(cgroup).signal(signal.rawValue) } catch {
                // It is gone, and everything in it.
                guard error.isMissing || error.code == ENODEV else { throw error }
            }
            return
        }
        guard let held = try record.process?.open() else {
            throw RuntimeFailure("container not running: the process of \(directory.id) has ended")
        }
        try held.send(signal: signal.rawValue)
    }
}
