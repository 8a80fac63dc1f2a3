import Core
import FoundationEssentials
import Images
import LinuxSystem
import Testing

@Suite("The content store")
struct StoreTests {
    private let scratch: Scratch
    private var shelf: String { "\(scratch.path)/state/images/rootfs" }
    private var staging: String { "\(scratch.path)/state/images/staging" }

    init() throws { scratch = try Scratch() }

    @Test("content outlives the store; what a crash left in staging does not")
    func restart() async throws {
        let bundle = try scratch.bundle()
        let digest = try await scratch.store().importContent(.bundle(path: bundle), spec: FunctionSpec())
            .rootfs
        try scratch.write("state/images/staging/7/etc/half", "x")
        try Directory(path: staging + "/7").setMode(0o500, of: FileName("etc"))
        let again = try scratch.store()
        #expect(try scratch.names(in: staging).isEmpty)
        #expect(try scratch.text(again.rootfsPath(digest) + "/etc/motd") == "welcome")
        let repeated = try await again.importContent(.bundle(path: bundle), spec: FunctionSpec())
        #expect(repeated.rootfs == digest)
    }

    @Test("only the owner reaches it")
    func modes() throws {
        _ = try scratch.store()
        for path in ["images", "images/rootfs", "images/staging"] {
            #expect(try Directory(path: "\(scratch.path)/state/\(path)").status().mode == 0o700)
        }
    }

    @Test("garbage goes, what is used stays, and what went may come again")
    func garbage() async throws {
        let store = try scratch.store()
        let used = try await store.importContent(.bundle(path: scratch.bundle("used")), spec: FunctionSpec())
            .rootfs
        let other = try scratch.bundle("unused")
        try scratch.write("unused/rootfs/more")
        let unused = try await store.importContent(.bundle(path: other), spec: FunctionSpec()).rootfs
        await store.collectGarbage(keeping: [used, unused])
        #expect(try scratch.names(in: shelf).count == 2)
        await store.collectGarbage(keeping: [used])
        #expect(try scratch.names(in: shelf) == [String(used.description.dropFirst(7))])
        let again = try await store.importContent(.bundle(path: other), spec: FunctionSpec()).rootfs
        #expect(again == unused)
        #expect(try scratch.names(in: shelf).count == 2)
        await store.collectGarbage(keeping: [])
        #expect(try scratch.names(in: shelf).isEmpty)
        #expect(try scratch.names(in: staging).isEmpty)
    }

    @Test("many imports at once")
    func concurrent() async throws {
        let store = try scratch.store()
        let bundle = try scratch.bundle()
        let digests = try await withThrowingTaskGroup(of: ContentDigest.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await store.importContent(.bundle(path: bundle), spec: FunctionSpec()).rootfs
                }
            }
            return try await group.reduce(into: Set<ContentDigest>()) { $0.insert($1) }
        }
        #expect(digests.count == 1)
        #expect(try scratch.names(in: shelf).count == 1)
    }

    @Test("a bounded queue says that it is full, and what waits is still done")
    func full() async throws {
        let worker = try WorkerThread(name: "test", limit: 1)
        let (running, gate) = (try WakeEvent(), try WakeEvent())
        let first = Task {
            try await worker.run {
                running.signal()
                gate.wait(nanoseconds: nil)
            }
        }
        running.wait(nanoseconds: nil)
        // One of the two has the only place in the queue; whichever it is, the other is told at once.
        let outcome = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    do {
                        return try await worker.run { true }
                    } catch WorkerThread.Refusal.full {
                        gate.signal()
                        return false
                    }
                }
            }
            return try await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        try await first.value
        #expect(outcome.filter { $0 }.count == 1)
        worker.stop()
        await #expect(throws: WorkerThread.Refusal.stopped(name: "test")) { try await worker.run {} }
    }
}
