internal import CLinux
package import Core
internal import Glibc
package import LinuxSystem
internal import OCI
internal import Synchronization

/// The adapter of `SandboxPort`: containers by torpor-init, namespaces and cgroups.
package final class SandboxRuntime: SandboxPort {
    private typealias Launching = CheckedContinuation<RunningInstance.LaunchResult, Never>

    private struct Request: Sendable {
        let launch: LaunchRequest
        let prepared: PreparedRevision
        let ids: ContainerIDs?
        let job: @Sendable (InstanceCgroup?) -> LaunchJob
        /// Called when the instance is gone, or never was.
        let cleanUp: (@Sendable () -> Void)?
        let continuation: Launching
    }

    /// What is missing on this host, or wrong with what is there.
    package let cgroupProblem: KernelError?
    /// Why no program keeps functions from devices, where they have cgroups.
    package var deviceProblem: KernelError? { cgroups?.deviceProblem }
    package let facts: HostFacts
    package let ids: HostIDs
    private let configuration: SandboxConfiguration
    private let slots: any SlotNamespaces
    private let compiler: RevisionCompiler
    private let cgroups: CgroupTree?
    private let watcher: Watcher
    private let requests: JobQueue<Request>
    private let housekeeping: JobQueue<@Sendable () -> Void>
    /// Frozen instances whose memory goes back to the host.
    private let reclaiming: JobQueue<InstanceCgroup>
    private let attaching: AttachmentThread
    private let threads = Mutex<[DedicatedThread]>([])
    private let revisions = Mutex<[RevisionID: PreparedRevision]>([:])

    /// Starts the threads; when this returns, every launcher is in its private root.
    /// - Throws: `KernelError` for what containers cannot be made without.
    package init(
        configuration: SandboxConfiguration, slots: any SlotNamespaces, logs: any InstanceLogCollecting
    ) throws(KernelError) {
        self.configuration = configuration
        self.slots = slots
        var problem: KernelError?
        cgroups = Self.cgroupTree(configuration.cgroupName, problem: &problem)
        cgroupProblem = problem
        watcher = try Watcher()
        requests = try JobQueue()
        housekeeping = try JobQueue()
        reclaiming = try JobQueue()
        ids = try IDMap.hostIDs(from: configuration.uidBase)
        let isRootless = ids.first == nil
        let factory = LauncherFactory(
            program: OwnedFDBox(try EmbeddedProgram.initProgram.sealed()), isRootless: isRootless,
            configuration: configuration, logs: logs)
        attaching = AttachmentThread(configuration)
        var started: [DedicatedThread] = []
        var trees: [Bool] = []
        for _ in 0..<Limits.launcherThreads {
            let requests = requests
            let thread = try factory.start(hasDeviceTree: &trees) {
                [watcher, housekeeping, reclaiming, cgroups] launcher in
                while let request = requests.next() {
                    Self.serve(request, launcher, cgroups, watcher, housekeeping, reclaiming)
                }
            }
            started.append(thread)
        }
        facts = try HostFacts(
            isRootless: isRootless, hasDeviceTree: trees.allSatisfy { $0 }, hasCgroups: cgroups != nil)
        compiler = RevisionCompiler(
            facts: facts,
            controllers: cgroups?.controllers, controlsDevices: cgroups?.devices != nil,
            configuration: configuration)
        started.append(try DedicatedThread(name: "sandbox-watch") { [watcher] in watcher.run() })
        for _ in 0..<2 {
            started.append(
                try DedicatedThread(name: "sandbox-keep") { [housekeeping] in
                    while let job = housekeeping.next() { job() }
                })
        }
        // Of its own: it waits for the disk, and freezes and ends must not wait for it.
        started.append(
            try DedicatedThread(name: "sandbox-reclaim") { [reclaiming] in
                while let cgroup = reclaiming.next() { cgroup.reclaim() }
            })
        threads.withLock { $0 = started }
    }

    /// Runs what blocks on a thread for it. - Returns: false when the daemon is ending and it does not run.
    func keep(_ job: @escaping @Sendable () -> Void) -> Bool { housekeeping.push(job) }

    private static func cgroupTree(_ name: String, problem: inout KernelError?) -> CgroupTree? {
        do { return try CgroupTree(name: name) } catch {
            problem = error
            return nil
        }
    }

    /// The program of every container's PID 1.
    package static var initProgram: [UInt8] { EmbeddedProgram.initProgram.bytes }

    /// Controllers that can limit instances; empty without a cgroup.
    package var controllers: Set<String> { cgroups?.controllers ?? [] }

    /// Limits that a revision names and that this host cannot enforce, each with the controller that is missing.
    package func unenforceable(_ limits: LimitSpec, _ ociConfig: [UInt8]) -> [(
        limit: String, controller: String
    )] {
        let resources = try? OCIConfig.parse(ociConfig).linux?.resources
        return CgroupLimits(controllers: controllers, areBestEffort: true).unenforceable(resources, limits)
    }

    /// Where instances' cgroups are made; nil without one.
    package var cgroupPath: String? { cgroups?.path }

    /// Whether instances get a cgroup, and so can be frozen.
    package var hasCgroups: Bool { cgroups != nil }

    /// Ends and removes what an earlier daemon of the same name left. Call before the first launch; blocks.
    /// - Returns: names of cgroups that could not be removed.
    package func sweep() -> [String] { cgroups?.sweep() ?? [] }

    /// Ends the threads once all instances have ended. Blocks; for the daemon's last moments, and tests.
    package func close() {
        requests.close()
        watcher.close()
        housekeeping.close()
        reclaiming.close()
        attaching.close()
        for thread in threads.withLock({ $0 }) { thread.join() }
        try? cgroups?.removeTree()
    }

    // MARK: SandboxPort

    /// Not on the caller's actor: a filter takes some milliseconds to compile.
    @concurrent
    package func prepare(_ revision: Revision) async throws {
        _ = try prepared(revision)
    }

    package func forget(_ revision: RevisionID) async {
        revisions.withLock { _ = $0.removeValue(forKey: revision) }
    }

    package func launch(_ request: LaunchRequest) async throws(InstanceFailure) -> any SandboxedInstance {
        let prepared: PreparedRevision
        do { prepared = try self.prepared(request.revision) } catch {
            throw Self.failure(request, "\(error)")
        }
        guard let network = slots.namespace(ofSlot: request.slot.number) else {
            throw Self.failure(request, "there is no network slot \(request.slot)")
        }
        let ids = try containerIDs(prepared, request)
        let attachments = try await attach(prepared, request, ids)
        let cleanUp =
            attachments.isEmpty ? nil : { @Sendable [attaching] in attaching.release(request.instance) }
        let hasNetwork = request.revision.spec.network.mode == .default
        let files = HostFiles.make(
            hostname: prepared.hostname, gateway: hasNetwork ? configuration.gatewayAddress : nil,
            resolvConf: hasNetwork ? configuration.resolvConf() : [])
        let job = { @Sendable cgroup in
            LaunchJob(
                instance: request.instance, function: request.revision.id.function.description,
                ids: ids, lease: prepared.lease, plan: prepared.plan, image: prepared.image, files: files,
                writable: request.revision.spec.limits.effectiveDisk,
                owner: prepared.owner,
                cgroup: cgroup, attachments: attachments, network: network, slot: request.slot,
                keepsLog: request.revision.spec.mode == .exec)
        }
        let result = await withCheckedContinuation { (continuation: Launching) in
            let isTaken = requests.push(
                Request(
                    launch: request, prepared: prepared, ids: ids, job: job, cleanUp: cleanUp,
                    continuation: continuation))
            if !isTaken {
                cleanUp?()
                continuation.resume(returning: .failure(Self.failure(request, "the daemon is ending")))
            }
        }
        return try result.get()
    }

    /// What the instance has beside its root; nothing, at once, for most.
    private func attach(
        _ prepared: PreparedRevision, _ request: LaunchRequest, _ ids: ContainerIDs?
    ) async throws(InstanceFailure) -> [AttachedMount] {
        if prepared.attachments.isEmpty { return [] }
        do {
            return try await attaching.make(prepared.attachments, for: request.instance, ids: ids)
        } catch {
            throw InstanceFailure(
                phase: .create, cause: "AttachmentFailed", message: "\(error)", instance: request.instance)
        }
    }

    /// Gives a secret's present value to the running instances that have it.
    /// - Returns: what failed, by instance.
    package func refresh(_ secret: ResourceKey) async -> [(InstanceID, any Error)] {
        await attaching.refresh(secret)
    }

    private func prepared(_ revision: Revision) throws(InvalidInput) -> PreparedRevision {
        if let known = revisions.withLock({ $0[revision.id] }) { return known }
        let prepared = try compiler.compile(revision)
        if prepared.devices != nil {
            do { try cgroups?.prepareForDevices() } catch {
                throw InvalidInput("linux.devices", "cannot be controlled: \(error)")
            }
        }
        revisions.withLock { $0[revision.id] = prepared }
        return prepared
    }

    // MARK: On a launcher's thread

    private static func serve(
        _ request: Request, _ launcher: Launcher, _ cgroups: CgroupTree?, _ watcher: Watcher,
        _ housekeeping: JobQueue<@Sendable () -> Void>, _ reclaiming: JobQueue<InstanceCgroup>
    ) {
        let instance = request.launch.instance
        var cgroup: InstanceCgroup?
        do throws(KernelError) {
            cgroup = try cgroups?.create(
                instance.description, settings: request.prepared.settings,
                devices: request.prepared.devices)
            let process = try launcher.launch(request.job(cgroup))
            let running = RunningInstance(
                request: request.launch, process: process, prepared: request.prepared, ids: request.ids,
                cgroup: cgroup, watcher: watcher, housekeeping: housekeeping, reclaiming: reclaiming,
                launching: request.continuation, cleanUp: request.cleanUp)
            do { try watcher.add(running) } catch {
                running.kill()
                Launcher.abandon(process)
                running.processEnded()
            }
        } catch {
            _ = cgroup?.remove()
            request.cleanUp?()
            request.continuation.resume(
                returning: .failure(failure(request.launch, "cannot make the sandbox: \(error)")))
        }
    }

    private static func failure(_ request: LaunchRequest, _ message: String) -> InstanceFailure {
        InstanceFailure(
            phase: .create, cause: "SandboxFailed", message: message, instance: request.instance)
    }
}
