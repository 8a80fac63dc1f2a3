internal import FoundationEssentials

/// The variables that the daemon was started with.
enum ProcessEnvironment {
    static var all: [String: String] { ProcessInfo.processInfo.environment }
}
