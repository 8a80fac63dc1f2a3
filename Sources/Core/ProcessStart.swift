/// One more process of a running instance: what differs from what its plan says.
package struct ProcessStart: Sendable {
    /// Nil is the function's own command.
    package var arguments: [String]?
    /// The program itself, for which the first argument is only a name; lent for the time of the call. Nil is looked for by
    /// the first argument.
    package var program: Int32?
    /// `NAME=value`, each ended by a NUL; besides the variables that every process of the instance has.
    package var environment: [UInt8] = []
    /// Whether they take the place of those of the same names; else whoever sends them sees to it that there are none.
    package var replacesVariables = false
    /// Nil is the function's own.
    package var user: ProcessUser?
    /// An absolute path; nil is the function's own.
    package var directory: String?
    /// Descriptors that become 0, 1 and 2, lent for the time of the call. They are given to the process's user, so that it
    /// can open them again by name. Nil is /dev/null to read, and the instance's log in mode `exec` to write.
    package var input: Int32?
    package var output: Int32?
    package var error: Int32?
    /// The input is a terminal, and becomes the one that controls the process.
    package var isTerminal = false

    package init() {}
}

/// Whom a process runs as, in the ids of its container.
package struct ProcessUser: Sendable, Hashable {
    package var user: UInt32
    package var group: UInt32
    package var groups: [UInt32]
    package var umask: UInt32

    package init(user: UInt32, group: UInt32, groups: [UInt32] = [], umask: UInt32 = 0o022) {
        self.user = user
        self.group = group
        self.groups = groups
        self.umask = umask
    }
}

/// How a process that was started went out.
package enum ProcessEnd: Sendable, Hashable {
    case exited(ExitStatus)
    /// It never ran: the program is not there, or the kernel refused it.
    case failed(InstanceFailure)
    /// Its container ended, or was never reached.
    case lost
}

/// Starts processes in a running instance. Every call returns at once, from any thread.
package protocol ProcessStarting: Sendable {
    /// Names of variables that the function sets itself and that a request could be told in, too: its own ones win.
    var ownVariables: Set<String> { get }
    /// Starts a process at the head of a process group of its own.
    /// - Parameter ended: called exactly once, on a thread where it must not block, if this returns.
    /// - Returns: what `signal` knows it by.
    /// - Throws: `InstanceFailure` when the instance takes no more, or is gone.
    func start(
        _ process: ProcessStart, ended: @escaping @Sendable (ProcessEnd) -> Void
    ) throws(InstanceFailure) -> UInt32
    /// Writes a line of the platform's own to the instance's log, in mode `exec`. Lost where nobody reads that.
    func log(_ line: String)
    /// Sends a signal to its process group, if it is there still.
    func signal(_ process: UInt32, _ number: Int32)
}

/// An instance of mode `exec`, as the gateway uses it.
package struct CommandService: Sendable {
    package let processes: any ProcessStarting
    /// Whether the commands write the heads of their responses.
    package let isCGI: Bool

    package init(processes: any ProcessStarting, isCGI: Bool) {
        self.processes = processes
        self.isCGI = isCGI
    }
}
