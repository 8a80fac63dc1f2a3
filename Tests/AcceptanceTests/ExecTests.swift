import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// Mode `exec`: the command runs once for each request, inside a warm instance.
    @Suite(.enabled(if: Shell.isThere, "needs busybox-static")) struct ExecTests {
        @Test func bodiesOfAllSizesComeBack() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("echo", "exec cat")
                var random = SeededGenerator(seed: 0xec40)
                for size in [0, 1, 4095, 4096, 65_536, 65_537, 300_000, 1 << 20] {
                    let body = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
                    let response = try torpor.request("POST", "/function/echo", body: body)
                    #expect(response.status == 200)
                    #expect(response.body == body, "\(size) bytes")
                }
                #expect(try torpor.instance(of: "echo").served == 8, "all in one instance")
            }
        }

        @Test func chunksInAndOutWhileItRuns() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("echo", "exec cat")
                let connection = try torpor.connect()
                try connection.send(
                    requestHead("POST", "/function/echo", [("Transfer-Encoding", "chunked")])
                        + "3\r\none\r\n")
                let head = try connection.head()
                #expect(head["Transfer-Encoding"] == "chunked", "answered before the request's end")
                #expect(String(decoding: try connection.receive(), as: UTF8.self) == "3\r\none\r\n")
                try connection.send("5\r\nthree\r\n0\r\n\r\n")
                let rest = String(decoding: try connection.receive() + connection.receive(), as: UTF8.self)
                #expect(rest == "5\r\nthree\r\n0\r\n\r\n")
            }
        }

        @Test func theRequestInVariables() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell(
                    "vars", "exec env", environment: ["GREETING": "hi", "HTTP_X_MINE": "own"])
                let fields = [
                    ("Content-Type", "text/x-test"), ("X-Some-Thing", "a=b c"), ("X-Mine", "theirs"),
                    ("Proxy", "evil"), ("X_Some_Thing", "forged"), ("Cookie", "a=1"), ("Cookie", "b=2"),
                ]
                let response = try torpor.request(
                    "PUT", "/function/vars/a%20b/c?x=1&y=%41", fields, body: Array("12345".utf8))
                let lines = response.text.split(separator: "\n").map(String.init)
                for line in [
                    "REQUEST_METHOD=PUT", "PATH_INFO=/a b/c", "QUERY_STRING=x=1&y=%41",
                    "SCRIPT_NAME=/function/vars", "CONTENT_TYPE=text/x-test", "CONTENT_LENGTH=5",
                    "GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1", "REMOTE_ADDR=127.0.0.1",
                    "HTTP_X_SOME_THING=a=b c", "Http_X_Some_Thing=a=b c", "Http_Method=PUT",
                    "Http_Path=/a b/c", "Http_Query=x=1&y=%41", "Http_ContentLength=5",
                    "Http_Content_Type=text/x-test", "HTTP_COOKIE=a=1; b=2", "HTTP_X_MINE=own",
                    "GREETING=hi", "TORPOR_FUNCTION=vars", "K_REVISION=vars-00001",
                ] { #expect(lines.contains(line), "\(line)") }
                #expect(lines.contains("TORPOR_INSTANCE=\(try torpor.instance(of: "vars").id)"))
                #expect(!response.text.contains("evil") && !response.text.contains("forged"))
                let byHost = try torpor.get("/x", [("Host", "vars.default.torpor.internal")])
                #expect(byHost.text.contains("SCRIPT_NAME=\n") && byHost.text.contains("PATH_INFO=/x\n"))
            }
        }

        /// Its own places are bounded; who fills one is told, and others are not hurt.
        @Test func whoFillsItsDiskIsTold() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("filler", "cat /dev/zero >/tmp/file") {
                    $0.limits.disk = .mebibytes(2)
                }
                try torpor.deployShell("other", "echo x >/tmp/file && cat /tmp/file")
                let failed = try torpor.get("/function/filler")
                #expect(failed.status == 500, "\(failed)")
                try becomesTrue("the event") {
                    try torpor.succeeding("events", "filler", "--kind", "exhausted").output.contains(
                        "DiskQuota")
                }
                #expect(try torpor.succeeding("describe", "filler").output.contains("DiskQuota"))
                #expect(try torpor.succeeding("explain", "filler").output.contains("limits.disk"))
                #expect(try torpor.get("/function/other").text == "x\n")
            }
        }

        @Test func howItEndsIsTheStatus() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("end", "cat >/dev/null; eval \"$QUERY\"; exit 9", query: true)
                func status(_ script: String) throws -> Response {
                    try torpor.get("/function/end", [("X-Script", script)])
                }
                #expect(try status("exit 0").status == 200)
                let failed = try status("echo why >&2; exit 3")
                #expect(failed.status == 500 && failed.text.contains("command_failed"))
                let told = try status("echo sorry; exit 3")
                #expect(told.status == 500 && told.text == "sorry\n")
                let killed = try status("kill -SEGV $$")
                #expect(killed.status == 502 && killed.text.contains("command_killed"))
                // What it leaves behind in its group ends with it, and holds nothing open.
                let started = ContinuousClock.now
                #expect(try status("sleep 1000 & echo here; exit 0").text == "here\n")
                #expect(ContinuousClock.now - started < .seconds(5))
                try becomesTrue("the log") {
                    let lines = try torpor.logs("end").map(\.text)
                    return lines.contains("why") && lines.contains { $0.hasSuffix("exited with status 3") }
                        && lines.contains { $0.hasSuffix("ended by signal 11") }
                }
                #expect(try torpor.describe("end").instances.count == 1, "it lives on")
                #expect(try status("exit 0").status == 200)
                try torpor.waitForCommands("end", 0)
            }
        }

        @Test func anAnswerThatBreaksOffIsNotWhole() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("breaks", "echo begun; sleep 0.5; exit 1")
                let response = try torpor.get("/function/breaks")
                #expect(response.status == 200 && !response.isComplete && response.text == "begun\n")
            }
        }

        @Test func overItsTime() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("slow", "sleep 1000") { $0.timeout = .milliseconds(300) }
                let response = try torpor.get("/function/slow")
                #expect(response.status == 504)
                try torpor.waitForCommands("slow", 0)
            }
        }

        @Test func theGroupGoesWithTheClient() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("stays", "sleep 1000 & sleep 1000 & wait")
                let connection = try torpor.connect()
                try connection.send(requestHead("GET", "/function/stays"))
                try torpor.waitForCommands("stays", 3)
                connection.reset()
                try torpor.waitForCommands("stays", 0)
                #expect(try torpor.instance(of: "stays").inFlight == 0)
            }
        }

        @Test func concurrencyLimitsProcesses() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("busy", "cat; sleep 0.2") {
                    $0.concurrency = 4
                    $0.scale.max = 1
                }
                let port = torpor.port
                let clients = Background { () throws -> [Bool] in
                    try concurrently(20) { number in
                        let connection = try Connection.tcp(port)
                        let body = "nonce-\(number)"
                        try connection.send(
                            requestHead("POST", "/function/busy", [("Content-Length", "\(body.utf8.count)")])
                                + body)
                        return try connection.response(to: "POST").text == body
                    }
                }
                var most = 0
                while !clients.isOver {
                    most = max(most, try torpor.instance(of: "busy").inFlight)
                    pause(.milliseconds(5))
                }
                #expect(try clients.wait() == Array(repeating: true, count: 20))
                #expect(most == 4)
            }
        }

        @Test func manyAtOnceAndNoneIsMixedUp() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("echo", "exec cat") { $0.scale.max = 1 }
                let port = torpor.port
                let right = try concurrently(64) { number -> Bool in
                    let connection = try Connection.tcp(port)
                    for round in 0..<5 {
                        let body = "nonce-\(number)-\(round)"
                        try connection.send(
                            requestHead("POST", "/function/echo", [("Content-Length", "\(body.utf8.count)")])
                                + body)
                        guard try connection.response(to: "POST").text == body else { return false }
                    }
                    return true
                }
                #expect(right == Array(repeating: true, count: 64))
                #expect(try torpor.instance(of: "echo").served == 320)
            }
        }

        @Test func itsOwnHead() throws {
            try TorporFixture.with { torpor in
                func deploy(_ name: String, _ script: String) throws {
                    try torpor.deployShell(name, script) { $0.cgi = true }
                }
                try deploy("tea", "printf 'Status: 418 Teapot\\nX-A: b\\r\\nContent-Length: 99\\n\\ntea'")
                let tea = try torpor.get("/function/tea")
                #expect(tea.status == 418 && tea["X-A"] == "b" && tea["Content-Length"] == "3")
                #expect(tea.text == "tea")
                try deploy("away", "printf 'Location: /there\\n\\n'")
                let away = try torpor.get("/function/away")
                #expect(away.status == 302 && away["Location"] == "/there")
                try deploy("none", "printf 'Status: 204 No Content\\n\\nignored'")
                let none = try torpor.get("/function/none")
                #expect(none.status == 204 && none.body.isEmpty)
                for (name, script) in [("bad", "echo no head"), ("cut", "printf 'A: b\\n'"), ("void", ":")] {
                    try deploy(name, script)
                    let response = try torpor.get("/function/\(name)")
                    #expect(response.status == 502 && response.text.contains("invalid_response"), "\(name)")
                }
                let head = try torpor.request("HEAD", "/function/tea")
                #expect(head.status == 418 && head.body.isEmpty)
            }
        }

        @Test(.needsFreezer) func frozenBetweenCalls() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("naps", "cat") { $0.scale.freezeAfter = .after(.milliseconds(100)) }
                for _ in 0..<3 {
                    try torpor.waitUntil("naps", is: .frozen)
                    let response = try torpor.request("POST", "/function/naps", body: Array("x".utf8))
                    #expect(response.text == "x" && response.warmth == "frozen")
                }
            }
        }

        @Test func sleepWakeAndDrain() throws {
            try TorporFixture.with { torpor in
                try torpor.deployShell("deep", "sleep 0.5; echo done") { $0.scale.max = 1 }
                try torpor.putToSleep("deep")
                #expect(try torpor.get("/function/deep").warmth == "cold")
                let connection = try torpor.connect()
                try connection.send(requestHead("GET", "/function/deep"))
                try torpor.waitForCommands("deep", 2)
                try torpor.scale("deep", .count(0))
                #expect(try connection.response().text == "done\n", "what is in flight ends first")
                try becomesTrue("zero") { try torpor.describe("deep").function.instances.total == 0 }
                let past = try #require(try torpor.describe("deep").past.first)
                #expect(past.state == .stopped && past.exit?.code == 0)
            }
        }

        @Test func whatCannotBeRun() throws {
            try TorporFixture.with { torpor in
                let missing = try torpor.refusal {
                    try torpor.deployShell("none", command: ["/bin/nothing", "x"])
                }
                #expect(missing.message.contains("/bin/nothing"))
                try torpor.deployShell("plain", command: ["/bin/text"])
                let response = try torpor.get("/function/plain")
                #expect(response.status == 502 && response.text.contains("start_failed"))
                try becomesTrue("the log") {
                    try torpor.logs("plain").contains { $0.text.contains("'/bin/text' cannot be executed") }
                }
                let head = try torpor.refusal { try torpor.deploy("x") { $0.cgi = true } }
                #expect("\(head)".contains("cgi"))
                let many = try torpor.refusal { try torpor.deployShell("x", ":") { $0.concurrency = 1000 } }
                #expect("\(many)".contains("concurrency"))
            }
        }
    }
}

