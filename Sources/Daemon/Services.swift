internal import Core
internal import Gateway
internal import LinuxSystem
internal import Logging
internal import Networking
internal import Orchestrator
internal import ServiceLifecycle

// The parts of the daemon that run until it stops. They stop in the reverse order of their start: nobody deploys any
// more, then requests in flight end, then instances.

struct OrchestratorService: Service {
    let orchestrator: Orchestrator
    let time: any Timekeeper

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await orchestrator.run() }
            group.addTask {
                do { try await gracefulShutdown() } catch { return }
                await orchestrator.close(deadline: time.now() + Limits.instanceShutdown.nanoseconds)
            }
        }
    }
}

struct GatewayService: Service {
    let gateway: Gateway
    let slots: SlotPool

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await gateway.run() }
            group.addTask {
                do {
                    try await gracefulShutdown()
                } catch {
                    // Another service has failed: nothing is waited for.
                    await slots.openGateway(port: nil)
                    await gateway.shutdown(grace: .zero)
                    throw error
                }
                // Somebody else may listen there next.
                await slots.openGateway(port: nil)
                await gateway.shutdown(grace: Limits.requestShutdown)
            }
            try await group.waitForAll()
        }
    }
}

/// The last to start and so the first to stop: whoever waits for a rollout is told, so that nothing holds up the end.
struct ClosingNotice: Service {
    let orchestrator: Orchestrator
    let notification: ServiceNotification
    let restart: Restart

    func run() async throws {
        try await gracefulShutdown()
        // Who cannot be told sees it by the end.
        if restart.isAsked { try? notification.reloading() } else { try? notification.stopping() }
        await orchestrator.announceClosing()
    }
}
