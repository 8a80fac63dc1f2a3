import ControlAPI
import Core
import Foundation
import Testing

/// What one key makes of its function.
struct KeyEffect: Sendable {
    let key: String
    let look: @Sendable (ManyKeys) throws -> Void

    init(_ key: String, look: @escaping @Sendable (ManyKeys) throws -> Void) {
        self.key = key
        self.look = look
    }

    init(_ key: String, is expected: String, of found: @escaping @Sendable (ManyKeys) throws -> String?) {
        self.init(key) { keys in
            let found = try found(keys)
            #expect(found == expected, "\(key)")
        }
    }
}

extension KeyEffect {
    /// Each look has what the ones before it left.
    static let all: [KeyEffect] = process + requests + scale + files

    private static let process = [
        KeyEffect("namespace", is: "team") { try $0.torpor.environment(of: "web.team")["TORPOR_NAMESPACE"] },
        KeyEffect("rootfs", is: "of the root filesystem") { try $0.torpor.read("web.team", "/etc/mark") },
        KeyEffect("bundle", is: "bundled") { try $0.torpor.get("/function/bundled/hostname").text },
        KeyEffect("command", is: "/bin/behave\0--word\0") {
            try $0.torpor.read("web.team", "/proc/self/cmdline")
        },
        KeyEffect("port") { keys in
            #expect(try keys.torpor.environment(of: "web.team")["PORT"] == "8123")
            // 1FBB is 8123; 0A is a socket that listens (proc(5)).
            let sockets = try keys.torpor.read("web.team", "/proc/net/tcp")
            #expect(sockets.contains("00000000:1FBB 00000000:0000 0A"), "\(sockets)")
        },
        KeyEffect("environment") { keys in
            let variables = try keys.torpor.environment(of: "web.team")
            #expect(variables["GREETING"] == "hi" && variables["BOTH"] == "inline")
        },
        KeyEffect("environment_file", is: "lines") {
            try $0.torpor.environment(of: "web.team")["FROM_FILE"]
        },
        KeyEffect("network") { keys in
            let devices = try keys.torpor.read("web.team", "/proc/net/dev").split(separator: "\n")
            #expect(devices.count == 3 && devices[2].contains("lo:"), "\(devices)")
        },
        KeyEffect("network.egress") { keys in
            // The gateway is always there; of others the list's alone. EgressTests looks from the other side.
            let torpor = keys.torpor
            let gateway = "/function/walled/connect?host=\(torpor.gateway)&port=\(torpor.port)&get=/healthz"
            #expect(try torpor.get(gateway).text.hasPrefix("HTTP/1.1 200"))
            let refused = try torpor.get("/function/walled/connect?host=192.0.2.1&port=443").text
            #expect(refused == "EHOSTUNREACH", "\(refused)")
            #expect(try torpor.describe("walled").spec.network.description == "egress 203.0.113.0/24:443")
        },
    ]

    private static let requests = [
        KeyEffect("timeout", is: "504") {
            try "\($0.torpor.get("/function/web.team/sleep?ms=6000").status)"
        },
        KeyEffect("concurrency") { keys in
            let torpor = keys.torpor
            let took = try keys.time {
                let both = try concurrently(2) { _ in try torpor.get("/function/serial/sleep?ms=200").status }
                #expect(both.max() == 200)
            }
            #expect(took >= .milliseconds(400), "one after the other: \(took)")
        },
        KeyEffect("queueTimeout") { keys in
            let torpor = keys.torpor
            let first = Background { try torpor.get("/function/narrow/sleep?ms=5000").status }
            try becomesTrue("a request in flight") { try torpor.describe("narrow").function.inFlight == 1 }
            let second = try torpor.get("/function/narrow")
            #expect(second.status == 503 && second["Retry-After"] != nil)
            #expect(try first.wait() == 200)
        },
        KeyEffect("startTimeout") { keys in
            let manifest =
                """
                functions:
                  mute:
                    bundle: \(keys.folder)/bundle
                    environment: {LISTEN: never}
                    startTimeout: 300ms
                """
            let took = try keys.time {
                let run = try keys.torpor.cli("apply", "-f", "-", input: manifest)
                #expect(run.status == 1 && run.errors.contains("NotListening"), "\(run)")
            }
            #expect(took < .seconds(10))
        },
        KeyEffect("stopGrace") { keys in
            _ = try keys.torpor.get("/function/stays")
            let took = try keys.time { try keys.torpor.putToSleep("stays") }
            #expect(took >= .milliseconds(250) && took < .seconds(5), "\(took)")
        },
    ]

