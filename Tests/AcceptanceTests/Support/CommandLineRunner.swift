import Foundation
import Glibc

/// What a run of `torpor` gave.
struct CommandResult {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as JSON.
    /// - Throws: `TestFailure` with what it was, when it is none.
    func json() throws -> Any {
        do {
            return try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
        } catch {
            throw TestFailure("no JSON: \(output)\n\(errors)")
        }
    }

    /// A value inside that JSON, by keys and indices.
    func value<Value>(_ path: Any...) throws -> Value {
        var at = try json()
        for step in path {
            let next: Any? =
                switch step {
                case let key as String: (at as? [String: Any])?[key]
                case let index as Int: (at as? [Any]).flatMap { $0.indices.contains(index) ? $0[index] : nil }
                default: nil
                }
            guard let next else { throw TestFailure("no '\(step)' in \(at)") }
            at = next
        }
        guard let value = at as? Value else { throw TestFailure("\(at) is no \(Value.self)") }
        return value
    }
}

extension Torpor {
    /// Runs `torpor` with these arguments.
    /// - Parameter input: what it reads on its standard input.
    func cli(_ arguments: String..., input: String = "", limit: Duration = .seconds(60)) throws
        -> CommandResult
    {
        try cli(arguments, input: input, limit: limit)
    }

    func cli(
        _ arguments: [String], input: String = "", limit: Duration = .seconds(60),
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        let (stdin, stdout, stderr): (String, String, String) = (
            Scratch.path("in"), Scratch.path("out"), Scratch.path("err")
        )
        defer { for path in [stdin, stdout, stderr] { unlink(path) } }
        try input.write(toFile: stdin, atomically: false, encoding: .utf8)
        let child = try startCLI(
            arguments, input: stdin, output: stdout, errors: stderr, environment: environment)
        let status = try child.wait(limit)
        return CommandResult(status: status, output: Host.text(stdout), errors: Host.text(stderr))
    }

    /// Starts `torpor` and does not wait for it, as for `logs -f`.
    func startCLI(
        _ arguments: [String], input: String = "/dev/null", output: String, errors: String,
        environment: [String: String] = [:]
    ) throws -> ChildProcess {
        try ChildProcess(
            Programs.commandLine, ["--socket", socket] + arguments, environment: environment, input: input,
            output: .file(output), errors: .file(errors))
    }

    /// As `cli`, which must succeed.
    @discardableResult
    func succeeding(_ arguments: String..., input: String = "") throws -> CommandResult {
        let result = try cli(arguments, input: input)
        guard result.status == 0 else {
            throw TestFailure(
                "torpor \(arguments.joined(separator: " ")): \(result.status)\n\(result.errors)")
        }
        return result
    }
}
