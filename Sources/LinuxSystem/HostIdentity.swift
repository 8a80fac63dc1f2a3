internal import CLinux

/// What this process and its kernel are.
package enum HostIdentity {
    package static var processID: Int { Int(clinux_process_id()) }
    package static var userID: UInt32 { UInt32(bitPattern: clinux_effective_uid()) }
    package static var groupID: UInt32 { UInt32(bitPattern: clinux_effective_gid()) }
    package static var isRoot: Bool { userID == 0 }

    /// Processors that this process may use.
    package static var processors: Int { Int(clinux_processors()) }

    /// A broken connection becomes an error of the write that meets it.
    package static func ignoreBrokenPipes() {
        // signal(2) fails for no signal that may be ignored.
        _ = clinux_ignore_sigpipe()
    }

    /// uname(2): the kernel's release (`6.1.0-18-amd64`) and the machine (`x86_64`).
    package static func kernel() -> (release: String, machine: String) {
        var release = [CChar](repeating: 0, count: 128)
        var machine = release
        guard clinux_uname(&release, &machine, release.count) == 0 else { return ("unknown", "unknown") }
        return (text(release), text(machine))
    }

    /// Raises the soft limit of open files to the hard one (getrlimit(2)); returns what is in force.
    @discardableResult
    package static func raiseOpenFileLimit() -> Int64 { clinux_raise_open_files() }

    private static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
