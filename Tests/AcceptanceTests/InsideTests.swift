import ControlAPI
import Core
import Foundation
import Testing

extension AcceptanceTests {
    /// What a function sees of its container.
    @Suite struct InsideTests {
        @Test func whatABundleAsksFor() throws {
            try TorporFixture.with { torpor in
                var bundle = try OCIBundle()
                bundle.set("hostname", "named")
                bundle.set("process.cwd", "/work")
                bundle.set("process.user.umask", 0o027)
                bundle.set("linux.maskedPaths", ["/proc/kcore", "/etc/hidden", "/etc/folder"])
                bundle.set("linux.readonlyPaths", ["/proc/sys", "/work"])
                if Host.isRealRoot {
                    bundle.set("process.user.uid", 1000)
                    bundle.set("process.user.gid", 1001)
                    bundle.set("process.user.additionalGids", [7, 8])
                }
                try "hidden".write(
                    toFile: "\(bundle.path)/rootfs/etc/hidden", atomically: false, encoding: .utf8)
                try FileManager.default.createDirectory(
                    atPath: "\(bundle.path)/rootfs/etc/folder/inner", withIntermediateDirectories: true)
                try bundle.write()
                try torpor.deploy("inside", bundle: bundle, environment: ["MORE": "from the spec"])

                #expect(try torpor.get("/function/inside").text.hasPrefix("bundled"))
                #expect(try torpor.get("/function/inside/hostname").text == "named")
                #expect(try torpor.get("/function/inside/cwd").text == "/work")
                let status = try torpor.statusFields(of: "inside")
                #expect(status["Umask"] == "0027")
                let (uid, gid) = Host.isRealRoot ? ("1000", "1001") : ("0", "0")
                #expect(
                    status["Uid"]?.split(separator: "\t").map(String.init) == Array(repeating: uid, count: 4))
                #expect(
                    status["Gid"]?.split(separator: "\t").map(String.init) == Array(repeating: gid, count: 4))
                if Host.isRealRoot {
                    #expect(status["Groups"]?.split(separator: " ").count == 2, "\(status)")
                }
                #expect(status["NoNewPrivs"] == "1")
                #expect(status["Seccomp"] == "2")
                let limits = try torpor.read("inside", "/proc/self/limits")
                #expect(
                    limits.split(separator: "\n").contains { line in
                        line.hasPrefix("Max open files") && line.contains("256") && line.contains("512")
                    }, "\(limits)")

