import Core
import Images
import LinuxSystem
import Testing

@Suite("Sources that are hostile or broken")
struct HostileSourceTests {
    private let scratch: Scratch
    private let store: ImageStore

    init() throws {
        scratch = try Scratch()
        store = try scratch.store()
    }

    /// What the import is refused with; nothing may be left behind.
    private func refusal(_ source: RevisionSource, command: [String]? = nil) async throws -> InvalidInput {
        let spec = FunctionSpec(command: command)
        let error = await #expect(throws: InvalidInput.self) {
            try await store.importContent(source, spec: spec)
        }
        #expect(try scratch.names(in: "\(scratch.path)/state/images/staging").isEmpty)
        #expect(try scratch.names(in: "\(scratch.path)/state/images/rootfs").isEmpty)
        return try #require(error)
    }

    @Test("root filesystems that lead elsewhere")
    func escapes() async throws {
        let outside = try scratch.bundle("outside")
        for (index, root) in [
            "../outside/rootfs", "rootfs/../../outside/rootfs", "..", "link", "inner/link", "file",
        ]
        .enumerated() {
            let name = "bundle\(index)"
            let bundle = try scratch.bundle(name, rootPath: root)
            try scratch.link("\(name)/link", to: "../outside/rootfs")
            scratch.makeDirectory("\(name)/inner")
            try scratch.link("\(name)/inner/link", to: "../rootfs")
            try scratch.write("\(name)/file")
            #expect(try await refusal(.bundle(path: bundle)).path == "root.path")
        }
        let absolute = try scratch.bundle("absolute", rootPath: scratch.path + "/link")
        try scratch.link("link", to: outside + "/rootfs")
        #expect(try await refusal(.bundle(path: absolute)).path == "root.path")
        let byLink = try await refusal(.rootfs(path: scratch.path + "/link/"), command: ["/a"])
        #expect(byLink.path == "rootfs")
    }

    @Test("an absolute root filesystem is taken")
    func absolute() async throws {
        let outside = try scratch.bundle("outside")
        let bundle = try scratch.bundle(rootPath: outside + "/rootfs")
        let content = try await store.importContent(.bundle(path: bundle), spec: FunctionSpec())
        #expect(try scratch.text(store.rootfsPath(content.rootfs) + "/etc/motd") == "welcome")
    }

    @Test("configurations that cannot be read")
    func configurations() async throws {
        let missing = try await refusal(.bundle(path: scratch.path))
        #expect(missing.path == scratch.path + "/config.json")
        let linked = try scratch.bundle("linked")
        let directory = try Directory(path: linked)
        try directory.removeTree(FileName("config.json"))
        try scratch.link("linked/config.json", to: "/etc/passwd")
        #expect(try await refusal(.bundle(path: linked)).problem == "is a symbolic link")
        try directory.removeTree(FileName("config.json"))
        try directory.makeFifo(FileName("config.json"))
        #expect(try await refusal(.bundle(path: linked)).problem == "is not a regular file")
        let long = try scratch.bundle("long")
        try scratch.write("long/config.json", [UInt8](repeating: UInt8(ascii: " "), count: 10 << 20))
        #expect(try await refusal(.bundle(path: long)).problem == "is too long")
        #expect(try await refusal(.bundle(path: "bundle")).path == "bundle")
        #expect(try await refusal(.bundle(path: scratch.path + "/none")).path == "bundle")
        #expect(try await refusal(.bundle(path: long + "\u{0}")).path == "bundle")
    }

    @Test("what is not honoured is refused before anything is copied")
    func notHonoured() async throws {
        let bundle = try scratch.bundle()
        let config = Scratch.config(rootPath: "rootfs")
        try scratch.write(
            "bundle/config.json",
            String(config.dropLast(1)) + #","hostname":"h","hooks":{"prestart":[{"path":"/x"}]}}"#)
        #expect(try await refusal(.bundle(path: bundle)).path == "hooks.prestart")
    }

    @Test("files that are too deep")
    func deep() async throws {
        let bundle = try scratch.bundle()
        let levels = Array(repeating: "d", count: Limits.rootfsDepth + 1).joined(separator: "/")
        scratch.makeDirectory("bundle/rootfs/" + levels)
        #expect(try await refusal(.bundle(path: bundle)).problem == "is too deep")
    }

    @Test("a file that says it is larger than allowed")
    func huge() async throws {
        let bundle = try scratch.bundle()
        try scratch.sparse("bundle/rootfs/huge", size: Limits.rootfsBytes + 1)
        let error = try await refusal(.bundle(path: bundle))
        #expect(error.path.hasSuffix("/rootfs/huge"))
    }

    @Test("device nodes", .enabled(if: Privileges.ownsManyIDs, "needs mknod"))
    func devices() async throws {
        let bundle = try scratch.bundle()
        scratch.makeDirectory("bundle/rootfs/dev")
        let rootfs = bundle + "/rootfs"
        try FileTree.makeCharacterDevice(rootfs + "/dev/null", mode: 0o666, major: 1, minor: 3)
        let content = try await store.importContent(.bundle(path: bundle), spec: FunctionSpec())
        #expect(try scratch.names(in: store.rootfsPath(content.rootfs) + "/dev").isEmpty)
        await store.collectGarbage(keeping: [])
        let other = try scratch.store("other")
        try FileTree.makeCharacterDevice(rootfs + "/etc/mem", mode: 0o600, major: 1, minor: 1)
        var error = await #expect(throws: InvalidInput.self) {
            try await other.importContent(.bundle(path: bundle), spec: FunctionSpec())
        }
        #expect(error?.path == rootfs + "/etc/mem")
        try FileTree.remove(rootfs + "/etc/mem")
        try FileTree.makeCharacterDevice(rootfs + "/etc/gone", mode: 0, major: 0, minor: 0)
        error = await #expect(throws: InvalidInput.self) {
            try await other.importContent(.bundle(path: bundle), spec: FunctionSpec())
        }
        #expect(error?.problem == "is an overlay whiteout")
    }

    @Test("owners outside the range", .enabled(if: Privileges.ownsManyIDs, "needs root over a range of ids"))
    func owners() async throws {
        let bundle = try scratch.bundle()
        try Directory(path: bundle + "/rootfs").setOwner(FileName("etc/motd"), user: 65_536, group: 0)
        #expect(try await refusal(.bundle(path: bundle)).path == bundle + "/rootfs/etc/motd")
    }

    @Test("files that may not be read", .enabled(if: !Privileges.isRoot, "root reads everything"))
    func unreadable() async throws {
        let bundle = try scratch.bundle()
        try Directory(path: bundle + "/rootfs").setMode(0, of: FileName("etc/motd"))
        #expect(try await refusal(.bundle(path: bundle)).path == bundle + "/rootfs/etc/motd")
    }

    @Test("a tree that changes while it is imported gives what it was, or is refused")
    func changing() async throws {
        let bundle = try scratch.bundle()
        for index in 0..<20 {
            try scratch.write("bundle/rootfs/data/\(index)", String(repeating: "a", count: 50_000))
        }
        let scratch = scratch
        let writer = Task {
            var index = 0
            while !Task.isCancelled {
                let letter = index % 2 == 0 ? "b" : "a"
                try scratch.write(
                    "bundle/rootfs/data/\(index % 20)", String(repeating: letter, count: 50_000))
                try await Task.sleep(for: .milliseconds(1))
                index += 1
            }
        }
        var results: [ContentDigest] = []
        for _ in 0..<8 {
            do {
                results.append(
                    try await store.importContent(.bundle(path: bundle), spec: FunctionSpec()).rootfs)
            } catch let error as InvalidInput {
                #expect(error.path.contains("/rootfs"))
            }
        }
        writer.cancel()
        _ = await writer.result
        // Whatever was acknowledged has the digest of what is stored.
        for (index, digest) in results.enumerated() {
            let fresh = try scratch.store("fresh-\(index)")
            let source = RevisionSource.rootfs(path: store.rootfsPath(digest))
            let again = try await fresh.importContent(source, spec: FunctionSpec(command: ["/x"]))
            #expect(again.rootfs == digest)
        }
    }
}
