internal import CLinux
internal import Core
internal import FoundationEssentials
internal import LinuxSystem
internal import Sandbox

/// Who decides about the system calls that a container's filter tells of: somebody who listens on a socket
/// (`linux.seccomp.listenerPath`).
struct FilterListener {
    let path: String

    /// - Throws: `InvalidInput` where nobody listens.
    func connect() throws(InvalidInput) -> SharedFD {
        do {
            return SharedFD(
                OwnedFD(owning: try check(clinux_stream_connect(path, 10), "connect", subject: path)))
        } catch {
            throw InvalidInput("linux.seccomp.listenerPath", "cannot be used: \(error)")
        }
    }

    /// The container process state (config-linux.md, "The Container Process State").
    private struct ProcessState: Encodable {
        let ociVersion = SpecVersion.current
        let fds = ["seccompFd"]
        let pid: Int32
        let metadata: String?
        let state: StateDocument
    }

    /// The plan with what the container's process says to the listener, now that it is there and has a number.
    func plan(_ plan: ContainerPlan, state: StateDocument) throws -> EncodedPlan {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let document = ProcessState(pid: state.pid, metadata: plan.listenerMetadata, state: state)
        let message = String(decoding: try encoder.encode(document), as: UTF8.self)
        let steps = plan.steps.map { step -> LaunchPlan.Step in
            guard case .seccomp(let filter, let flags, let listener?) = step else { return step }
            return .seccomp(
                filter, flags: flags, listener: SeccompListener(socket: listener.socket, message: message))
        }
        return try EncodedPlan(LaunchPlan(steps: steps))
    }
}
