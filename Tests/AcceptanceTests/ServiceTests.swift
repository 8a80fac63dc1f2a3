import ControlAPI
import Core
import Foundation
import Glibc
import Synchronization
import Testing

extension AcceptanceTests {
    /// The daemon as a service of systemd: reload, readiness, watchdog, passed sockets.
    @Suite struct ServiceTests {
        private func write(_ torpor: Torpor, _ text: String) throws {
            try text.write(toFile: torpor.configurationPath, atomically: true, encoding: .utf8)
            chmod(torpor.configurationPath, 0o644)
        }

        @Test func aReloadTellsWhatChangedAndWhatNeedsARestart() throws {
            try TorporFixture.with(configuration: "log-level: info\n", start: false) { torpor in
                let manager = try NotifySocket()
                try torpor.start(environment: ["NOTIFY_SOCKET": manager.path])
                let ready = try eventually("READY") { manager.received().first { $0.contains("READY=1") } }
                #expect(ready.contains { $0.hasPrefix("STATUS=serving on 127.0.0.1:") })

                try write(torpor, "log-level: debug\ndomain: example.org\n")
                torpor.signal(SIGHUP)
                try becomesTrue("the reload") { torpor.log.contains("the configuration was reloaded") }
                let told = manager.received()
                #expect(told.first?.first == "RELOADING=1")
                #expect(told.first?.last?.hasPrefix("MONOTONIC_USEC=") == true)
                #expect(told.last?.contains("READY=1") == true)
                #expect(told.last?.last?.contains("needs a restart: domain") == true)

                let report = try torpor.succeeding("system", "reload", "-o", "json")
                #expect(try report.value("changes", 0, "setting") as String == "domain")
                #expect(try report.value("changes", 0, "applied") as Bool == false)
                #expect(try torpor.succeeding("system", "reload").output.contains("after a restart"))
                try write(torpor, "log-level: debug\n")
                #expect(try torpor.succeeding("system", "reload").output == "Nothing has changed.\n")

                #expect(try torpor.stop() == 0)
                #expect(manager.received().last?.first == "STOPPING=1")
            }
        }

        /// What of the host a bundle has is what the file allows.
        @Test func aReloadChangesWhatBundlesMayHave() throws {
            try TorporFixture.with { torpor in
                let shared = "\(torpor.directory)/shared"
                try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
                try "from the host".write(toFile: "\(shared)/file", atomically: false, encoding: .utf8)
                var bundle = try OCIBundle()
                let bind: [String: Any] = [
                    "destination": "/in", "type": "bind", "source": shared, "options": ["bind", "ro"],
                ]
                let device: [String: Any] = ["type": "c", "path": "/dev/own", "major": 1, "minor": 5]
                bundle.set("mounts", [bind])
                bundle.set("linux.devices", [device])
                try bundle.write()
                func deploy() throws -> FunctionView { try torpor.deploy("bound", bundle: bundle) }
                func reload(_ text: String) throws {
                    try write(torpor, text)
                    let told = try torpor.succeeding("system", "reload").output
                    #expect(told.contains("allow") && !told.contains("restart"), "\(told)")
                }
                #expect(try torpor.refusal(deploy).description.contains("mounts[0].source"))
                try reload("allow: {binds: [\(shared)]}\n")
                #expect(try torpor.refusal(deploy).description.contains("linux.devices[0]"))
                try reload("allow: {binds: [\(shared)], devices: [/dev/zero]}\n")
                _ = try deploy()
                #expect(try torpor.get("/function/bound/stat?path=/in/file").text.hasPrefix("100644"))
                #expect(try torpor.get("/function/bound/stat?path=/dev/own").text.hasPrefix("20666"))
                #expect(try torpor.write("bound", "/in/file") == "EROFS")
                try reload("allow: {binds: [\(shared)]}\n")
                try torpor.putToSleep("bound")
                try torpor.scale("bound", .auto)
                #expect(try torpor.get("/function/bound").status == 502)
            }
        }

        /// What is allowed to whom follows the file, for deploys and starts from then on.
        @Test func aReloadChangesWhatMayBeDeployed() throws {
            try TorporFixture.with { torpor in
                let allowed = "\(torpor.directory)/shared"
                try FileManager.default.createDirectory(atPath: allowed, withIntermediateDirectories: true)
                func deploy() throws -> FunctionView {
                    try torpor.deploy("bound") {
                        $0.volumes = [VolumeSpec(.bind(allowed), path: "/shared")]
                    }
                }
                func reload(_ text: String) throws -> String {
                    try write(torpor, text)
                    return try torpor.succeeding("system", "reload").output
                }
                let refused = try torpor.refusal(deploy)
                #expect(refused.allowed?.contains("bind-volumes names none") == true, "\(refused)")
                let allows = try reload("bind-volumes: [\(allowed)]\n")
                #expect(allows.contains("bind-volumes") && !allows.contains("restart"), "\(allows)")
                _ = try deploy()
                #expect(try torpor.get("/function/bound").status == 200)
                // One that is wrong takes nothing away.
                try write(torpor, "bind-volumes: [relative]\n")
                #expect(try torpor.cli("system", "reload").status == 1)
                try torpor.putToSleep("bound")
                try torpor.scale("bound", .auto)
                #expect(try torpor.get("/function/bound").status == 200)
                _ = try reload("")
                try torpor.putToSleep("bound")
                try torpor.scale("bound", .auto)
                #expect(try torpor.get("/function/bound").status == 502)
                #expect(try torpor.describe("bound").lastFailure?.message.contains("does not allow") == true)

                guard !(try torpor.info().cgroup.controllers.contains("memory")) else { return }
                func deployLimited() throws -> FunctionView {
                    try torpor.deploy("limited") { $0.limits.memory = .mebibytes(64) }
                }
                _ = try torpor.refusal(deployLimited)
                #expect(try reload("limits: besteffort\n").contains("limits"))
                _ = try deployLimited()
                #expect(try torpor.describe("limited").warnings.count == 1)
                _ = try reload("limits: strict\n")
                // It is what it was, and is told as it is.
                #expect(try torpor.describe("limited").warnings.count == 1)
            }
        }

