import Core
import OCI
import Testing

@Suite("Reading config.json")
struct ParsingTests {
    private func error(_ text: String) -> InvalidInput? {
        #expect(throws: InvalidInput.self) { try OCIConfig.parse(Array(text.utf8)) }
    }

    private func changed(_ path: String, to json: String) throws -> String {
        let sample = try MutableJSON.parse(Samples.engineDefault)
        let keys = path.split(separator: ".").map(String.init)
        return String(
            decoding: try sample.setting(keys, to: try MutableJSON.parse(json)).bytes(), as: UTF8.self)
    }

    @Test("what engines write, and a file with everything in it")
    func samples() throws {
        let config = try OCIConfig.parse(Array(Samples.engineDefault.utf8))
        #expect(config.process.args == ["/bin/hello"])
        #expect(config.mounts?.count == 7)
        let full = try OCIConfig.parse(Array(Samples.everything.utf8))
        #expect(full.process.user?.additionalGids == [3, 4])
        #expect(full.linux?.seccomp?.syscalls?.first?.args?.first?.valueTwo == 2)
        #expect(full.linux?.resources?.blockIO?.weightDevice?.first?.major == 8)
    }

    @Test("the canonical form reads back the same and does not depend on the order of keys")
    func canonical() throws {
        for sample in [Samples.engineDefault, Samples.everything] {
            let config = try OCIConfig.parse(Array(sample.utf8))
            let bytes = try config.serialised()
            #expect(try OCIConfig.parse(bytes) == config)
            #expect(try OCIConfig.parse(bytes).serialised() == bytes)
        }
        let one = #"{"ociVersion":"1.0","root":{"path":"r"},"process":{"cwd":"/","args":["a"]}}"#
        let other = #"{"process":{"args":["a"],"cwd":"/"},"root":{"path":"r"},"ociVersion":"1.0","x":1}"#
        #expect(
            try OCIConfig.parse(Array(one.utf8)).serialised()
                == OCIConfig.parse(Array(other.utf8)).serialised())
    }

    @Test(
        "errors name the exact key",
        arguments: [
            ("process.args", "[1]", "process.args[0]"), ("process.args", "[]", "process.args"),
            ("process.args", #"[""]"#, "process.args[0]"),
            ("process.args", #"["a\u0000"]"#, "process.args[0]"),
            ("process.cwd", #""tmp""#, "process.cwd"), ("process.cwd", #""/a/../b""#, "process.cwd"),
            ("process.env", #"["NOVALUE"]"#, "process.env[0]"), ("process.env", #"["=x"]"#, "process.env[0]"),
            ("process.user.uid", "-1", "process.user.uid"), ("process.user.uid", "65536", "process.user.uid"),
            ("process.user.umask", "512", "process.user.umask"),
            ("process.user.additionalGids", "[70000]", "process.user.additionalGids[0]"),
            ("process.rlimits", #"[{"type":"RLIMIT_X","soft":1,"hard":1}]"#, "process.rlimits[0].type"),
            ("process.rlimits", #"[{"type":"RLIMIT_AS","soft":2,"hard":1}]"#, "process.rlimits[0].soft"),
            ("process.rlimits", #"[{"type":"RLIMIT_AS","hard":1}]"#, "process.rlimits[0].soft"),
            ("process.capabilities.bounding", #"["CAP_ALL"]"#, "process.capabilities.bounding[0]"),
            ("process.capabilities.effective", #"["CAP_CHOWN"]"#, "process.capabilities.effective"),
            ("process.oomScoreAdj", "1001", "process.oomScoreAdj"), ("process", "null", "process"),
            ("root.path", #""""#, "root.path"), ("root", "[]", "root"),
            ("ociVersion", #""2.0""#, "ociVersion"),
            ("mounts", #"[{"destination":"proc"}]"#, "mounts[0].destination"),
            ("mounts", #"[{"destination":"/a/../../etc"}]"#, "mounts[0].destination"),
            ("mounts", #"[{"destination":"/a\u0000b"}]"#, "mounts[0].destination"),
            ("linux.maskedPaths", #"["kcore"]"#, "linux.maskedPaths[0]"),
            ("linux.namespaces", #"[{"type":"net"}]"#, "linux.namespaces[0].type"),
            ("linux.namespaces", #"[{"type":"pid"},{"type":"pid"}]"#, "linux.namespaces[1]"),
            ("linux.seccomp", #"{"defaultAction":"ALLOW"}"#, "linux.seccomp.defaultAction"),
            (
                "linux.seccomp",
                #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_LOG"}]}"#,
                "linux.seccomp.syscalls[0].names"
            ),
            ("linux.resources.memory.limit", "1.5", "linux.resources.memory.limit"),
            ("hostname", #""\#(String(repeating: "h", count: 65))""#, "hostname"),
        ])
    func paths(key: String, value: String, path: String) throws {
        let error = error(try changed(key, to: value))
        #expect(error?.path == path)
    }

    @Test("wrong types say which is right")
    func types() throws {
        #expect(error(try changed("process.args", to: #""sh""#))?.allowed == "an array")
        #expect(error(try changed("hostname", to: "7"))?.allowed == "a string")
        #expect(error(try changed("process.terminal", to: #""no""#))?.allowed == "true or false")
        #expect(error(try changed("linux", to: "[]"))?.allowed == "an object")
    }

    @Test("text that is no JSON, too long, or too deep")
    func hostileText() {
        for text in ["", "{", "nul", "[]", "7", #"{"a":}"#, "\u{feff}", #"{"ociVersion":"1.0"}"#] {
            #expect(throws: InvalidInput.self) { try OCIConfig.parse(Array(text.utf8)) }
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(error(deep)?.problem == "is nested too deep")
        let deepObject = String(repeating: #"{"a":"#, count: 50)
        #expect(error(deepObject)?.problem == "is nested too deep")
        let long = [UInt8](repeating: UInt8(ascii: " "), count: 10 << 20)
        let error = #expect(throws: InvalidInput.self) { try OCIConfig.parse(long) }
        #expect(error?.path == "config.json")
        #expect(throws: InvalidInput.self) { try OCIConfig.parse([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]) }
        #expect(throws: InvalidInput.self) { try OCIConfig.parse(Array(#"{"ociVersion":"\#u{0}"}"#.utf8)) }
        #expect(throws: InvalidInput.self) {
            try OCIConfig.parse([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])
        }
    }

    @Test("brackets inside strings are no depth")
    func bracketsInStrings() throws {
        let brackets = String(repeating: "[{", count: 100)
        let text = try changed("annotations", to: #"{"a":"\#(brackets)\"\\"}"#)
        #expect(try OCIConfig.parse(Array(text.utf8)).annotations?["a"]?.hasPrefix("[{[{") == true)
    }

    @Test("limits on how much there is")
    func amounts() throws {
        let arguments = MutableJSON.array(Array(repeating: .text("a"), count: Limits.arguments + 1))
        let sample = try MutableJSON.parse(Samples.engineDefault)
        let tooMany = try sample.setting(["process", "args"], to: arguments).bytes()
        #expect(throws: InvalidInput.self) { try OCIConfig.parse(tooMany) }
        let mount = try MutableJSON.parse(#"{"destination":"/a","type":"tmpfs"}"#)
        let mounts = MutableJSON.array(Array(repeating: mount, count: Limits.mounts + 1))
        let error = try #require(
            #expect(throws: InvalidInput.self) {
                try OCIConfig.parse(sample.setting(["mounts"], to: mounts).bytes())
            })
        #expect(error.path == "mounts")
    }
}
