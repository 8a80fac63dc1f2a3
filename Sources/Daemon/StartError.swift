internal import LinuxSystem

/// Why the daemon does not start, and what to do about it.
enum StartError: Error, CustomStringConvertible {
    case notRoot
    case alreadyRunning(String, pid: Int?)
    case directory(KernelError)
    case adminPassword(KernelError)
    case passedSocket(KernelError)
    case runDirectory(String, String)
    case sharedRunDirectory(String, String)

    var description: String {
        switch self {
        case .notRoot:
            "needs root: start it with sudo or as the systemd service; without privileges run it inside a user "
                + "namespace (unshare -Urmnpf --mount-proc torpord …)"
        case .alreadyRunning(let directory, let pid):
            "another torpord\(pid.map { " (pid \($0))" } ?? "") uses \(directory): stop it, or choose another "
                + "--state-dir, --run-dir, --listen, --bridge and --subnet"
        case .directory(let error):
            "\(error): check --state-dir and --run-dir, the disk's space, and that it is not mounted read-only"
        case .sharedRunDirectory(let path, let name):
            "\(path) holds '\(name)', which is not torpord's: choose a --run-dir of its own, since it is closed to others"
        case .adminPassword(let error):
            "\(error): it holds the password for /metrics; it must be root's and 0600, or be removed: then a new one is made"
        case .passedSocket(let error):
            "\(error): torpor.socket must pass stream sockets that listen (ListenStream=, Accept=no)"
        case .runDirectory(let path, let reason): "\(path) cannot be given to the group torpor: \(reason)"
        }
    }
}