        @Test func aBrokenConfigurationStaysOutOfForce() throws {
            try TorporFixture.with(configuration: "log-level: warning\n", start: false) { torpor in
                let manager = try NotifySocket()
                try torpor.start(environment: ["NOTIFY_SOCKET": manager.path])
                try torpor.deploy("hello")
                _ = manager.received()
                try write(torpor, "log-level: loud\n")
                torpor.signal(SIGHUP)
                try becomesTrue("the complaint") { torpor.log.contains("the configuration stays as it was") }
                #expect(torpor.log.contains("torpord.yaml:1"))
                let last = try #require(manager.received().last)
                #expect(last.contains("READY=1"))
                #expect(last.last?.contains("not reloaded") == true && last.last?.contains("loud") == true)
                let refused = try torpor.cli("system", "reload")
                #expect(refused.status == 1)
                #expect(refused.errors.contains("loud") && refused.errors.contains("warning"))
                #expect(try torpor.get("/function/hello").status == 200)
            }
        }

        @Test func theWatchdogIsFedWhileAllAnswers() throws {
            try TorporFixture.with(start: false) { torpor in
                let manager = try NotifySocket()
                try torpor.start(environment: [
                    "NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "300000",
                ])
                var pings = 0
                try becomesTrue("five pings") {
                    pings += manager.received().filter { $0 == ["WATCHDOG=1"] }.count
                    return pings >= 5
                }
            }
        }

        /// Clients call all the time, each on a connection of its own, while the daemon is stopped and started: none is
        /// refused or cut, as the socket is held outside.
        @Test func aRestartRefusesNoConnection() throws {
            let port = try freePort()
            let listener = try listen(on: port)
            defer { close(listener) }
            try TorporFixture.with(start: false) { torpor in
                try torpor.start(listener: listener)
                #expect(try torpor.info().gateway == "127.0.0.1:\(port)")
                #expect(torpor.log.contains("torpor.socket decides"))
                try torpor.deploy("hello")
                let calls = Calls(port)
                calls.start()
                for _ in 0..<2 {
                    try calls.goOn()
                    #expect(try torpor.stop() == 0)
                    // Whoever calls now waits in the kernel.
                    pause(.milliseconds(100))
                    try torpor.start(listener: listener)
                }
                try calls.goOn()
                let problems = calls.stop()
                #expect(problems.isEmpty, "\(problems.prefix(5))")
            }
        }

        private func listen(on port: Int) throws -> Int32 {
            let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
            let done = withUnsafeBytes(of: &address) {
                bind(fd, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
            }
            guard done == 0, Glibc.listen(fd, 128) == 0 else { throw TestFailure("cannot listen") }
            return fd
        }

        /// Four threads that call `hello` again and again.
        private final class Calls: Sendable {
            private let port: Int
            private let going = Atomic<Bool>(true)
            private let running = Atomic<Int>(0)
            private let done = Atomic<Int>(0)
            private let problems = Mutex<[String]>([])

            init(_ port: Int) { self.port = port }

            /// Waits until some more were answered.
            func goOn() throws {
                let before = done.load(ordering: .relaxed)
                try becomesTrue("more calls") { done.load(ordering: .relaxed) >= before + 10 }
            }

            func start() {
                for _ in 0..<4 {
                    running.wrappingAdd(1, ordering: .relaxed)
                    Thread.detachNewThread { [self] in
                        while going.load(ordering: .relaxed) { call() }
                        running.wrappingSubtract(1, ordering: .relaxed)
                    }
                }
            }

            private func call() {
                do {
                    let connection = try Connection.tcp(port)
                    try connection.send(requestHead("GET", "/function/hello", [("Connection", "close")]))
                    let status = try connection.response().status
                    if status != 200 { problems.withLock { $0.append("status \(status)") } }
                    done.wrappingAdd(1, ordering: .relaxed)
                } catch {
                    problems.withLock { $0.append("\(error)") }
                }
            }

            func stop() -> [String] {
                going.store(false, ordering: .relaxed)
                while running.load(ordering: .relaxed) > 0 { pause(.milliseconds(5)) }
                return problems.withLock { $0 }
            }
        }
    }
}
