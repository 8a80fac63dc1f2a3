internal import CLinux
internal import CSeccomp
internal import Core
internal import LinuxSystem
internal import OCI

/// A filter of libseccomp's while it is being built.
struct SeccompFilter: ~Copyable {
    // SAFETY: made by seccomp_init, freed once by deinit, never handed out; libseccomp needs no more for one thread.
    private let context: scmp_filter_ctx

    init(defaultAction: UInt32) throws(InvalidInput) {
        guard let context = seccomp_init(defaultAction) else {
            throw InvalidInput("linux.seccomp.defaultAction", "libseccomp refuses \(defaultAction)")
        }
        // A binary tree instead of a chain: a third of the time to install, and fewer steps per system call.
        let result = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        guard result == 0 else {
            seccomp_release(context)
            throw Self.failure(result, SeccompCompiler.path)
        }
        self.context = context
    }

    deinit { seccomp_release(context) }

    func add(_ architecture: UInt32) throws(InvalidInput) {
        let alreadyThere = -Int32(17)
        let result = seccomp_arch_add(context, architecture)
        if result != alreadyThere { try Self.check(result, "linux.seccomp.architectures") }
    }

    /// The number of a system call, which is a made-up negative one where only another architecture has it.
    /// - Returns: nil for a name that libseccomp does not know.
    static func number(of name: String) -> Int32? {
        let number = seccomp_syscall_resolve_name(name)
        return number == -1 ? nil : number
    }

    func add(
        _ action: UInt32, syscall: Int32, conditions: [OCIConfig.ArgumentCondition], at path: String
    ) throws(InvalidInput) {
        let comparisons = conditions.map { condition in
            // For a masked comparison libseccomp takes the mask first, then the value; else the value first.
            scmp_arg_cmp(
                arg: condition.index, op: condition.op.comparison, datum_a: condition.value,
                datum_b: condition.valueTwo ?? 0)
        }
        let result = comparisons.withUnsafeBufferPointer {
            seccomp_rule_add_array(context, action, syscall, UInt32($0.count), $0.baseAddress)
        }
        // A rule that is there already, or that one without conditions covers, changes nothing.
        let exists = -Int32(17)
        if result != exists { try Self.check(result, path) }
    }

    /// The program as the kernel takes it.
    func export() throws(InvalidInput) -> [UInt8] {
        do {
            let file = OwnedFD(owning: try LinuxSystem.check(clinux_memfd("seccomp", 0), "memfd_create"))
            try Self.check(seccomp_export_bpf(context, file.raw), "linux.seccomp")
            try LinuxSystem.check(clinux_seek(file.raw, 0, 0), "lseek")
            let program = try File.readAll(file.raw, limit: Self.longestProgram, subject: "memfd")
            return program
        } catch let error as InvalidInput {
            throw error
        } catch {
            throw InvalidInput("linux.seccomp", "cannot be compiled: \(error)")
        }
    }

    /// BPF_MAXINSNS instructions of eight bytes.
    static let longestProgram = 4096 * 8

    private static func check(_ result: Int32, _ path: String) throws(InvalidInput) {
        if result < 0 { throw failure(result, path) }
    }

    private static func failure(_ result: Int32, _ path: String) -> InvalidInput {
        InvalidInput(path, "cannot be compiled: \(KernelError("libseccomp", code: -result))")
    }
}

extension OCIConfig.SeccompOperator {
    fileprivate var comparison: scmp_compare {
        switch self {
        case .notEqual: SCMP_CMP_NE
        case .less: SCMP_CMP_LT
        case .lessOrEqual: SCMP_CMP_LE
        case .equal: SCMP_CMP_EQ
        case .greaterOrEqual: SCMP_CMP_GE
        case .greater: SCMP_CMP_GT
        case .maskedEqual: SCMP_CMP_MASKED_EQ
        }
    }
}
