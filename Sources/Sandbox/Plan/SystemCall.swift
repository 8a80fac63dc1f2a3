/// A system call that torpor-init makes as it is told: what needs no more than one such is no step of its own.
package struct SystemCall: Sendable, Hashable {
    package enum Argument: Sendable, Hashable {
        case number(UInt64)
        /// The address of a copy of these.
        case bytes([UInt8])

        /// With its final NUL.
        static func text(_ text: String) -> Argument { .bytes(Array(text.utf8) + [0]) }

        static func words(_ words: [UInt64]) -> Argument {
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
        case sethostname, prlimit64

        /// Of this machine's architecture.
        package var number: UInt64 {
            #if arch(x86_64)
                switch self {
                case .sethostname: 170
                case .prlimit64: 302
                }
            #elseif arch(arm64)
                switch self {
                case .sethostname: 161
                case .prlimit64: 261
                }
            #endif
        }
    }
}
