internal import Foundation

/// The daemon's own program, which stands beside this one or in PATH: asked for what it knows best, so that both mean the
/// same.
enum DaemonProgram {
    struct Answer {
        var status: Int32
        var output: Data
        /// Without the program's name in front.
        var errors: String
    }

    /// Runs it to its end, which its options for checking come to at once.
    static func run(_ arguments: [String]) throws -> Answer {
        guard let program = Programs.find("torpord") else {
            throw ToolFailure(
                "torpord is neither beside this program nor in PATH: install it, or check on its host")
        }
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        do {
            try process.run()
        } catch {
            throw ToolFailure("\(program) cannot be run: \(error.localizedDescription)")
        }
        // Read before waiting: a pipe that is full would hold up its writer. What it says on either is short.
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let text = said.hasPrefix("torpord: ") ? String(said.dropFirst("torpord: ".count)) : said
        return Answer(
            status: process.terminationStatus, output: answer,
            errors: text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

/// Programs of the host.
enum Programs {
    /// Where a program is: beside this one, else by PATH.
    static func find(_ name: String) -> String? {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: own).deletingLastPathComponent().path
        let path = ToolContext.current.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return ([beside] + path.split(separator: ":").map(String.init)).map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
