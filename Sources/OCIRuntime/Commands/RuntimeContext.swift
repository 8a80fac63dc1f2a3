internal import Core
internal import Glibc
internal import LinuxSystem

/// What every command works with.
struct RuntimeContext: Sendable {
    let root: RuntimeRoot
    let manager: CgroupManager
    let log: RuntimeLog

    init(_ options: RuntimeOptions) throws(InvalidInput) {
        log = RuntimeLog(options)
        let directory = getenv("XDG_RUNTIME_DIR").map { String(cString: $0) }
        root =
            options.root.map { RuntimeRoot(path: $0) }
            ?? .standard(isRoot: HostIdentity.isRoot, runtimeDirectory: directory)
        let named = try options.cgroupManager.map { name throws(InvalidInput) in
            try CgroupManager(option: name)
        }
        if options.systemdCgroup, let named, named != .systemd {
            throw InvalidInput("--systemd-cgroup", "contradicts --cgroup-manager \(named.rawValue)")
        }
        manager = named ?? (options.systemdCgroup ? .systemd : .cgroupfs)
    }

    func warn(_ text: String) { log.write(.warning, text) }

    func output(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty { rest = rest.dropFirst(try File.write(Array(rest), to: 1)) }
    }
}

extension RuntimeLog {
    init(_ options: RuntimeOptions) {
        path = options.log
        format = options.logFormat
        least = options.debug ? .debug : options.logLevel ?? .warning
    }
}
