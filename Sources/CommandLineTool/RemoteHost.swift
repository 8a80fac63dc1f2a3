internal import ControlClient
internal import Core
internal import Glibc

/// Another host that is driven over ssh(1): its `torpor system dial-stdio` hands the connection on to its daemon.
struct RemoteHost: Sendable, CustomStringConvertible {
    private let user: String?
    private let host: String
    private let port: Int?
    /// The control socket there, where it is not the usual one.
    private let socket: String?

    /// Reads `ssh://[USER@]HOST[:PORT]`.
    init(_ text: String, socket: String?) throws(InvalidInput) {
        let problem = InvalidInput(
            "", "'\(text.prefix(80))' is no host", allowed: "ssh://[USER@]HOST[:PORT], such as ssh://root@box"
        )
        guard text.hasPrefix("ssh://") else { throw problem }
        var rest = text.dropFirst("ssh://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        } else {
            user = nil
        }
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65535).contains(number) else {
                throw problem
            }
            port = number
            rest = rest[..<colon]
        } else {
            port = nil
        }
        host = rest.hasPrefix("[") && rest.hasSuffix("]") ? String(rest.dropFirst().dropLast()) : String(rest)
        // What begins with a dash would be an option of ssh.
        for part in [user, host].compactMap(\.self) {
            guard !part.isEmpty, !part.hasPrefix("-"),
                part.utf8.allSatisfy({ (33...126).contains($0) && !Self.refused.contains($0) })
            else { throw problem }
        }
        self.socket = socket
    }

    private static let refused = Set("/@'\"\\$`;&|<>()".utf8)

    var description: String {
        "ssh://" + (user.map { "\($0)@" } ?? "") + (host.contains(":") ? "[\(host)]" : host)
            + (port.map { ":\($0)" } ?? "")
    }

    enum Target: Sendable { case control, gateway }

    /// Starts ssh and gives the descriptor that is its standard input and output.
    /// - Throws: `ToolFailure`.
    func dial(_ target: Target) throws -> Int32 {
        let command = ["system", "dial-stdio"] + (target == .gateway ? ["--gateway"] : [])
        return try dial(command)
    }

    /// Starts `torpor` over there and gives the descriptor that is its standard input and output.
    func dial(_ command: [String]) throws -> Int32 {
        try Self.spawn(try Self.program(), arguments(command, options: ["-T"]))
    }

    /// Becomes ssh, which runs `torpor` over there with this process's streams, and ends with its status.
    func runHere(_ command: [String], onTerminal: Bool) throws -> Never {
        let program = try Self.program()
        let argv =
            ([program] + arguments(command, options: onTerminal ? ["-t"] : ["-T"])).map { strdup($0) } + [nil]
        signal(SIGPIPE, SIG_DFL)
        execv(program, argv)
        throw ToolFailure("\(program) cannot be started: \(String(cString: strerror(errno)))")
    }

    private static func program() throws -> String {
        guard let program = Programs.find("ssh") else {
            throw ToolFailure("ssh is not in PATH: install it (apt install openssh-client)")
        }
        return program
    }

    private func arguments(_ command: [String], options: [String]) -> [String] {
        var arguments = options + ["-o", "ConnectTimeout=10"]
        if let port { arguments += ["-p", "\(port)"] }
        if let user { arguments += ["-l", user] }
        arguments += ["--", host, "torpor"]
        var words = command
        if let socket { words.insert(contentsOf: ["--socket", socket], at: 0) }
        return arguments + words.map(Self.quoted)
    }

    /// The shell over there reads this.
    private static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                    UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
        return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }

    /// Starts `torpor` over there on these streams.
    /// - Returns: what waits for its end, and gives its status.
    func start(_ command: [String], input: Int32, output: Int32) throws -> @Sendable () -> Int32 {
        let child = try Self.spawn(
            try Self.program(), arguments(command, options: ["-T"]), input: input, output: output)
        return {
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        }
    }

    /// Runs `torpor` over there with this descriptor as its standard input and output. Blocks until ssh ends.
    func run(_ command: [String], on descriptor: Int32) throws {
        let child = try Self.spawn(
            try Self.program(), arguments(command, options: ["-T"]), input: descriptor, output: descriptor)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }

    private static func spawn(_ program: String, _ arguments: [String]) throws -> Int32 {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw ToolFailure("no socket for ssh: \(String(cString: strerror(errno)))")
        }
        defer { close(pair[1]) }
        do {
            _ = try spawn(program, arguments, input: pair[1], output: pair[1])
        } catch {
            close(pair[0])
            throw error
        }
        return pair[0]
    }

    private static func spawn(
        _ program: String, _ arguments: [String], input: Int32, output: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Its errors, and its questions, are the user's.
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, program, &actions, nil, argv, environ)
        guard result == 0 else {
            throw ToolFailure("\(program) cannot be started: \(String(cString: strerror(result)))")
        }
        return child
    }
}
