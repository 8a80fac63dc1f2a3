import Core
import Images
import LinuxSystem
import OCI
import Testing

@Suite("Importing content")
struct ImportTests {
    private let scratch: Scratch
    private let store: ImageStore

    init() throws {
        scratch = try Scratch()
        store = try scratch.store()
    }

    private func importBundle(_ path: String, spec: FunctionSpec = FunctionSpec()) async throws
        -> ImportedContent
    {
        try await store.importContent(.bundle(path: path), spec: spec)
    }

    @Test("a bundle is copied whole, and owns its copy")
    func bundle() async throws {
        let bundle = try scratch.bundle()
        let content = try await importBundle(bundle)
        let rootfs = store.rootfsPath(content.rootfs)
        #expect(content.rootfs.description.count == 71)
        #expect(try scratch.text(rootfs + "/bin/hello") == "#!hello")
        let config = try OCIConfig.parse(content.ociConfig)
        #expect(config.process.args == ["/bin/hello"])
        #expect(config.root.path == "rootfs")
        try Directory(path: scratch.path).removeTree(FileName("bundle"))
        #expect(try scratch.text(rootfs + "/etc/motd") == "welcome")
        #expect(try scratch.names(in: "\(scratch.path)/state/images/staging").isEmpty)
    }

    @Test("the function's command replaces the bundle's, and a plain tree needs one")
    func command() async throws {
        let bundle = try scratch.bundle()
        var spec = FunctionSpec()
        spec.command = ["/bin/other", "x"]
        let content = try await importBundle(bundle, spec: spec)
        #expect(try OCIConfig.parse(content.ociConfig).process.args == ["/bin/other", "x"])
        let plain = RevisionSource.rootfs(path: bundle + "/rootfs")
        let fromRootfs = try await store.importContent(plain, spec: spec)
        #expect(fromRootfs.rootfs == content.rootfs)
        #expect(try OCIConfig.parse(fromRootfs.ociConfig) == OCIConfig.default(command: ["/bin/other", "x"]))
        let error = await #expect(throws: InvalidInput.self) {
            try await store.importContent(plain, spec: FunctionSpec())
        }
        #expect(error?.path == "command")
    }

    @Test("the same content is stored once; any difference is another digest")
    func identity() async throws {
        let first = try await importBundle(scratch.bundle("one"))
        let second = try await importBundle(scratch.bundle("two"))
        #expect(first.rootfs == second.rootfs)
        let shelf = "\(scratch.path)/state/images/rootfs"
        #expect(try scratch.names(in: shelf).count == 1)

        var digests: Set<ContentDigest> = [first.rootfs]
        let changes: [(Scratch, String) throws -> Void] = [
            { try $0.write("\($1)/rootfs/etc/motd", "Welcome") },
            { try $0.write("\($1)/rootfs/etc/motd2", "welcome") },
            { try Directory(path: "\($0.path)/\($1)/rootfs").setMode(0o700, of: FileName("etc")) },
            { try $0.link("\($1)/rootfs/l", to: "a") },
            { try $0.link("\($1)/rootfs/l", to: "b") },
            { $0.makeDirectory("\($1)/rootfs/empty") },
            { try Directory(path: "\($0.path)/\($1)/rootfs").makeFifo(FileName("l")) },
        ]
        for (index, change) in changes.enumerated() {
            let name = "changed\(index)"
            let bundle = try scratch.bundle(name)
            try change(scratch, name)
            digests.insert(try await importBundle(bundle).rootfs)
        }
        #expect(digests.count == changes.count + 1)
    }

    @Test("kinds, modes, times, links and attributes are kept")
    func metadata() async throws {
        let bundle = try scratch.bundle()
        let source = try Directory(path: bundle + "/rootfs")
        try source.setMode(0o4755, of: FileName("bin/hello"))
        try source.setTime(try source.status(FileName("etc/motd")).modified, of: FileName("etc/motd"))
        try source.makeHardLink(FileName("again"), to: FileName("bin/hello"), under: source)
        try source.makeFifo(FileName("pipe"))
        try source.makeLink(FileName("away"), content: Array("../../../etc/shadow".utf8))
        let odd = FileName(bytes: [0xff, 0x20, 0x0a])
        try source.makeDirectory(odd)
        try source.setMode(0o1777, of: odd)
        let attribute = FileName("user.torpor")
        let overlay = FileName("user.overlay.opaque")
        let file = try source.file(FileName("etc/motd"))
        let hasAttributes = (try? file.setAttribute(attribute, [1, 0, 2])) != nil
        if hasAttributes { try file.setAttribute(overlay, [UInt8(ascii: "y")]) }

        let content = try await importBundle(bundle)
        let copy = try Directory(path: store.rootfsPath(content.rootfs))
        let hello = try copy.status(FileName("bin/hello"))
        #expect(hello.mode == 0o4755)
        #expect(hello.links == 2)
        #expect(try copy.status(FileName("again")).identity == hello.identity)
        #expect(try copy.status(FileName("pipe")).kind == .fifo)
        #expect(try copy.linkContent(FileName("away")) == Array("../../../etc/shadow".utf8))
        #expect(try copy.status(odd).mode == 0o1777)
        for name in ["etc/motd", "etc", "away", "pipe"] {
            let kept = try copy.status(FileName(name)).modified == source.status(FileName(name)).modified
            #expect(kept, "time of \(name)")
        }
        if hasAttributes {
            let copied = try copy.file(FileName("etc/motd"))
            #expect(try copied.attribute(attribute) == [1, 0, 2])
            #expect(try copied.attributeNames() == [attribute])
        }
    }

    @Test("large files and holes")
    func holes() async throws {
        let bundle = try scratch.bundle()
        var content = [UInt8](repeating: 0, count: 3 << 20)
        for index in 0..<(700 << 10) { content[(1 << 20) + index] = UInt8(truncatingIfNeeded: index &* 31) }
        try scratch.write("bundle/rootfs/data", content)
        try scratch.write("bundle/rootfs/nothing", [])
        let imported = try await importBundle(bundle)
        let copy = store.rootfsPath(imported.rootfs)
        #expect(try File.read(copy + "/data", limit: 4 << 20) == content)
        #expect(try File.read(copy + "/nothing").isEmpty)
    }

    @Test("owners are kept", .enabled(if: Privileges.ownsManyIDs, "needs root over a range of ids"))
    func owners() async throws {
        let bundle = try scratch.bundle()
        let source = try Directory(path: bundle + "/rootfs")
        try source.setOwner(FileName("bin/hello"), user: 1000, group: 65_535)
        try source.setMode(0o6755, of: FileName("bin/hello"))
        let content = try await importBundle(bundle)
        let copy = try Directory(path: store.rootfsPath(content.rootfs)).status(FileName("bin/hello"))
        #expect(copy.user == 1000 && copy.group == 65_535 && copy.mode == 0o6755)
        // One id only: everything becomes the daemon's, whoever owned it.
        let alone = try scratch.store("alone", owners: .own)
        let own = try await alone.importContent(.bundle(path: bundle), spec: FunctionSpec())
        let status = try Directory(path: alone.rootfsPath(own.rootfs)).status(FileName("bin/hello"))
        #expect(status.user == 0 && status.group == 0)
        #expect(own.rootfs != content.rootfs)
    }

    @Test("file capabilities are kept", .enabled(if: Privileges.ownsManyIDs, "needs CAP_SETFCAP"))
    func capabilities() async throws {
        let bundle = try scratch.bundle()
        let name = FileName("security.capability")
        // Version 2, effective, CAP_NET_BIND_SERVICE permitted.
        let value: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0] + [UInt8](repeating: 0, count: 12)
        try Directory(path: bundle + "/rootfs/bin").file(FileName("hello")).setAttribute(name, value)
        let content = try await importBundle(bundle)
        let copy = try Directory(path: store.rootfsPath(content.rootfs) + "/bin").file(FileName("hello"))
        #expect(try copy.attribute(name) == value)
    }
}
