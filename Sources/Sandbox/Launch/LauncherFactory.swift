internal import LinuxSystem
internal import Synchronization

/// Starts launcher threads, each in a private root of its own.
struct LauncherFactory: Sendable {
    let program: OwnedFDBox
    let isRootless: Bool
    let configuration: SandboxConfiguration
    let logs: any InstanceLogCollecting

    private final class Outcome: Sendable {
        let result = Mutex<Result<Bool, KernelError>?>(nil)
        let ready: WakeEvent
        init() throws(KernelError) { ready = try WakeEvent() }
    }

    /// Returns once the launcher is ready, or could not be made.
    /// - Parameters:
    ///   - hasDeviceTree: gets whether its root has one. - body: runs on the thread, to its end.
    func start(hasDeviceTree: inout [Bool], _ body: @escaping @Sendable (Launcher) -> Void)
        throws(KernelError) -> DedicatedThread
    {
        let outcome = try Outcome()
        let thread = try DedicatedThread(name: "sandbox-launch") {
            do throws(KernelError) {
                let root = try LauncherRoot(
                    place: configuration.runDirectory, images: configuration.imagesDirectory,
                    isRootless: isRootless)
                let launcher = try Launcher(program: program, isRootless: isRootless, logs: logs)
                outcome.result.withLock { $0 = .success(root.hasDeviceTree) }
                outcome.ready.signal()
                body(launcher)
            } catch {
                outcome.result.withLock { $0 = .failure(error) }
                outcome.ready.signal()
            }
        }
        while true {
            switch outcome.result.withLock({ $0 }) {
            case .success(let tree)?:
                hasDeviceTree.append(tree)
                return thread
            case .failure(let error)?:
                thread.join()
                throw error
            case nil: outcome.ready.wait(nanoseconds: nil)
            }
        }
    }
}