                let environment = try torpor.environment(of: "inside")
                #expect(environment["HELLO"] == "bundled")
                #expect(environment["MORE"] == "from the spec")
                #expect(environment["PATH"] == "/usr/sbin:/usr/bin:/sbin:/bin")
                #expect(try torpor.read("inside", "/etc/hidden").isEmpty, "masked")
                #expect(try torpor.read("inside", "/etc/folder/inner") == "ENOENT", "masked")
                #expect(["", "ENOENT"].contains(try torpor.read("inside", "/proc/kcore")))
                #expect(try torpor.write("inside", "/work/file") == "EROFS")
                #expect(
                    ["EROFS", "EACCES"].contains(try torpor.write("inside", "/proc/sys/kernel/hostname")))
            }
        }

        @Test func whatEveryFunctionGets() throws {
            try TorporFixture.with { torpor in
                try torpor.succeeding("namespace", "create", "team")
                try torpor.deploy("hello.team") { $0.port = 9000 }
                let name = "hello.team"
                let environment = try torpor.environment(of: name)
                let instance = try torpor.instance(of: name)
                let wanted = [
                    "PORT": "9000", "TORPOR_FUNCTION": "hello", "TORPOR_NAMESPACE": "team",
                    "TORPOR_REVISION": "hello-00001", "TORPOR_INSTANCE": instance.id.description,
                    "K_SERVICE": "hello", "K_REVISION": "hello-00001", "K_CONFIGURATION": "hello",
                ]
                for (key, value) in wanted { #expect(environment[key] == value, "\(key)") }

                let status = try torpor.statusFields(of: name)
                #expect(status["NoNewPrivs"] == "1")
                #expect(status["Seccomp"] == "2")
                let capabilities = try #require(status["CapBnd"].flatMap { UInt64($0, radix: 16) })
                for (number, name) in [(21, "SYS_ADMIN"), (12, "NET_ADMIN"), (19, "SYS_PTRACE")] {
                    #expect(capabilities >> UInt64(number) & 1 == 0, "\(name)")
                }
                #expect(
                    status["Pid"].flatMap { Int($0) }.map { $0 < 10 } == true, "a pid namespace of its own")
                #expect(try torpor.get("/function/\(name)/mount").text == "EPERM")
                #expect(try torpor.get("/function/\(name)/sethostname").text == "EPERM")
                #expect(try torpor.get("/function/\(name)/mknod").text == "EPERM")

                let mounts = try torpor.read(name, "/proc/self/mountinfo").split(separator: "\n").map {
                    $0.split(separator: " ")
                }
                for path in ["/", "/proc", "/dev", "/sys", "/dev/shm", "/dev/mqueue", "/dev/pts", "/tmp"] {
                    #expect(mounts.contains { $0.count > 4 && $0[4] == path }, "\(path)")
                }
                let root = try #require(mounts.first { $0.count > 5 && $0[4] == "/" })
                #expect(root[5].split(separator: ",").contains("ro"))
                for device in ["null", "zero", "full", "random", "urandom", "tty"] {
                    let kind = try torpor.get("/function/\(name)/stat?path=/dev/\(device)").text
                    #expect(kind.hasPrefix("20666"), "\(device): \(kind)")
                }
            }
        }

        /// The uids of a function are nobody on the host.
        @Test(.needsUsers) func rootInsideIsNobodyOutside() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let pid = try #require(try torpor.instance(of: "hello").pid)
                let function = try #require(Leftovers.processes().first { $0.parent == pid_t(pid) })
                let status = Host.text("/proc/\(function.pid)/status").split(separator: "\n")
                let uid = try #require(status.first { $0.hasPrefix("Uid:") }?.split(separator: "\t").last)
                #expect(try #require(Int(uid)) >= 1_000_000)
                #expect(try torpor.statusFields(of: "hello")["Uid"]?.hasPrefix("0") == true)
            }
        }

        /// The daemon answers, whomever the host asks.
        @Test func resolvConf() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("hello")
                let text = try torpor.read("hello", "/etc/resolv.conf")
                let servers = text.split(separator: "\n").filter { $0.hasPrefix("nameserver") }
                #expect(servers == ["nameserver \(torpor.gateway)"], "\(text)")
            }
        }

        @Test func withoutNetworkThereIsLoopbackOnly() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("alone") { $0.network = .none }
                let devices = try torpor.read("alone", "/proc/net/dev").split(separator: "\n").dropFirst(2)
                #expect(devices.map { $0.split(separator: ":")[0].trimmingCharacters(in: [" "]) } == ["lo"])
                try torpor.deploy("connected")
                let more = try torpor.read("connected", "/proc/net/dev").split(separator: "\n").dropFirst(2)
                #expect(more.count == 2)
            }
        }

        /// Many children are torpor-init's to reap and to end.
        @Test func childrenEndWithTheFunction() throws {
            try TorporFixture.with { torpor in
                try torpor.deploy("parent")
                #expect(try torpor.get("/function/parent/fork?count=20").text == "forked")
                let pid = try #require(try torpor.instance(of: "parent").pid)
                let inside = { Leftovers.processes().filter { sharesPidNamespace($0.pid, pid) }.count }
                #expect(inside() >= 21)
                try torpor.putToSleep("parent")
                #expect(inside() == 0)
            }
        }
    }
}

private func sharesPidNamespace(_ process: pid_t, _ other: Int) -> Bool {
    let link = { (id: String) in
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/ns/pid")
    }
    guard let mine = link("\(process)"), let its = link("\(other)") else { return false }
    return mine == its
}

extension Torpor {
    /// A file as the function sees it, or the name of the error.
    func read(_ function: String, _ path: String) throws -> String {
        try get("/function/\(function)/read?path=\(path)").text
    }

    func write(_ function: String, _ path: String) throws -> String {
        try request("POST", "/function/\(function)/write?path=\(path)", body: [120]).text
    }

    /// `/proc/self/status` of the function, by key.
    func statusFields(of function: String) throws -> [String: String] {
        var fields: [String: String] = [:]
        for line in try read(function, "/proc/self/status").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = parts[1].trimmingCharacters(in: [" ", "\t"]) }
        }
        return fields
    }

    func environment(of function: String) throws -> [String: String] {
        var result: [String: String] = [:]
        for variable in try read(function, "/proc/self/environ").split(separator: "\0") {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
        }
        return result
    }
}
