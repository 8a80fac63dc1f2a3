import Glibc

/// What reads input from outside, as functions of bytes. libFuzzer looks for input that breaks one of them, and the corpus
/// is replayed by an ordinary test. A target that finds a promise broken traps, which is what libFuzzer understands.
enum FuzzTarget: String, CaseIterable, Sendable {
    /// `config.json` of a bundle, down to the launch plan.
    case config
    /// `torpor.yaml`.
    case manifest
    /// A request's head and body, as clients send them.
    case request
    /// A response's head and body, as functions send them.
    case response
    /// What a command writes that answers as a CGI program does.
    case command
    /// The bodies of the control API and of the attach socket.
    case control
    /// A source that somebody sends as a tar archive.
    case archive

    func run(_ bytes: [UInt8]) {
        switch self {
        case .config: ConfigFuzz.run(bytes)
        case .manifest: ManifestFuzz.run(bytes)
        case .request: WireFuzz.request(bytes)
        case .response: WireFuzz.response(bytes)
        case .command: WireFuzz.command(bytes)
        case .control: ControlFuzz.run(bytes)
        case .archive: ArchiveFuzz.run(bytes)
        }
    }
}

/// Traps where a promise does not hold.
func expectThat(_ holds: @autoclosure () -> Bool, _ promise: String) {
    precondition(holds(), promise)
}

/// The value of something that may be refused.
func accepted<Value>(_ body: () throws -> Value) -> Value? { try? body() }
