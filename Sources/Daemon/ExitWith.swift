internal import ArgumentParser
internal import LinuxSystem

/// Ends the program with one line on stderr: 1 failed, 2 usage.
enum ExitWith {
    static func message(_ text: String, code: Int32) -> ExitCode {
        StandardError.write(text + "\n")
        return ExitCode(code)
    }
}
