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
        guard let program = Programs.find("ssh") else {
            throw ToolFailure("ssh is not in PATH: install it (apt install openssh-client)")
        }
        var arguments = ["-T", "-o", "ConnectTimeout=10"]
        if let port { arguments += ["-p", "\(port)"] }
        if let user { arguments += ["-l", user] }
        arguments += ["--", host, "torpor", "system", "dial-stdio"]
        if target == .gateway { arguments.append("--gateway") }
        // The shell over there reads this.
        if let socket { arguments += ["--socket", "'\(socket.replacing("'", with: "'\\''"))'"] }
        return try Self.spawn(program, arguments)
    }

    private static func spawn(_ program: String, _ arguments: [String]) throws -> Int32 {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw ToolFailure("no socket for ssh: \(String(cString: strerror(errno)))")
        }
        defer { close(pair[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Its errors, and its questions, are the user's.
        posix_spawn_file_actions_adddup2(&actions, pair[1], 0)
        posix_spawn_file_actions_adddup2(&actions, pair[1], 1)
        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var child: pid_t = 0
        let result = posix_spawn(&child, program, &actions, nil, argv, environ)
        guard result == 0 else {
            close(pair[0])
            throw ToolFailure("\(program) cannot be started: \(String(cString: strerror(result)))")
        }
        return pair[0]
    }
}
