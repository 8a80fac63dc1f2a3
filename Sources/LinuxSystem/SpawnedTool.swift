internal import CLinux
internal import Synchronization

/// A program of the host's on streams that the caller has. It has no other descriptor, and its end is to be awaited.
package final class SpawnedTool: Sendable {
    private let pid: Int32
    private let status = Mutex<Int32?>(nil)

    /// - Parameter input, output, errors: become 0, 1 and 2, lent for the time of the call; nil is /dev/null.
    package init(
        _ arguments: [String], input: Int32?, output: Int32?, errors: Int32
    ) throws(KernelError) {
        let child = ToolProcess.spawn(arguments, input: input ?? -1, output: output ?? -1, errors: errors)
        pid = try check(child, "posix_spawn", subject: arguments.first ?? "")
    }

    /// Its number, which nobody else gets before `wait` has returned.
    package var processID: Int32 { pid }

    /// Its exit status, or 128 and the signal's number. Blocks.
    package func wait() -> Int32 {
        status.withLock { status in
            let known = status ?? clinux_wait_tool(pid)
            status = known
            return known
        }
    }
}
