internal import LinuxSystem

/// A program of the host's that did not do what it was asked.
package struct ToolError: Error, Sendable, CustomStringConvertible {
    package let tool: String
    /// What it said, one line.
    package let message: String
    package var description: String { "\(tool): \(message)" }
}

/// Calls systemd's manager on its bus, through systemd's own busctl(1).
package struct Busctl: Sendable {
    /// nil: the system's.
    let bus: String?

    package init(bus: String?) { self.bus = bus }

    private static let manager = [
        "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
    ]

    /// - Parameter arguments: the method, its signature, and its arguments.
    func call(_ arguments: [String]) throws { try run(command(arguments)) }

    package func command(_ arguments: [String]) -> [String] {
        let place = bus.map { "--address=\($0)" } ?? "--system"
        // What follows "--" is no option, though a number may begin with a minus.
        return ["busctl", place, "--timeout=30", "--quiet", "call", "--"] + Self.manager + arguments
    }

    private func run(_ command: [String]) throws {
        var reading: OwnedFD?
        var writing: OwnedFD?
        try Pipe.make(reading: &reading, writing: &writing)
        guard let output = reading.take(), let errors = writing.take() else {
            preconditionFailure("pipe2 makes both ends")
        }
        let tool = try SpawnedTool(command, input: nil, output: nil, errors: errors.raw)
        // The tool has a copy of its own; with this one open the end would never come.
        _ = consume errors
        let said = (try? File.readAll(output.raw, limit: 64 << 10, subject: "busctl")) ?? []
        let status = tool.wait()
        guard status != 0 else { return }
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n").prefix(3)
        throw ToolError(
            tool: "busctl",
            message: lines.isEmpty ? "ended with status \(status)" : lines.joined(separator: "; "))
    }
}