/// A root file system of busybox, and functions of mode `exec` in it.
enum Shell {
    static var isThere: Bool { access("/bin/busybox", X_OK) == 0 }

    static func makeRootfs() throws -> String {
        let path = try Scratch.makeDirectory("shell")
        let files = FileManager.default
        for folder in ["bin", "etc", "tmp", "root"] {
            try files.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        try files.copyItem(atPath: "/bin/busybox", toPath: "\(path)/bin/busybox")
        for name in ["sh", "cat", "sleep", "env", "kill", "stty", "tty", "id", "tar", "ls", "pwd", "true"] {
            try files.createSymbolicLink(atPath: "\(path)/bin/\(name)", withDestinationPath: "busybox")
        }
        try "text\n".write(toFile: "\(path)/bin/text", atomically: false, encoding: .utf8)
        chmod("\(path)/bin/text", 0o755)
        return path
    }
}

extension Torpor {
    /// - Parameter query: `$QUERY` is the header X-Script.
    @discardableResult
    func deployShell(
        _ name: String, _ script: String = "", command: [String]? = nil, query: Bool = false,
        environment: [String: String] = [:], adjust: (inout FunctionSpec) -> Void = { _ in }
    ) throws -> FunctionView {
        let rootfs = try Shell.makeRootfs()
        defer { try? FileManager.default.removeItem(atPath: rootfs) }
        let prefix = query ? "QUERY=$HTTP_X_SCRIPT; " : ""
        return try deploy(name, rootfs: rootfs, environment: environment) { spec in
            spec.mode = .exec
            spec.command = command ?? ["/bin/sh", "-c", prefix + script]
            adjust(&spec)
        }
    }

    /// Waits until so many processes run in the one instance beside its PID 1.
    func waitForCommands(_ name: String, _ count: Int) throws {
        let pid = try instance(of: name).pid ?? 0
        try becomesTrue("\(count) processes in '\(name)'") {
            let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")
            let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
            let inside = all.filter {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/ns/pid"))
                    == namespace
            }
            return inside.count == count + 1
        }
    }
}
