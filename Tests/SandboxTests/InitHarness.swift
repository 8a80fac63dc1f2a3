import CLinux
import Glibc
import LinuxSystem
import Sandbox

/// The real torpor-init as an ordinary child, without any namespace: its parser can be tried by anybody.
final class InitHarness {
    private let pid: pid_t
    var processID: pid_t { pid }
    private let socket: PacketSocket

    /// - Parameter program: path of torpor-init.
    init(program: String) throws {
        var far: OwnedFD?
        socket = try PacketSocket(sendSeconds: 5, other: &far)
        guard let far = far.take() else { preconditionFailure("a pair has two ends") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, far.raw, 3)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), nil]
        defer { free(arguments[0]) }
        var child: pid_t = 0
        let result = posix_spawn(&child, program, &actions, nil, &arguments, nil)
        if result != 0 { throw KernelError("posix_spawn", subject: program, code: result) }
        pid = child
    }

    func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try socket.send($0) }
    }

    /// What it said until it ended, and how it ended. Kills it after five seconds.
    func end() -> (reports: [[UInt8]], status: Int32) {
        var reports: [[UInt8]] = []
        var ready = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&ready, 1, 5000) > 0, case .packet(let packet)? = try? socket.receive(limit: 256) {
            reports.append(packet)
        }
        var status: Int32 = 0
        for _ in 0..<500 {
            if waitpid(pid, &status, WNOHANG) == pid { return (reports, status) }
            usleep(10_000)
        }
        kill(pid, SIGKILL)
        waitpid(pid, &status, 0)
        return (reports, status)
    }
}
