/// A system call that torpor-init makes as it is told: what needs no more than one such is no step of its own.
package struct SystemCall: Sendable, Hashable {
    package enum Argument: Sendable, Hashable {
        case number(UInt64)
        /// The address of a copy of these.
        case bytes([UInt8])
        /// What the last call gave that had no such argument.
        case result

        /// With its final NUL.
        package static func text(_ text: String) -> Argument { .bytes(Array(text.utf8) + [0]) }

        package static func words(_ words: [UInt64]) -> Argument {
            .bytes(words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } })
        }
    }

    package var name: Name
    /// At most six; those that are left out are 0.
    package var arguments: [Argument]
    /// What it does, for messages to people: `set the host name`.
    package var purpose: String

    package init(_ name: Name, _ arguments: [Argument], purpose: String) {
        self.name = name
        self.arguments = arguments
        self.purpose = purpose
    }

    package enum Name: String, Sendable, CaseIterable {
        // As the kernel names them.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case close, chdir, chroot, fchmodat, fchownat, ioprio_set, mknodat, mount, openat, personality,
            prlimit64, sched_setaffinity, sched_setattr, setdomainname, sethostname, setns, unshare

        /// Of this machine's architecture.
        package var number: UInt64 {
            #if arch(x86_64)
                switch self {
                case .chdir: 80
                case .chroot: 161
                case .close: 3
                case .fchmodat: 268
                case .fchownat: 260
                case .mknodat: 259
                case .ioprio_set: 251
                case .mount: 165
                case .openat: 257
                case .personality: 135
                case .prlimit64: 302
                case .sched_setaffinity: 203
                case .sched_setattr: 314
                case .setdomainname: 171
                case .sethostname: 170
                case .setns: 308
                case .unshare: 272
                }
            #elseif arch(arm64)
                switch self {
                case .chdir: 49
                case .chroot: 51
                case .close: 57
                case .fchmodat: 53
                case .fchownat: 54
                case .mknodat: 33
                case .ioprio_set: 30
                case .mount: 40
                case .openat: 56
                case .personality: 92
                case .prlimit64: 261
                case .sched_setaffinity: 122
                case .sched_setattr: 274
                case .setdomainname: 162
                case .sethostname: 161
                case .setns: 268
                case .unshare: 97
                }
            #endif
        }
    }
}