    private static let scale = [
        KeyEffect("scale.min") { keys in
            try becomesTrue("two that stay ready") {
                try keys.torpor.describe("web.team").function.instances.ready == 2
            }
        },
        KeyEffect("scale.max", is: "2") { try "\($0.instances(of: "grows", under: 4))" },
        KeyEffect("scale.target", is: "2") { try "\($0.instances(of: "spreads", under: 4))" },
        KeyEffect("scale.freezeAfter") { keys in
            _ = try keys.torpor.get("/function/freezes")
            // Without a freezer there is no such tier, and it stays ready.
            if !Host.canFreeze { pause(.milliseconds(400)) }
            try keys.torpor.waitUntil("freezes", is: Host.canFreeze ? .frozen : .ready)
        },
        KeyEffect("scale.stopAfter") { keys in
            _ = try keys.torpor.get("/function/bundled")
            try keys.torpor.waitUntil("bundled", is: .asleep)
            #expect(try keys.torpor.describe("freezes").instances.count == 1)
        },
    ]

    private static let files = [
        KeyEffect("secrets", is: "the secret") { try $0.torpor.read("web.team", "/run/secrets/token") },
        KeyEffect("volumes", is: "done") { try $0.torpor.write("web.team", "/short/file") },
        KeyEffect("volumes.name", is: "x") {
            _ = try $0.torpor.write("web.team", "/data/file")
            return Host.text("\($0.torpor.stateDirectory)/volumes/team/data/file")
        },
        KeyEffect("volumes.bind", is: "of the host") { try $0.torpor.read("web.team", "/shared/file") },
        KeyEffect("volumes.readOnly", is: "EROFS") { try $0.torpor.write("web.team", "/shared/file") },
        KeyEffect("volumes.tmpfs") { keys in
            let mounts = try keys.torpor.read("web.team", "/proc/self/mountinfo").split(separator: "\n")
            let mount = try #require(mounts.first { $0.contains(" /scratch ") })
            #expect(mount.contains(" - tmpfs ") && mount.contains("size=64k"), "\(mount)")
        },
        KeyEffect("limits.disk") { keys in
            let mounts = try keys.torpor.read("web.team", "/proc/self/mountinfo").split(separator: "\n")
            let mount = try #require(mounts.first { $0.contains(" /tmp ") })
            #expect(mount.contains(" - tmpfs ") && mount.contains("size=8192k"), "\(mount)")
        },
        KeyEffect("volumes.path") { keys in
            let mounts = try keys.torpor.read("web.team", "/proc/self/mountinfo")
            for path in ["/data", "/shared", "/scratch", "/short"] {
                #expect(mounts.contains(" \(path) "), "\(path)")
            }
        },
        KeyEffect("configs.file", is: "key = value\n") { try $0.torpor.read("web.team", "/etc/app.conf") },
        KeyEffect("configs.content", is: "inline") { try $0.torpor.read("web.team", "/etc/inline") },
        KeyEffect("configs.path") { keys in
            let mounts = try keys.torpor.read("web.team", "/proc/self/mountinfo")
            #expect(mounts.contains(" /etc/app.conf ro") && mounts.contains(" /etc/inline ro"), "\(mounts)")
        },
        KeyEffect("configs.mode") { keys in
            for (path, expected) in [("app.conf", "100400 0 0"), ("inline", "100444 0 0")] {
                let found = try keys.torpor.get("/function/web.team/stat?path=/etc/\(path)").text
                #expect(found == expected, "\(path)")
            }
        },
        // For people, and told to them.
        KeyEffect("labels", is: "web") { try $0.torpor.describe("web.team").spec.labels["tier"] },
        KeyEffect("annotations", is: "me") { try $0.torpor.describe("web.team").spec.annotations["owner"] },
    ]
}
