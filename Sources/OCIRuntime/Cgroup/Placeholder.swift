internal import LinuxSystem
internal import Synchronization

/// A process that does nothing, for what systemd makes only around one that runs: a scope. It ends with its owner at the
/// latest, since it reads a pipe of its.
final class Placeholder: Sendable {
    private let tool: SpawnedTool
    private let input: Mutex<SharedFD?>

    init() throws(KernelError) {
        let pipe = try SharedPipe()
        tool = try SpawnedTool(["cat"], input: pipe.reading.raw, output: nil, errors: 2)
        input = Mutex(pipe.writing)
    }

    var processID: Int32 { tool.processID }

    /// Waits until it is gone.
    func end() {
        input.withLock { $0 = nil }
        _ = tool.wait()
    }

    deinit { end() }
}
