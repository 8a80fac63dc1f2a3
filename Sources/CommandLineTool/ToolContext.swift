package import ControlAPI
internal import Foundation
internal import Glibc

/// What the tool sees of its surroundings: tests give it others.
package struct ToolContext: Sendable {
    package var environment: [String: String]
    /// Absolute.
    package var directory: String
    package var now: @Sendable () -> Timestamp
    /// Write to standard output and standard error.
    package var output: @Sendable (String) throws -> Void
    package var outputBytes: @Sendable ([UInt8]) throws -> Void
    package var errorOutput: @Sendable (String) -> Void
    /// The next bytes of standard input; nil at its end. Blocks.
    package var input: @Sendable () throws -> [UInt8]?
    /// Whether somebody would have to type the input.
    package var inputIsTerminal: @Sendable () -> Bool
    /// Columns of the terminal that standard output is; nil where it is none.
    package var terminalWidth: @Sendable () -> Int?
    package var errorsAreTerminal: @Sendable () -> Bool

    package init(
        environment: [String: String], directory: String, now: @escaping @Sendable () -> Timestamp,
        output: @escaping @Sendable (String) throws -> Void,
        outputBytes: @escaping @Sendable ([UInt8]) throws -> Void,
        errorOutput: @escaping @Sendable (String) -> Void, input: @escaping @Sendable () throws -> [UInt8]?,
        inputIsTerminal: @escaping @Sendable () -> Bool,
        terminalWidth: @escaping @Sendable () -> Int? = { nil },
        errorsAreTerminal: @escaping @Sendable () -> Bool = { false }
    ) {
        self.terminalWidth = terminalWidth
        self.errorsAreTerminal = errorsAreTerminal
        self.environment = environment
        self.directory = directory
        self.now = now
        self.output = output
        self.outputBytes = outputBytes
        self.errorOutput = errorOutput
        self.input = input
        self.inputIsTerminal = inputIsTerminal
    }

    /// Of the command that runs.
    @TaskLocal static var current = ToolContext.process

    /// This process.
    package static var process: ToolContext {
        ToolContext(
            environment: ProcessInfo.processInfo.environment,
            directory: FileManager.default.currentDirectoryPath,
            now: { Timestamp(unixNanoseconds: Int64(Date.now.timeIntervalSince1970 * 1e9)) },
            output: { try StandardOutput.write(Array($0.utf8)) },
            outputBytes: { try StandardOutput.write($0) },
            errorOutput: { text in
                // Nobody is left to tell when standard error is closed.
                try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
            },
            input: { try FileHandle.standardInput.read(upToCount: 64 << 10).map { [UInt8]($0) } },
            inputIsTerminal: { isatty(0) == 1 }, terminalWidth: Self.width,
            errorsAreTerminal: { isatty(2) == 1 })
    }

    @Sendable private static func width() -> Int? {
        guard isatty(1) == 1 else { return nil }
        var size = winsize()
        // A terminal that does not know its size says 0.
        guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Whether what goes to a standard stream that is a terminal may have colours (no-color.org).
    var allowsColours: Bool {
        environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// Paths that users give are theirs: the daemon runs elsewhere.
    func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: directory, isDirectory: true))
            .standardizedFileURL.path
    }
}

/// A command that could not be done: exit status 1, unless it says otherwise.
struct ToolFailure: Error, CustomStringConvertible {
    let description: String
    let status: Int32

    init(_ description: String, status: Int32 = 1) {
        self.description = description
        self.status = status
    }
}
