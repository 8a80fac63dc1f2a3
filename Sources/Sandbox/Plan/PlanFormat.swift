/// The numbers of Sources/TorporInit/protocol.h, which explains them. `PlanFormatTests` compares the two files.
package enum PlanFormat {
    package static let version: UInt32 = 2
    package static let packetBytes = 64 << 10
    package static let messageBytes = 16
    package static let failureBytes = 16
    package static let stepBytes = 48
    package static let callBytes = 48
    /// Of one process: `processWrite` and `processCall`.
    package static let calls = 32
    /// `value` of a SPAWN that wants no STARTED.
    package static let quiet: UInt32 = 1
    /// `step` of a failure that no step of the plan caused.
    package static let noStep: UInt32 = 0xffff_ffff

    package enum Kind: UInt32, Sendable {
        case plan = 1
        case spawn = 2
        case signal = 3
        case go = 4
        case started = 129
        case failed = 130
        case exited = 131
        case reached = 132
        case master = 133
    }

    package enum Operation: UInt32, Sendable, CaseIterable {
        case becomeRoot = 1
        case root, mount, attach, bind, mask, readonly, directory, symlink, write, call, pivot, sync, terminal
        case enter
        case stdio = 64
        case arguments, environment, workingDirectory, identity, keepGroups, processWrite, processCall
        case capabilities, noNewPrivileges, seccomp, pass, start, ready
    }

    /// Where `start` or `ready` failed.
    package enum StartStage: UInt32, Sendable, CaseIterable {
        case clone = 1
        case session, stdio, calls, identity, directory, capabilities, seccomp, exec
    }
}
