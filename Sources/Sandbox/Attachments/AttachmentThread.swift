internal import Core
internal import LinuxSystem
internal import Synchronization

/// The thread of an `AttachmentMaker`. It comes with the first function that needs it: others cost nothing.
final class AttachmentThread: Sendable {
    private typealias Job = @Sendable (Result<AttachmentMaker, KernelError>) -> Void

    private struct Started {
        let jobs: JobQueue<Job>
        let thread: DedicatedThread
    }

    private let configuration: SandboxConfiguration
    private let started = Mutex<Started?>(nil)

    init(_ configuration: SandboxConfiguration) { self.configuration = configuration }

    /// - Throws: `AttachmentFailure`, or `KernelError` where there can be no such thread.
    func make(
        _ attachments: Attachments, for instance: InstanceID, ids: ContainerIDs?
    ) async throws -> [AttachedMount] {
        let jobs = try queue()
        return try await withCheckedThrowingContinuation { continuation in
            let isTaken = jobs.push { maker in
                continuation.resume(
                    with: Result { try maker.get().make(attachments, for: instance, ids: ids) })
            }
            if !isTaken { continuation.resume(throwing: AttachmentFailure("the daemon is ending")) }
        }
    }

    /// Returns at once.
    func release(_ instance: InstanceID) {
        _ = started.withLock { $0?.jobs }?.push { maker in try? maker.get().release(instance) }
    }

    /// Returns when every running instance has the secret's present value, or what could not be done.
    func refresh(_ secret: ResourceKey) async -> [(InstanceID, any Error)] {
        guard let jobs = started.withLock({ $0?.jobs }) else { return [] }
        return await withCheckedContinuation { continuation in
            let isTaken = jobs.push { maker in
                // Without a maker no instance has files.
                continuation.resume(returning: (try? maker.get().refresh(secret)) ?? [])
            }
            if !isTaken { continuation.resume(returning: []) }
        }
    }

    /// Waits for what is under way. Blocks.
    func close() {
        let last = started.withLock { $0 }
        last?.jobs.close()
        last?.thread.join()
    }

    private func queue() throws(KernelError) -> JobQueue<Job> {
        try started.withLock { started throws(KernelError) in
            if let started { return started.jobs }
            let jobs = try JobQueue<Job>()
            let thread = try DedicatedThread(name: "sandbox-attach") { [configuration] in
                Self.serve(jobs, configuration)
            }
            started = Started(jobs: jobs, thread: thread)
            return jobs
        }
    }

    private static func serve(_ jobs: JobQueue<Job>, _ configuration: SandboxConfiguration) {
        var kept: AttachmentMaker?
        while let job = jobs.next() {
            do throws(KernelError) {
                let maker: AttachmentMaker
                if let kept { maker = kept } else { maker = try AttachmentMaker(configuration) }
                kept = maker
                job(.success(maker))
            } catch {
                job(.failure(error))
            }
        }
    }
}
