import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// `torpor -H ssh://…`. The ssh is a stand-in that runs on this host what it is told to run over there.
    @Suite struct RemoteTests {
        /// A folder with a program `ssh` in it, that notes its arguments.
        private func fakeSSH() throws -> String {
            let folder = try Scratch.makeDirectory("ssh")
            try """
            #!/bin/sh
            echo "$@" >> \(folder)/calls
            while [ "$1" != "--" ]; do shift; done
            shift 2
            PATH="\(Programs.built):$PATH" exec sh -c "$*"
            """.write(toFile: "\(folder)/ssh", atomically: false, encoding: .utf8)
            chmod("\(folder)/ssh", 0o755)
            return folder
        }

        private func remote(
            _ torpor: Torpor, _ ssh: String, _ arguments: [String], input: String = "/dev/null"
        ) throws -> CommandResult {
            let (output, errors) = (Scratch.path("out"), Scratch.path("err"))
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            let child = try ChildProcess(
                Programs.commandLine,
                ["-H", "ssh://me@box:2222", "--socket", torpor.socket] + arguments,
                environment: ["PATH": "\(ssh):\(path)"], input: input, output: .file(output),
                errors: .file(errors))
            let status = try child.wait(.seconds(60))
            return CommandResult(status: status, output: Host.text(output), errors: Host.text(errors))
        }

        @Test func theFilesGoWithTheRequest() throws {
            try TorporFixture.with { torpor in
                let ssh = try fakeSSH()
                let rootfs = try Programs.makeRootfs()
                let long = String(repeating: "long-name-", count: 20)
                try "word".write(toFile: "\(rootfs)/etc/\(long)", atomically: false, encoding: .utf8)
                try "mine".write(toFile: "\(rootfs)/request.json", atomically: false, encoding: .utf8)
                symlink("/etc/passwd", "\(rootfs)/etc/away")
                link("\(rootfs)/etc/\(long)", "\(rootfs)/etc/second")
                chmod("\(rootfs)/etc/second", 0o640)

                let deployed = try remote(
                    torpor, ssh, ["deploy", "hello", "--rootfs", rootfs, "--", "/bin/behave"])
                #expect(deployed.status == 0 && deployed.output.contains("hello-00001"), "\(deployed)")
                let calls = Host.text("\(ssh)/calls")
                let command = "torpor --socket \(torpor.socket) system dial-stdio"
                #expect(calls.contains("-p 2222 -l me -- box \(command)"), "\(calls)")
                #expect(try torpor.get("/function/hello/read?path=/etc/\(long)").text == "word")
                #expect(try torpor.get("/function/hello/read?path=/etc/second").text == "word")
                #expect(try torpor.get("/function/hello/read?path=/request.json").text == "mine")
                #expect(try torpor.describe("hello").function.source.value == .rootfs(path: rootfs))

                // The same files the other way are the same content: nothing was lost on the way.
                #expect(
                    try torpor.succeeding("deploy", "hello", "--rootfs", rootfs, "--", "/bin/behave").output
                        .contains("hello-00001"))
                let staging = "\(torpor.stateDirectory)/images/staging"
                #expect(try FileManager.default.contentsOfDirectory(atPath: staging).isEmpty)

                let echoed = Scratch.path("in")
                try String(repeating: "over there ", count: 10_000).write(
                    toFile: echoed, atomically: false, encoding: .utf8)
                let invoked = try remote(
                    torpor, ssh, ["invoke", "hello", "--path", "/echo"], input: echoed)
                #expect(invoked.output == Host.text(echoed), "\(invoked.errors)")
                let list = try remote(torpor, ssh, ["list", "-o", "json"])
                #expect(try list.value("functions", 0, "name") as String == "hello")
                #expect(try remote(torpor, ssh, ["logs", "hello", "--tail", "1"]).status == 0)

                let bundle = try OCIBundle()
                try bundle.write()
                let manifest = Scratch.path("torpor.yaml")
                try "functions: {two: {bundle: \(bundle.path)}}\n".write(
                    toFile: manifest, atomically: false, encoding: .utf8)
                let plan = try remote(torpor, ssh, ["diff", "-f", manifest])
                #expect(plan.status == 0 && plan.output.contains("two.default: would be created"), "\(plan)")
                #expect(try remote(torpor, ssh, ["apply", "-f", manifest]).status == 0)
                #expect(try torpor.get("/function/two").text.hasPrefix("bundled"))
                #expect(try FileManager.default.contentsOfDirectory(atPath: staging).isEmpty)
            }
        }

        @Test(.enabled(if: Shell.isThere, "needs busybox-static")) func insideOverThere() throws {
            try TorporFixture.with { torpor in
                let ssh = try fakeSSH()
                try torpor.deployServer("hello")
                let words = try remote(
                    torpor, ssh,
                    [
                        "exec", "-e", "A=it's \"b\" $HOME", "hello", "--", "/bin/sh", "-c",
                        "echo \"$A\"; echo 'two  blanks' >&2; exit 3",
                    ])
                #expect(words.status == 3 && words.output == "it's \"b\" $HOME\n", "\(words)")
                #expect(words.errors == "two  blanks\n")
                let input = Scratch.path("in")
                try String(repeating: "over there ", count: 10_000).write(
                    toFile: input, atomically: false, encoding: .utf8)
                let fed = try remote(torpor, ssh, ["exec", "-i", "hello", "--", "/bin/cat"], input: input)
                #expect(fed.output == Host.text(input), "\(fed.errors)")
                #expect(try remote(torpor, ssh, ["exec", "helo", "--", "/bin/true"]).status == 125)

                let (output, path) = (Scratch.path("out"), ProcessInfo.processInfo.environment["PATH"] ?? "")
                let child = try ChildProcess(
                    Programs.commandLine,
                    ["-H", "ssh://box", "--socket", torpor.socket, "port-forward", "hello", ":8080"],
                    environment: ["PATH": "\(ssh):\(path)"], output: .file(output))
                let port = try eventually("a port") {
                    Host.text(output).split { $0 == " " }.first { $0.hasPrefix("127.0.0.1:") }
                        .flatMap { Int($0.dropFirst(10)) }
                }
                for number in 0..<3 {
                    let connection = try Connection.tcp(port)
                    let body = String(repeating: "nonce-\(number) ", count: 5000)
                    try connection.send(
                        requestHead("POST", "/echo", [("Content-Length", "\(body.utf8.count)")]) + body)
                    #expect(try connection.response(to: "POST").text == body)
                }
                child.signal(SIGINT)
                #expect(try child.wait() == 0, "\(child.output)")
            }
        }

        @Test(.enabled(if: Shell.isThere, "needs busybox-static")) func filesOverThere() throws {
            try TorporFixture.with { torpor in
                let ssh = try fakeSSH()
                try torpor.deployServer("hello")
                try torpor.succeeding("exec", "hello", "--", "/bin/sh", "-c", "mkdir /tmp/work")
                let folder = try Scratch.makeDirectory("copy")
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/it's here/sub", withIntermediateDirectories: true)
                try String(repeating: "over there ", count: 20_000).write(
                    toFile: "\(folder)/it's here/sub/file", atomically: false, encoding: .utf8)
                for (name, made) in [("it's here", "/tmp/it's here"), ("it's here/.", "/tmp/new dir")] {
                    let to = name.hasSuffix(".") ? made : "/tmp"
                    let put = try remote(torpor, ssh, ["cp", "\(folder)/\(name)", "hello:\(to)"])
                    #expect(put.status == 0 && put.errors.isEmpty && put.output.isEmpty, "\(put)")
                    let got = try remote(torpor, ssh, ["cp", "hello:\(made)", "\(folder)/back"])
                    #expect(got.status == 0 && got.errors.isEmpty, "\(got)")
                    let back = name.hasSuffix(".") ? "\(folder)/back/new dir" : "\(folder)/back"
                    try ChildProcess.run("diff", ["-r", "\(folder)/it's here", back])
                }
                let archive = Scratch.path("in")
                try Data(tarEntry("x", content: Array("streamed".utf8)) + [UInt8](repeating: 0, count: 1024))
                    .write(
                        to: URL(fileURLWithPath: archive))
                #expect(try remote(torpor, ssh, ["cp", "-", "hello:/tmp/work"], input: archive).status == 0)
                let streamed = try remote(torpor, ssh, ["cp", "hello:/tmp/work/x", "-"])
                #expect(streamed.output.contains("streamed"), "\(streamed.errors)")
                let file = "\(folder)/it's here/sub/file"
                for (from, to, told) in [
                    (file, "hello:/none/x", "torpor: hello:/none/x: no such directory to put it in\n"),
                    ("hello:/none", folder, "torpor: hello:/none: no such file or directory\n"),
                    ("hello:/tmp/work", file, "torpor: \(file): a directory cannot replace a file\n"),
                    (
                        file, "helo:/tmp",
                        "torpor: there is no function 'helo.default'; did you mean 'hello'?\n"
                    ),
                ] {
                    let failed = try remote(torpor, ssh, ["cp", from, to])
                    #expect(failed.status == 1 && failed.errors == told, "\(failed)")
                }
            }
        }

        @Test func whatGoesWrongIsTold() throws {
            try TorporFixture.with { torpor in
                let ssh = try fakeSSH()
                let missing = try remote(
                    torpor, ssh, ["deploy", "hello", "--rootfs", "/nonexistent", "--", "/bin/behave"])
                #expect(
                    missing.status == 1 && missing.errors.contains("/nonexistent: there is no such directory")
                )
                let rootfs = try Programs.makeRootfs()
                let broken = try remote(
                    torpor, ssh, ["deploy", "hello", "--rootfs", rootfs, "--", "/bin/missing"])
                #expect(broken.status == 1 && broken.errors.contains("CommandNotFound"), "\(broken)")
                let empty = try Scratch.makeDirectory("empty")
                let noBundle = try remote(torpor, ssh, ["deploy", "b", "--bundle", empty])
                #expect(
                    noBundle.status == 1 && noBundle.errors.contains("\(empty)/config.json"), "\(noBundle)")

                try "#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n".write(
                    toFile: "\(ssh)/ssh", atomically: false, encoding: .utf8)
                let denied = try remote(torpor, ssh, ["list"])
                #expect(denied.status == 1)
                #expect(denied.errors.contains("publickey") && denied.errors.contains("ssh://me@box:2222"))
            }
        }

        /// An archive that means harm, or is cut off, leaves nothing behind, inside or outside.
        @Test func hostileArchives() throws {
            try TorporFixture.with { torpor in
                let bait = try Scratch.makeDirectory("bait")
                let request = DeployRequest(
                    key: try FunctionKey(name: "evil"), source: .rootfs(path: "/r"),
                    spec: {
                        var spec = FunctionSpec()
                        spec.command = ["/bin/behave"]
                        return spec
                    }())
                let json = [UInt8](try ControlCoding.encode(request))
                let first = tarEntry("request.json", content: json)
                let x = Array("x".utf8)
                let archives: [(name: String, entries: [[UInt8]])] = [
                    ("dotdot", [first, tarEntry("a/../../../../../..\(bait)/x", content: x)]),
                    ("absolute", [first, tarEntry("\(bait)/x", content: x)]),
                    ("throughlink", [first, tarEntry("a", "2", bait), tarEntry("a/x", content: x)]),
                    ("overlink", [first, tarEntry("a", "2", "\(bait)/x"), tarEntry("a", content: x)]),
                    ("hardlink", [first, tarEntry("a", "2", "/etc"), tarEntry("b", "1", "a/passwd")]),
                    ("hardlinkout", [first, tarEntry("b", "1", "../../../torpor.db")]),
                    ("twice", [first, tarEntry("a", content: x), tarEntry("a", content: x)]),
                    ("device", [first, tarEntry("a", "3")]),
                    ("norequest", [tarEntry("other.json", content: json)]),
                    ("short", [Array((first + tarEntry("a", content: x)).prefix(first.count + 600))]),
                    ("garbage", [Array(String(repeating: "no tar archive ", count: 100).utf8)]),
                    ("empty", []),
                ]
                for (name, entries) in archives {
                    let body = Array(entries.joined())
                    let connection = try Connection.unix(torpor.socket)
                    let head = requestHead(
                        "POST", ControlRoute.deployFunction.path(),
                        [
                            ("Content-Type", "application/x-tar"), ("Content-Length", "\(body.count)"),
                            ("Connection", "close"),
                        ])
                    try connection.send(Array(head.utf8) + body)
                    let response = try connection.response(to: "POST")
                    #expect(response.status == 422, "\(name): \(response.status) \(response.text)")
                    #expect(response.text.contains("archive"), "\(name): \(response.text)")
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: bait).isEmpty)
                let staging = "\(torpor.stateDirectory)/images/staging"
                #expect(try FileManager.default.contentsOfDirectory(atPath: staging).isEmpty)
                #expect(try torpor.list().isEmpty)
            }
        }
    }
}

/// One entry of a tar archive; kinds are ustar's: 0 a file, 1 a hard link, 2 a link, 3 a device.
func tarEntry(
    _ name: String, _ kind: Character = "0", _ target: String = "", content: [UInt8] = []
) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
        header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
    }
    put(name, 0)
    put("0000755", 100)
    let size = String(content.count, radix: 8)
    put(String(repeating: "0", count: 11 - size.count) + size, 124)
    put(String(kind), 156)
    put(target, 157)
    put("ustar", 257)
    put("00", 263)
    put("        ", 148)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.count) + sum, 148)
    header[154] = 0
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
}
