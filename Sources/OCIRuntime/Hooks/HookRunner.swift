internal import Core
internal import LinuxSystem
package import OCI

/// A hook that failed: which, and what it said.
package struct HookFailure: Error, Sendable, CustomStringConvertible {
    package let hook: String
    package let reason: String
    package var description: String { "\(hook): \(reason)" }
}

/// Starts a hook's program somewhere.
package protocol HookLauncher {
    /// - Parameter streams: lent for the call.
    func launch(_ hook: OCIConfig.Hook, streams: HookStreams) throws -> HookProcess
}

/// Runs a container's hooks, in their order, each with the container's state on standard input. Its calls block.
package struct HookRunner: Sendable {
    private let hooks: OCIConfig.Hooks?
    private let state: StateDocument

    /// - Parameter state: of the container; status and pid are set for each hook.
    package init(_ hooks: OCIConfig.Hooks?, state: StateDocument) {
        self.hooks = hooks
        self.state = state
    }

    package func has(_ kind: HookKind) -> Bool { !kind.list(hooks).isEmpty }

    /// Runs every hook of a kind.
    /// - Parameters:
    ///   - pid: of the container's first process, as the hook sees it. - launcher: where; by default in the runtime's
    ///     namespaces. - warn: hears of what failed and may.
    /// - Throws: `HookFailure` of the first that failed, after which no other was started.
    package func run(
        _ kind: HookKind, pid: Int32, launcher: (any HookLauncher)? = nil, warn: (String) -> Void
    ) throws(HookFailure) {
        for (index, hook) in kind.list(hooks).enumerated() {
            do {
                try run(hook, kind, pid: pid, launcher ?? HostHookLauncher(bundle: state.bundle))
            } catch {
                let name = "hooks.\(kind.rawValue)[\(index)] (\(hook.path))"
                let failure = HookFailure(hook: name, reason: "\(error)")
                guard kind.isForgiving else { throw failure }
                warn(failure.description)
            }
        }
    }

    private func run(
        _ hook: OCIConfig.Hook, _ kind: HookKind, pid: Int32, _ launcher: any HookLauncher
    ) throws {
        var document = state
        document.status = kind.status
        document.pid = pid
        let streams = try HookStreams(input: try document.json())
        let process = try launcher.launch(hook, streams: streams)
        streams.closeOutput()
        let outcome = try process.wait(
            collecting: streams, timeout: hook.timeout.map { .seconds($0) } ?? .seconds(Limits.hookSeconds))
        switch outcome {
        case .exited(0): return
        case .exited(let code): throw HookOutcomeError("ended with status \(code)", streams.said)
        case .killed(let signal): throw HookOutcomeError("was ended by signal \(signal)", streams.said)
        case .overdue(let seconds):
            throw HookOutcomeError("was killed, since it ran longer than \(seconds) s", streams.said)
        }
    }
}

/// How a hook ended, with the end of what it said.
struct HookOutcomeError: Error, CustomStringConvertible {
    let description: String

    init(_ end: String, _ said: String) {
        description = said.isEmpty ? end : "\(end): \(said)"
    }
}
