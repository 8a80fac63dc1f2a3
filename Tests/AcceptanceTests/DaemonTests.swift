import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// Starting and stopping `torpord`, and hosts that do not let it.
    @Suite struct DaemonTests {
        @Test func aSecondDaemonIsRefused() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let second = try Torpor()
                for (state, run) in [
                    (torpor.stateDirectory, second.runDirectory),
                    (second.stateDirectory, torpor.runDirectory),
                    (torpor.stateDirectory, torpor.runDirectory),
                ] {
                    let child = try ChildProcess(
                        Programs.daemon,
                        [
                            "--config", second.configurationPath, "--state-dir", state, "--run-dir", run,
                            "--listen",
                            "127.0.0.1:0", "--bridge", second.bridge, "--subnet", second.subnet,
                        ], output: .file(second.logPath))
                    #expect(try child.wait() == 1)
                    #expect(
                        second.log.contains("\(torpor.pid)"), "it names the first one's pid: \(second.log)")
                    #expect(try torpor.get("/function/hello").status == 200)
                }
                #expect(Leftovers.of(second).isEmpty)
            }
        }

        @Test(arguments: [
            ("listen: nowhere", ["torpord.yaml", "listen", "nowhere", "127.0.0.1:8080"]),
            ("domain: ok\nsubnett: 10.0.0.0/16", ["torpord.yaml:2", "subnett", "subnet"]),
            ("limits: sometimes", ["torpord.yaml", "limits", "sometimes", "strict"]),
            ("uid-base: 12", ["torpord.yaml", "uid-base", "12", "65536"]),
            ("gateway-threads: many", ["torpord.yaml", "gateway-threads", "many", "256"]),
            ("domain: [a", ["torpord.yaml", "YAML"]), ("- list", ["torpord.yaml"]),
            ("listen: {a: b}", ["torpord.yaml", "listen"]),
        ])
        func aConfigurationThatIsWrong(text: String, words: [String]) throws {
            try TorporFixture.with(configuration: text, start: false) { torpor in
                let child = try ChildProcess(
                    Programs.daemon, ["--config", torpor.configurationPath], output: .file(torpor.logPath))
                #expect(try child.wait() == 2)
                for word in words { #expect(torpor.log.contains(word), "\(word): \(torpor.log)") }
            }
        }

        @Test(arguments: [
            ("--subnet", "10.0.0.0/33"), ("--subnet", "nonsense"), ("--bridge", "a/b"),
            ("--bridge", "muchtoolonganame"), ("--listen", "1.2.3.4"), ("--state-dir", "relative"),
        ])
        func anOptionThatIsWrong(option: String, value: String) throws {
            try TorporFixture.with(start: false) { torpor in
                var arguments = torpor.arguments
                let index = try #require(arguments.firstIndex(of: option))
                arguments[index + 1] = value
                let child = try ChildProcess(Programs.daemon, arguments, output: .file(torpor.logPath))
                #expect([1, 2].contains(try child.wait()))
                #expect(torpor.log.contains(value), "\(torpor.log)")
                #expect(torpor.log.contains(String(option.dropFirst(2))), "\(torpor.log)")
            }
        }

        @Test func aPortInUse() throws {
            try TorporFixture.with { first in
                try TorporFixture.with(start: false) { second in
                    let child = try second.launch(replacing: "--listen", by: "127.0.0.1:\(first.port)")
                    #expect(try child.wait() == 1)
                    #expect(second.log.contains("\(first.port)"), "\(second.log)")
                    #expect(second.log.lowercased().contains("in use"), "\(second.log)")
                }
            }
        }

        @Test func aBridgeOrSubnetInUse() throws {
            try TorporFixture.with { first in
                try TorporFixture.with(start: false) { second in
                    let sameBridge = try second.launch(replacing: "--bridge", by: first.bridge)
                    #expect(try sameBridge.wait() == 1)
                    #expect(second.log.contains(first.bridge), "\(second.log)")
                    let sameSubnet = try second.launch(replacing: "--subnet", by: first.subnet)
                    #expect(try sameSubnet.wait() == 1)
                    #expect(second.log.contains("overlaps"), "\(second.log)")
                }
                try first.deploy("hello")
                #expect(try first.get("/function/hello").status == 200)
            }
        }

        /// Two daemons live side by side.
        @Test func twoDaemons() throws {
            try TorporFixture.with { first in
                try first.deploy("hello", environment: ["HELLO": "first"])
                try TorporFixture.with { second in
                    try second.deploy("hello", environment: ["HELLO": "second"])
                    #expect(try first.get("/function/hello").text.hasPrefix("first"))
                    #expect(try second.get("/function/hello").text.hasPrefix("second"))
                }
                try first.putToSleep("hello")
                #expect(try first.get("/function/hello").text.hasPrefix("first"))
            }
        }

        @Test func aStateDirectoryThatIsReadOnly() throws {
            try TorporFixture.with(start: false) { torpor in
                try mountTmpfs(torpor.stateDirectory, "ro,size=1m")
                defer { umount2(torpor.stateDirectory, 2) }
                let child = try torpor.launch()
                #expect(try child.wait() == 1)
                #expect(torpor.log.contains(torpor.stateDirectory), "\(torpor.log)")
                #expect(torpor.log.lowercased().contains("read-only"), "\(torpor.log)")
            }
        }

        /// A full disk refuses deploys, and nothing that was there suffers.
        @Test func aStateDirectoryThatIsFull() throws {
            try TorporFixture.with(start: false) { torpor in
                try mountTmpfs(torpor.stateDirectory, "size=12m")
                defer { umount2(torpor.stateDirectory, 2) }
                try torpor.start()
                try torpor.deploy("small", environment: ["HELLO": "small"])
                let big = try Programs.makeRootfs()
                let size = 20 << 20
                try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: "\(big)/etc/big"))
                let error = try torpor.refusal { try torpor.deploy("big", rootfs: big) }
                #expect(error.description.lowercased().contains("no space"), "\(error)")
                #expect(try torpor.list().map(\.name) == ["small"])
                // What was copied before there was no room is gone again.
                #expect(directoryBytes(torpor.stateDirectory) < 8 << 20)
                try torpor.putToSleep("small")
                #expect(try torpor.get("/function/small").text.hasPrefix("small"))
                try torpor.deploy("other", environment: ["HELLO": "other"])
                #expect(try torpor.get("/function/other").text.hasPrefix("other"))
                #expect(try torpor.stop() == 0)
            }
        }

        @Test func sigtermDrains() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let calls = (0..<8).map { _ in Background { try torpor.get("/function/hello/sleep?ms=3000") }
                }
                try becomesTrue("requests in flight") { try torpor.describe("hello").function.inFlight == 8 }
                torpor.signal(SIGTERM)
                // From some moment on nobody new is let in, while the others go on.
                try becomesTrue("the end of new requests") {
                    guard let late = try? torpor.get("/function/hello/late") else { return true }
                    return late.status == 503
                }
                #expect(calls.allSatisfy { !$0.isOver })
                for call in calls { #expect(try call.wait().text == "slept") }
                #expect(try torpor.waitForEnd() == 0)
            }
        }

        @Test func whatWasDeployedIsThereAfterARestart() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello", environment: ["HELLO": "kept"])
                try torpor.deploy("hello", environment: ["HELLO": "kept again"])
                try torpor.deploy("min", environment: ["HELLO": "min"]) { $0.scale.min = 1 }
                try torpor.scale("hello", .count(0))
                _ = try? torpor.refusal { try torpor.deploy("broken", environment: ["EXIT_CODE": "4"]) }
                #expect(try torpor.stop() == 0)
                try torpor.start()
                #expect(try torpor.list().map(\.name) == ["broken", "hello", "min"])
                let response = try torpor.get("/function/hello")
                #expect(response.text.hasPrefix("kept again"))
                #expect(response.warmth == "cold")
                #expect(try torpor.describe("hello").function.revision == "hello-00002")
                #expect(try torpor.describe("hello").function.scale == .count(0))
                #expect(try torpor.describe("broken").lastFailure?.exit?.code == 4)
                try becomesTrue("the minimum") { try torpor.describe("min").function.instances.ready == 1 }
                try torpor.deploy("hello", environment: ["HELLO": "third"])
                #expect(try torpor.describe("hello").function.revision == "hello-00003")
            }
        }
    }
}

extension Torpor {
    /// Starts a daemon of this fixture that is expected to end by itself.
    func launch(replacing option: String = "", by value: String = "") throws -> ChildProcess {
        var arguments = arguments
        if let index = arguments.firstIndex(of: option) { arguments[index + 1] = value }
        return try ChildProcess(Programs.daemon, arguments, output: .file(logPath))
    }
}

private func mountTmpfs(_ path: String, _ options: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try ChildProcess.run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path])
}
