import Core
import OCIRuntime
import Testing

@Suite struct CgroupPathTests {
    @Test(
        arguments: [
            (nil, ["c1"], true), ("", ["c1"], true), ("/a/b", ["a", "b"], false),
            ("a//b/", ["a", "b"], false),
        ] as [(String?, [String], Bool)])
    func path(text: String?, components: [String], isDefault: Bool) throws {
        let path = try CgroupPath(text, id: "c1")
        #expect(path.components == components && path.isDefault == isDefault)
    }

    @Test(arguments: [
        "/", "/a/../b", "a/./b", "/a/cgroup.procs", "/a\0b", "/" + String(repeating: "a", count: 256),
    ])
    func refused(text: String) {
        let error = #expect(throws: InvalidInput.self) { try CgroupPath(text, id: "c1") }
        #expect(error?.path == "linux.cgroupsPath")
    }

    @Test func managers() throws {
        #expect(try CgroupManager(option: "systemd") == .systemd)
        #expect(throws: InvalidInput.self) { try CgroupManager(option: "docker") }
    }
}
