internal import CSeccomp
internal import Core
internal import OCI

/// Which architectures a filter speaks for: this machine's, and those of its processor's other modes that the profile
/// names. System calls of any other end the process, the default profile's 32-bit ones included: hardly a function
/// needs them, and the kernel's compatibility paths have had many holes.
package enum SeccompArchitecture {
    /// Names of the specification (config-linux.md, "Seccomp") and what libseccomp calls them.
    private static let known: [String: String] = [
        "SCMP_ARCH_X86": "x86", "SCMP_ARCH_X86_64": "x86_64", "SCMP_ARCH_X32": "x32", "SCMP_ARCH_ARM": "arm",
        "SCMP_ARCH_AARCH64": "aarch64", "SCMP_ARCH_MIPS": "mips", "SCMP_ARCH_MIPS64": "mips64",
        "SCMP_ARCH_MIPS64N32": "mips64n32", "SCMP_ARCH_MIPSEL": "mipsel", "SCMP_ARCH_MIPSEL64": "mipsel64",
        "SCMP_ARCH_MIPSEL64N32": "mipsel64n32", "SCMP_ARCH_PPC": "ppc", "SCMP_ARCH_PPC64": "ppc64",
        "SCMP_ARCH_PPC64LE": "ppc64le", "SCMP_ARCH_S390": "s390", "SCMP_ARCH_S390X": "s390x",
        "SCMP_ARCH_PARISC": "parisc", "SCMP_ARCH_PARISC64": "parisc64", "SCMP_ARCH_RISCV64": "riscv64",
        "SCMP_ARCH_LOONGARCH64": "loongarch64", "SCMP_ARCH_M68K": "m68k", "SCMP_ARCH_SH": "sh",
        "SCMP_ARCH_SHEB": "sheb",
    ]

    /// As the specification has them, in their order.
    package static var names: [String] { known.keys.sorted() }

    #if arch(x86_64)
        static let native = "x86_64"
        static let modes: Set<String> = ["x86", "x32"]
    #elseif arch(arm64)
        static let native = "aarch64"
        static let modes: Set<String> = ["arm"]
    #endif

    /// The tokens to add to the native one. Architectures that this machine cannot run are left out.
    /// - Throws: `InvalidInput` for a name that the specification does not have.
    static func subordinate(in profile: OCIConfig.Seccomp) throws(InvalidInput) -> [UInt32] {
        var tokens: [UInt32] = []
        for (index, name) in (profile.architectures ?? []).enumerated() {
            guard let own = known[name] else {
                throw InvalidInput(
                    "linux.seccomp.architectures[\(index)]", "'\(name.prefix(60))' is no architecture",
                    allowed: "such as SCMP_ARCH_X86_64")
            }
            guard modes.contains(own) else { continue }
            let token = seccomp_arch_resolve_name(own)
            if token != 0, !tokens.contains(token) { tokens.append(token) }
        }
        return tokens
    }
}
