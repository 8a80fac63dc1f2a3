import Foundation
import Glibc
import Synchronization

/// A program that a test runs: started by posix_spawn(3), its output in a file.
final class ChildProcess: Sendable {
    let pid: pid_t
    let outputPath: String
    private let status = Mutex<Int32?>(nil)
    /// Those that run and are waited for by somebody.
    private static let running = Mutex<Set<pid_t>>([])

    static func isKnown(_ pid: pid_t) -> Bool { running.withLock { $0.contains(pid) } }

    enum Output {
        /// Both streams into this file, appended.
        case file(String)
        case discard
    }

    /// - Parameter passing: becomes descriptor 3.
    /// - Throws: `TestFailure` when it cannot be started.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:],
        input: String = "/dev/null",
        output: Output = .discard, errors: Output? = nil, passing: Int32? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        Self.open(output, as: 1, &actions)
        if let errors {
            Self.open(errors, as: 2, &actions)
        } else {
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        if let passing {
            // The first descriptor that service managers pass; a duplicate onto itself would stay close-on-exec.
            posix_spawn_file_actions_adddup2(&actions, passing, 3)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let full = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let argv = ([program] + arguments).map { strdup($0) } + [nil]
        let envp = full.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var child: pid_t = 0
        let result = posix_spawnp(&child, program, &actions, &attributes, argv, envp)
        guard result == 0 else {
            throw TestFailure("\(program) cannot be started: \(String(cString: strerror(result)))")
        }
        pid = child
        Self.running.withLock { _ = $0.insert(child) }
        outputPath = if case .file(let path) = output { path } else { "/dev/null" }
    }

    private static func open(
        _ output: Output, as descriptor: Int32, _ actions: inout posix_spawn_file_actions_t
    ) {
        switch output {
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        case .discard: posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
    }

    func signal(_ number: Int32) { if exit == nil { kill(pid, number) } }

    /// How it ended, once it has: the exit code, or 128 and the signal's number.
    var exit: Int32? {
        status.withLock { known in
            var raw: Int32 = 0
            if known == nil, waitpid(pid, &raw, WNOHANG) == pid {
                Self.running.withLock { _ = $0.remove(pid) }
                known = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
            }
            return known
        }
    }

    /// - Throws: `TestFailure` after `limit`; the program is killed then.
    @discardableResult
    func wait(_ limit: Duration = .seconds(30)) throws -> Int32 {
        do {
            return try eventually("the end of process \(pid)", within: limit) { exit }
        } catch {
            signal(SIGKILL)
            throw error
        }
    }

    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

    /// Runs a tool to its end and returns what it wrote.
    /// - Throws: `TestFailure` with its output unless it exits 0.
    @discardableResult
    static func run(_ program: String, _ arguments: [String], limit: Duration = .seconds(60)) throws -> String
    {
        let path = Scratch.path("tool")
        defer { unlink(path) }
        let child = try ChildProcess(program, arguments, output: .file(path))
        let status = try child.wait(limit)
        guard status == 0 else {
            throw TestFailure(
                "\(program) \(arguments.joined(separator: " ")): exit \(status)\n\(child.output)")
        }
        return child.output
    }
}
