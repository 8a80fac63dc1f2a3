internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// An own child that has entered a container, and is torpor-stage until it becomes its program.
final class EnteredProcess: Sendable {
    /// As the caller numbers processes.
    let pid: Int32
    let pidfd: PidFD
    private let link: StageLink
    private let plan: LaunchPlan

    init(pid: Int32, link: StageLink, plan: LaunchPlan) throws(KernelError) {
        self.pid = pid
        pidfd = try PidFD(process: pid)
        self.link = link
        self.plan = plan
    }

    /// Lets it become its program.
    /// - Parameter process: what that is, for errors.
    /// - Returns: the master of the terminal that it made, if it made one.
    /// - Throws: `StageFailure` when it cannot.
    func go(_ process: OCIConfig.Process) throws -> SharedFD? {
        var terminal: SharedFD?
        try link.go()
        while true {
            switch try link.next() {
            case .terminal(let master): terminal = master
            case .failed(let failure):
                throw StageFailure(failure, steps: plan.steps, process: process)
            case .reached: throw RuntimeFailure("the process waits for something that nobody gives it")
            case .end: return terminal
            }
        }
    }

    /// Waits for its end, as wait(2) has it.
    func reap() throws -> Int32 {
        while true {
            if let status = try pidfd.reap() { return status }
            try check(clinux_wait_readable(pidfd.descriptor, -1), "poll")
        }
    }

    func abandon() {
        try? pidfd.send(signal: SIGKILL)
        _ = try? reap()
    }
}
