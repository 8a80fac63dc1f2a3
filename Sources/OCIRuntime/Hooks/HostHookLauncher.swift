internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import OCI

/// Starts hooks in the runtime's namespaces: in the bundle's directory, with exactly the environment that the hook says and
/// no descriptor but the streams.
struct HostHookLauncher: HookLauncher {
    let bundle: String

    func launch(_ hook: OCIConfig.Hook, streams: HookStreams) throws -> HookProcess {
        let (input, output) = streams.descriptors
        let arguments = hook.args.flatMap { $0.isEmpty ? nil : $0 } ?? [hook.path]
        let pid = Self.withTexts(arguments) { arguments in
            Self.withTexts(hook.env ?? []) { environment in
                clinux_spawn_program(hook.path, arguments, environment, bundle, input, output, output)
            }
        }
        return try HookProcess(pid: try check(pid, "start", subject: hook.path))
    }

    private static func withTexts(
        _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Int32
    ) -> Int32 {
        // SAFETY: the copies live until the call has returned, and the list ends with nil.
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let list = copies.map { UnsafePointer($0) } + [nil]
        return list.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
