import ControlAPI
import Core
import Foundation
import Manifest
import Testing

extension AcceptanceTests {
    /// Every key of `torpor.yaml` that is accepted does what it says. The keys are those that the reader knows: one that
    /// is added later is missed here until its effect is shown.
    @Suite struct EveryKeyTests {
        /// Keys whose effect needs cgroup controllers, and the case in a virtual machine that shows it.
        private static let inMachine = [
            "limits.memory": "30-memory-limit.sh", "limits.cpu": "40-cpu-limit.sh",
            "limits.pids": "50-pids-limit.sh",
        ]
        private static let ofCommands = ["mode", "cgi"]

        @Test func eachHasItsEffect() throws {
            let shared = try Scratch.makeDirectory("shared")
            try TorporFixture.with(configuration: "bind-volumes: [\(shared)]\n") { torpor in
                let keys = try ManyKeys(torpor, shared: shared)
                try torpor.succeeding("namespace", "create", "team")
                try torpor.succeeding("secret", "set", "token", "-n", "team", input: "the secret")
                try torpor.succeeding("apply", "-f", keys.folder)
                for effect in KeyEffect.all {
                    do { try effect.look(keys) } catch { throw TestFailure("\(effect.key): \(error)") }
                }
            }
        }

        /// What a host cannot enforce it does not accept.
        @Test func limitsAreEnforcedOrRefused() throws {
            try TorporFixture.with { torpor in
                let there = try torpor.info().cgroup.controllers
                for (key, value) in [("memory", "64Mi"), ("cpu", "500m"), ("pids", "64")] {
                    let manifest =
                        """
                        functions:
                          limited:
                            rootfs: \(try Programs.rootfs.get())
                            command: [/bin/behave]
                            limits: {\(key): \(value)}
                        """
                    let run = try torpor.cli("apply", "-f", "-", input: manifest)
                    #expect(run.status == (there.contains(key) ? 0 : 1), "\(run)")
                    if run.status == 1 { #expect(run.errors.contains("limits.\(key)"), "\(run.errors)") }
                }
            }
        }

        @Test(.enabled(if: Shell.isThere, "needs busybox-static")) func modeAndCGI() throws {
            try TorporFixture.with { torpor in
                let manifest =
                    """
                    functions:
                      once:
                        rootfs: \(try Shell.makeRootfs())
                        mode: exec
                        command: [/bin/sh, -c, "echo $$"]
                      head:
                        rootfs: \(try Shell.makeRootfs())
                        mode: exec
                        cgi: true
                        command: [/bin/sh, -c, "printf 'Status: 418 Teapot\\\\r\\\\nX-Mine: a\\\\r\\\\n\\\\r\\\\nbody'"]
                    """
                let applied = try torpor.cli("apply", "-f", "-", input: manifest)
                try #require(applied.status == 0, "\(applied.errors)")
                let first = try torpor.get("/function/once").text
                let second = try torpor.get("/function/once").text
                #expect(Int(first.dropLast()) != nil && first != second, "a process for each: \(first)")
                let answer = try torpor.get("/function/head")
                #expect(answer.status == 418 && answer["X-Mine"] == "a" && answer.text == "body", "\(answer)")
            }
        }

        @Test func noneIsMissing() throws {
            let groups = Set(ManifestKeys.all.map(\.group))
            // A group does what the keys in it do; of these there is a short form.
            let keys = Set(ManifestKeys.all.map(\.path)).subtracting(groups).union(["volumes", "network"])
            let shown = KeyEffect.all.map(\.key) + Self.ofCommands + Self.inMachine.keys
            #expect(Set(shown) == keys)
            #expect(shown.count == keys.count, "one is shown twice")
            let cases = URL(filePath: #filePath).appending(path: "../../../../scripts/system-tests")
                .standardized
            for (key, name) in Self.inMachine {
                let text = try String(contentsOf: cases.appending(path: name), encoding: .utf8)
                let word = key == "limits.cpu" ? "--cpus" : key.replacingOccurrences(of: "limits.", with: "")
                #expect(text.contains(word), "\(key) in \(name)")
            }
        }
    }
}
