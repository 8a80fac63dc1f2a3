import Core
import Images
import LinuxSystem
import Testing

@Suite("A state directory that cannot take content", .enabled(if: Mount.isPossible, "needs to mount a tmpfs"))
struct BrokenStateTests {
    private let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test("a full disk: a clear error, nothing left, and the store works on")
    func full() async throws {
        let bundle = try scratch.bundle()
        try scratch.write("bundle/rootfs/large", [UInt8](repeating: 7, count: 2 << 20))
        scratch.makeDirectory("state")
        let mount = try Mount(scratch.path + "/state", options: "size=1m")
        let store = try scratch.store()
        let error = await #expect(throws: ImageStoreFailure.self) {
            try await store.importContent(.bundle(path: bundle), spec: FunctionSpec())
        }
        #expect(error?.path.contains("/state/images/staging/") == true)
        #expect(error?.description.contains("No space left on device") == true)
        #expect(try scratch.names(in: scratch.path + "/state/images/staging").isEmpty)
        let small = try scratch.bundle("small")
        let content = try await store.importContent(.bundle(path: small), spec: FunctionSpec())
        #expect(try scratch.text(store.rootfsPath(content.rootfs) + "/etc/motd") == "welcome")
        store.stop()
        _ = consume mount
    }

    @Test("no room for another file")
    func inodes() async throws {
        let bundle = try scratch.bundle()
        for index in 0..<40 { try scratch.write("bundle/rootfs/many/\(index)") }
        scratch.makeDirectory("state")
        let mount = try Mount(scratch.path + "/state", options: "nr_inodes=20")
        let store = try scratch.store()
        await #expect(throws: ImageStoreFailure.self) {
            try await store.importContent(.bundle(path: bundle), spec: FunctionSpec())
        }
        #expect(try scratch.names(in: scratch.path + "/state/images/staging").isEmpty)
        store.stop()
        _ = consume mount
    }

    @Test("read-only: refused at start and later, with the path")
    func readOnly() async throws {
        let bundle = try scratch.bundle()
        scratch.makeDirectory("state")
        let mount = try Mount(scratch.path + "/state", options: "size=1m")
        let store = try scratch.store()
        try mount.makeReadOnly()
        let error = await #expect(throws: ImageStoreFailure.self) {
            try await store.importContent(.bundle(path: bundle), spec: FunctionSpec())
        }
        #expect(error?.path.hasPrefix(scratch.path + "/state/images/staging/") == true)
        #expect(error?.description.contains("Read-only file system") == true)
        store.stop()
        let atStart = #expect(throws: ImageStoreFailure.self) { try scratch.store() }
        #expect(atStart?.path == scratch.path + "/state/images")
        _ = consume mount
    }

    @Test("a tree with a mount in it is refused")
    func mountPoint() async throws {
        let bundle = try scratch.bundle()
        scratch.makeDirectory("bundle/rootfs/mnt")
        let mount = try Mount(bundle + "/rootfs/mnt", options: "size=1m")
        let store = try scratch.store()
        let error = await #expect(throws: InvalidInput.self) {
            try await store.importContent(.bundle(path: bundle), spec: FunctionSpec())
        }
        #expect(error?.path == bundle + "/rootfs/mnt")
        #expect(error?.problem == "is a mount point")
        _ = consume mount
    }
}
