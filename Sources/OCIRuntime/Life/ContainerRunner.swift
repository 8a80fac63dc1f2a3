internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// Makes a container, starts it, and, unless it is let go of, stays until its program ends.
package struct ContainerRunner {
    private let maker: ContainerMaker
    private let warn: (String) -> Void

    package init(root: RuntimeRoot, manager: CgroupManager, warn: @escaping (String) -> Void) {
        maker = ContainerMaker(root: root, manager: manager, warn: warn)
        self.warn = warn
    }

    /// - Parameters:
    ///   - detaches: whether the container outlives this command. - keeps: whether its state stays when it has ended.
    /// - Returns: the program's exit status, or 128 and the signal that ended it.
    package func run(_ request: CreateRequest, detaches: Bool, keeps: Bool) throws -> Int32 {
        var request = request
        request.waitsForStart = false
        // Before there is a process that they are for.
        let signals = detaches ? nil : try ForwardedSignals()
        let made = try maker.make(request)
        if detaches, made.terminal != nil {
            made.process.abandon()
            try ContainerRemover(warn: warn).remove(made.directory, force: true)
            throw InvalidInput(
                "process.terminal", "needs somebody who takes the terminal", allowed: "--console-socket")
        }
        do {
            try ContainerStarter(warn: warn).start(made)
        } catch {
            made.process.abandon()
            try? ContainerRemover(warn: warn).remove(made.directory, force: true)
            throw error
        }
        guard let signals else { return 0 }
        made.directory.unlock()
        let status = try Attendance(process: made.process, terminal: made.terminal, signals: signals).wait()
        if !keeps {
            do { try ContainerRemover(warn: warn).remove(made.directory, force: true) } catch {
                // Somebody else has removed it meanwhile.
                if made.directory.isThere { throw error }
            }
        }
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }
}

/// What this process is told by signals, and its container is meant.
final class ForwardedSignals: Sendable {
    let pipe: SignalPipe

    init() throws(KernelError) {
        pipe = try SignalPipe([SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT])
    }
}
