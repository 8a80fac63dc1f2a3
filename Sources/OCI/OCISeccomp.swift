extension OCIConfig {
    /// A system call filter (config-linux.md, "Seccomp").
    package struct Seccomp: Codable, Sendable, Hashable {
        package var defaultAction: SeccompAction
        /// The errno of `defaultAction` where that is `SCMP_ACT_ERRNO`; absent is EPERM.
        package var defaultErrnoRet: UInt32?
        package var architectures: [String]?
        package var flags: [String]?
        package var listenerPath: String?
        package var listenerMetadata: String?
        package var syscalls: [SyscallRule]?

        package init(defaultAction: SeccompAction, defaultErrnoRet: UInt32? = nil) {
            self.defaultAction = defaultAction
            self.defaultErrnoRet = defaultErrnoRet
        }
    }

    /// What is done about the named system calls when every condition holds.
    package struct SyscallRule: Codable, Sendable, Hashable {
        package var names: [String]
        package var action: SeccompAction
        package var errnoRet: UInt32?
        package var args: [ArgumentCondition]?

        package init(
            names: [String], action: SeccompAction, errnoRet: UInt32? = nil, args: [ArgumentCondition]? = nil
        ) {
            self.names = names
            self.action = action
            self.errnoRet = errnoRet
            self.args = args
        }
    }

    package struct ArgumentCondition: Codable, Sendable, Hashable {
        /// Which argument of the system call, 0 to 5.
        package var index: UInt32
        package var value: UInt64
        /// Only for `SCMP_CMP_MASKED_EQ`, where `value` is the mask and this what the masked argument must equal.
        package var valueTwo: UInt64?
        package var op: SeccompOperator

        package init(index: UInt32, value: UInt64, valueTwo: UInt64? = nil, op: SeccompOperator) {
            self.index = index
            self.value = value
            self.valueTwo = valueTwo
            self.op = op
        }
    }

    package enum SeccompAction: String, NamedChoice {
        case kill = "SCMP_ACT_KILL"
        case killProcess = "SCMP_ACT_KILL_PROCESS"
        case killThread = "SCMP_ACT_KILL_THREAD"
        case trap = "SCMP_ACT_TRAP"
        case errno = "SCMP_ACT_ERRNO"
        case trace = "SCMP_ACT_TRACE"
        case allow = "SCMP_ACT_ALLOW"
        case log = "SCMP_ACT_LOG"
        case notify = "SCMP_ACT_NOTIFY"
    }

    package enum SeccompOperator: String, NamedChoice {
        case notEqual = "SCMP_CMP_NE"
        case less = "SCMP_CMP_LT"
        case lessOrEqual = "SCMP_CMP_LE"
        case equal = "SCMP_CMP_EQ"
        case greaterOrEqual = "SCMP_CMP_GE"
        case greater = "SCMP_CMP_GT"
        case maskedEqual = "SCMP_CMP_MASKED_EQ"
    }
}
