import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// What is wrong or hostile in what users give is refused with its place, and the daemon goes on.
    @Suite struct InputTests {
        private struct Case: Sendable, CustomTestStringConvertible {
            let key: String
            let value: @Sendable () -> Any
            let place: String
            var testDescription: String { place }
        }

        private static let hostile: [Case] = [
            Case(key: "process.args", value: { "/bin/behave" }, place: "process.args"),
            Case(key: "process.cwd", value: { 7 }, place: "process.cwd"),
            Case(key: "process.user.uid", value: { -1 }, place: "process.user.uid"),
            Case(key: "process.args", value: { [String]() }, place: "process.args"),
            Case(
                key: "process.capabilities.bounding", value: { ["CAP_ALL"] },
                place: "process.capabilities.bounding"),
            Case(
                key: "mounts",
                value: { [["destination": "/data/../../etc", "type": "tmpfs", "source": "tmpfs"]] },
                place: "mounts[0].destination"),
            Case(
                key: "mounts",
                value: {
                    [
                        ["destination": "/host", "type": "bind", "source": "/", "options": ["rbind"]]
                            as [String: Any]
                    ]
                },
                place: "mounts[0]"),
            Case(key: "root.path", value: { "nothing" }, place: "root.path"),
            Case(
                key: "hooks.prestart", value: { [["path": "/bin/sh"]] }, place: "hooks.prestart"),
            Case(key: "linux.namespaces", value: { [["type": "pid"]] }, place: "linux.namespaces"),
            Case(
                key: "linux.namespaces", value: { [["type": "network", "path": "/proc/1/ns/net"]] },
                place: "linux.namespaces[0].path"),
            Case(key: "linux.sysctl", value: { ["kernel.hostname": "x"] }, place: "linux.sysctl"),
        ]

        @Test func hostileConfigurations() throws {
            try TorporFixture.with { torpor in
                for wrong in Self.hostile {
                    var bundle = try OCIBundle()
                    bundle.set(wrong.key, wrong.value())
                    try bundle.write()
                    let error = try torpor.refusal { try torpor.deploy("bad", bundle: bundle) }
                    #expect(error.kind == .invalid, "\(wrong.place): \(error.kind)")
                    #expect(error.description.contains(wrong.place), "\(wrong.place): \(error)")
                }
                #expect(try torpor.list().isEmpty, "nothing of it is left")
                try torpor.deploy("good")
                #expect(try torpor.get("/function/good").status == 200)
            }
        }

        /// Properties that nobody knows must be ignored (OCI runtime specification, "Extensibility").
        @Test func unknownPropertiesOfABundle() throws {
            try TorporFixture.with { torpor in
                var bundle = try OCIBundle()
                bundle.set("surprise", 1)
                bundle.set("linux.surprise", ["deep": true])
                try bundle.write()
                try torpor.deploy("extended", bundle: bundle)
                #expect(try torpor.get("/function/extended").text.hasPrefix("bundled"))
            }
        }

        @Test func filesThatAreNoConfiguration() throws {
            try TorporFixture.with { torpor in
                let bundle = try OCIBundle()
                let texts = [
                    "", "{", "[]", "null", "{\"ociVersion\": \"1.0.2\"}",
                    String(repeating: "[", count: 100_000),
                    "{\"x\": \"" + String(repeating: "y", count: 10 << 20) + "\"}", "{\u{0}}",
                ]
                for text in texts {
                    try bundle.write(raw: text)
                    let error = try torpor.refusal { try torpor.deploy("bad", bundle: bundle) }
                    #expect(error.kind == .invalid, "\(text.prefix(30)): \(error.kind)")
                    #expect(!error.description.isEmpty)
                }
                try FileManager.default.removeItem(atPath: "\(bundle.path)/config.json")
                let missing = try torpor.refusal { try torpor.deploy("bad", bundle: bundle) }
                #expect(missing.description.contains("config.json"))
                try FileManager.default.createSymbolicLink(
                    atPath: "\(bundle.path)/config.json", withDestinationPath: "/etc/shadow")
                let link = try torpor.refusal { try torpor.deploy("bad", bundle: bundle) }
                #expect(link.kind == .invalid)
                #expect(!link.description.contains("root:"), "nothing of the file is told")
                #expect(try torpor.list().isEmpty)
            }
        }

        @Test func rootFilesystemsThatAreNone() throws {
            try TorporFixture.with { torpor in
                let bundle = try OCIBundle()
                try bundle.write()
                try FileManager.default.removeItem(atPath: "\(bundle.path)/rootfs")
                try FileManager.default.createSymbolicLink(
                    atPath: "\(bundle.path)/rootfs", withDestinationPath: "/etc")
                let link = try torpor.refusal { try torpor.deploy("bad", bundle: bundle) }
                #expect(link.description.contains("rootfs"), "\(link)")
                for path in ["/nothing/here", "/etc/passwd", "/proc/self/root/../etc/passwd"] {
                    let error = try torpor.refusal { try torpor.deploy("bad", rootfs: path) }
                    #expect(error.kind == .invalid, "\(error)")
                }
                #expect(try torpor.list().isEmpty)
            }
        }

        /// Links inside of a root filesystem lead nowhere outside of it.
        @Test func linksInsideStayInside() throws {
            try TorporFixture.with { torpor in
                let rootfs = try Programs.makeRootfs()
                for (name, target) in [("tmp", "/tmp"), ("dev", "/dev"), ("proc", "/proc"), ("sys", "/sys")] {
                    try? FileManager.default.removeItem(atPath: "\(rootfs)/\(name)")
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(rootfs)/\(name)", withDestinationPath: "../../../../../..\(target)")
                }
                let before = Host.mounts().map(\.line)
                _ = try? torpor.deploy("links", rootfs: rootfs)
                #expect(Host.mounts().map(\.line) == before)
                try torpor.deploy("good")
                #expect(try torpor.get("/function/good").status == 200)
            }
        }

        @Test func namesThatAreNotAllowed() throws {
            let names = [
                "", "UPPER", "under_score", "-dash", "dash-", "with space", "a/b", "..", "hello-00001",
                String(repeating: "a", count: 64), "näme",
            ]
            try TorporFixture.with { torpor in
                for name in names {
                    let body: [String: Any] = [
                        "name": name, "source": ["rootfs": try Programs.rootfs.get()],
                        "spec": ["command": ["/bin/behave"]],
                    ]
                    let data = try JSONSerialization.data(withJSONObject: body)
                    let response = try torpor.control("POST", "/v1/functions", body: Array(data))
                    #expect(response.status == 422, "\(name): \(response.text)")
                    #expect(response.text.contains("\"name\""), "\(name): \(response.text)")
                }
                #expect(try torpor.list().isEmpty)
            }
        }

        @Test func controlRequestsThatAreNone() throws {
            try TorporFixture.with { torpor in
                let rootfs = try Programs.rootfs.get()
                let good = "\"name\": \"x\", \"source\": {\"rootfs\": \"\(rootfs)\"}"
                let cases: [(String, Int, String)] = [
                    ("{", 400, "JSON"), ("[1]", 400, ""), ("{}", 400, "name"),
                    ("{\(good), \"spec\": {\"command\": [\"/bin/behave\"], \"prot\": 1}}", 422, "spec.prot"),
                    ("{\(good), \"spec\": {\"command\": \"x\"}}", 400, "spec.command"),
                    (
                        "{\(good), \"spec\": {\"command\": [\"x\"], \"limits\": {\"memory\": \"much\"}}}",
                        422, "memory"
                    ),
                    (
                        "{\(good), \"spec\": {\"command\": [\"x\"], \"scale\": {\"max\": 0}}}", 422,
                        "scale.max"
                    ),
                    ("{\(good), \"surprise\": 1}", 422, "surprise"), ("{\(good)}", 422, "spec.command"),
                    ("{\"name\": \"x\", \"source\": {\"rootfs\": \"relative\"}}", 422, "source.rootfs"),
                    (String(repeating: "[", count: 200_000), 400, ""),
                ]
                for (body, status, place) in cases {
                    let response = try torpor.control("POST", "/v1/functions", body: Array(body.utf8))
                    #expect(response.status == status, "\(body.prefix(80)): \(response.text)")
                    #expect(
                        place.isEmpty || response.text.contains(place), "\(body.prefix(80)): \(response.text)"
                    )
                }
                let connection = try Connection.unix(torpor.socket)
                let size = Limits.controlBodyBytes + 1
                try connection.send(
                    requestHead(
                        "POST", "/v1/functions", [("Content-Length", "\(size)"), ("Connection", "close")]))
                try? connection.send([UInt8](repeating: 32, count: size))
                #expect(try connection.response(to: "POST").status == 413)
                #expect(try torpor.control("PATCH", "/v1/functions").status == 405)
                #expect(try torpor.control("GET", "/v1/nothing").status == 404)
                #expect(try torpor.list().isEmpty)
            }
        }

        @Test func manifestsThatAreWrong() throws {
            let wrong = [
                ("functions: {x: {rootfs: ., command: [a], prot: 1}}", "port"),
                ("functions: {x: {rootfs: ., command: [a], image: y}}", "image"),
                ("functions: {x: {command: [a]}}", "rootfs"),
                ("functions: {X: {rootfs: ., command: [a]}}", "X"),
                ("functions:\n  x:\n    rootfs: .\n    command: [a]\n    scale: {max: none}", ":5"),
                ("functions: [", "YAML"), ("apiVersion: serving.knative.dev/v1", "Knative"),
                ("functions: {x: {rootfs: ., command: [a], mode: tcp}}", "tcp"), ("- 1", ""),
                ("x: &a [*a]", ""),
            ]
            try TorporFixture.with { torpor in
                let path = "\(torpor.directory)/torpor.yaml"
                for (text, word) in wrong {
                    try text.write(toFile: path, atomically: false, encoding: .utf8)
                    let result = try torpor.cli("apply", "-f", path)
                    #expect(result.status == 1, "\(text): \(result)")
                    #expect(
                        result.errors.contains("torpor.yaml")
                            && (word.isEmpty || result.errors.contains(word)),
                        "\(text): \(result.errors)")
                }
                #expect(try torpor.list().isEmpty)
            }
        }

        @Test func aManifestOfTenMegabytes() throws {
            try TorporFixture.with { torpor in
                let path = "\(torpor.directory)/torpor.yaml"
                let line = "# " + String(repeating: "x", count: 1021) + "\n"
                try String(repeating: line, count: 10 << 10).write(
                    toFile: path, atomically: false, encoding: .utf8)
                let result = try torpor.cli("apply", "-f", path)
                #expect(result.status == 1)
                #expect(result.errors.contains("too large"))
            }
        }

        /// A limit that is named and cannot be enforced is refused; `besteffort` makes a warning of it.
        @Test func limitsThatThisHostCannotEnforce() throws {
            try TorporFixture.with { torpor in
                let controllers = try torpor.info().cgroup.controllers
                if controllers.contains("memory") {
                    try torpor.deploy("limited") { $0.limits.memory = .mebibytes(64) }
                } else {
                    let error = try torpor.refusal {
                        try torpor.deploy("limited") { $0.limits.memory = .mebibytes(64) }
                    }
                    #expect(error.description.contains("limits.memory"), "\(error)")
                    #expect(try torpor.list().isEmpty)
                }
            }
            try TorporFixture.with(configuration: "limits: besteffort\n") { torpor in
                try torpor.deploy("limited") { $0.limits.memory = .mebibytes(64) }
                #expect(try torpor.get("/function/limited").status == 200)
                let warnings = try torpor.describe("limited").warnings
                let enforces = try torpor.info().cgroup.controllers.contains("memory")
                #expect(warnings.contains { $0.contains("memory") } == !enforces, "\(warnings)")
            }
        }
    }
}
