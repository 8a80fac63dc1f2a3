import CLinux
import Glibc
import LinuxSystem
import OCI
import Testing

/// Fields of a configuration, as a process of a container sees them.
@Suite(.serialized, .enabled(if: RuntimeFixture.isPossible, RuntimeFixture.needs))
struct FieldTests {
    private func output(_ script: String, _ edit: (inout OCIConfig) -> Void) throws -> String {
        var result = ""
        try RuntimeFixture.with { fixture in
            try fixture.configure(script, edit: edit)
            let run = try fixture.runContainer()
            #expect(run.status == 0, "\(run.errors)")
            result = run.output
        }
        return result
    }

    private static let isRootOfHost =
        ((try? File.text("/proc/self/uid_map")) ?? "").split(separator: " ").last == "4294967295\n"

    @Test func namedDevicesAreThere() throws {
        let text = try output("busybox stat -c '%t:%T %a %u:%g' /dev/own /dev/pipe; ls -l /dev/own") {
            var device = OCIConfig.Device(type: "c", path: "/dev/own", major: 1, minor: 5)
            device.fileMode = 0o640
            if !Self.isRootOfHost { device.path = "/dev/zero" }
            let pipe = OCIConfig.Device(type: "p", path: "/dev/pipe", major: nil, minor: nil)
            $0.linux?.devices = [device, pipe]
            if !Self.isRootOfHost { $0.process.args = ["/bin/sh", "-c", "busybox stat -c %t:%T /dev/zero"] }
        }
        if Self.isRootOfHost {
            #expect(text.hasPrefix("1:5 640 0:0\n0:0 666 0:0\ncr"), "\(text)")
        } else {
            #expect(text.hasPrefix("1:5"), "\(text)")
        }
    }

    @Test func theProcessHasWhatItAsksFor() throws {
        // proc(5): nice is field 19 of stat, the policy 41.
        let script =
            "set -- $(cat /proc/self/stat); shift 18; echo $1; shift 22; echo $1; busybox ionice; busybox uname -m; "
            + "cat /proc/sys/kernel/msgmax; cat /proc/uptime"
        let text = try output(script) { config in
            config.process.scheduler = .init(policy: "SCHED_BATCH")
            config.process.scheduler?.nice = 7
            config.process.ioPriority = .init(class: "IOPRIO_CLASS_IDLE", priority: 0)
            config.linux?.personality = .init(domain: "LINUX32")
            config.linux?.sysctl = ["kernel.msgmax": "4242"]
            config.linux?.namespaces?.append(.init(.time))
            config.linux?.timeOffsets = ["boottime": .init(secs: 1_000_000_000, nanosecs: nil)]
        }
        let lines = text.split(separator: "\n")
        #expect(lines.prefix(3) == ["7", "3", "idle"], "\(text)")
        #expect(text.contains("i686") || text.contains("armv"), "\(text)")
        #expect(lines.contains("4242") && lines.last?.hasPrefix("100") == true, "\(text)")
    }

    @Test func everythingBelowABindIsReadOnly() throws {
        try RuntimeFixture.with { fixture in
            let tree = fixture.directory + "/tree"
            #expect(
                RuntimeFixture.shell(
                    "mkdir -p '\(tree)/below' && mount -t tmpfs t '\(tree)/below'") == 0)
            defer { _ = RuntimeFixture.shell("umount '\(tree)/below'") }
            try fixture.configure("grep ' /in' /proc/self/mountinfo") {
                $0.mounts?.append(
                    .init(
                        destination: "/in", type: "bind", source: tree, options: ["rbind", "rro", "rnosuid"]))
            }
            let run = try fixture.runContainer()
            let lines = run.output.split(separator: "\n")
            #expect(run.status == 0 && lines.count == 2, "\(run.errors)")
            #expect(lines.allSatisfy { $0.contains(" ro,nosuid") }, "\(run.output)")
        }
    }

    @Test func ownersAreShownThroughTheMountsMap() throws {
        guard Self.isRootOfHost else { return }
        try RuntimeFixture.with { fixture in
            let tree = fixture.directory + "/tree"
            #expect(RuntimeFixture.shell("mkdir '\(tree)' && touch '\(tree)/file'") == 0)
            try fixture.configure("busybox stat -c %u:%g /in/file") {
                var mount = OCIConfig.Mount(
                    destination: "/in", type: "bind", source: tree, options: ["bind"])
                mount.uidMappings = [.init(containerID: 0, hostID: 500, size: 3)]
                mount.gidMappings = [.init(containerID: 0, hostID: 600, size: 3)]
                $0.mounts?.append(mount)
            }
            let run = try fixture.runContainer()
            #expect(run.output == "500:600\n", "\(run.errors)")
        }
    }

    @Test func whatIsBelowATmpfsIsCopiedIntoIt() throws {
        try RuntimeFixture.with { fixture in
            let place = fixture.bundle + "/rootfs/data"
            #expect(
                RuntimeFixture.shell(
                    "mkdir -p '\(place)/deep' && echo text > '\(place)/deep/file' && ln -s deep '\(place)/link' "
                        + "&& chmod 750 '\(place)' && chmod 640 '\(place)/deep/file'") == 0)
            try fixture.configure(
                "cat /data/link/file; busybox stat -c %a /data /data/deep/file; echo new > /data/deep/file; "
                    + "grep -c ' /data ' /proc/self/mountinfo"
            ) {
                $0.mounts?.append(
                    .init(
                        destination: "/data", type: "tmpfs", source: "tmpfs",
                        options: ["tmpcopyup", "nosuid", "size=1m"]))
            }
            let run = try fixture.runContainer()
            #expect(run.output == "text\n750\n640\n1\n", "\(run.errors)")
            #expect(try File.text(place + "/deep/file") == "text\n")
        }
    }

    @Test func aListenerDecidesAboutSystemCalls() throws {
        try RuntimeFixture.with { fixture in
            let path = fixture.directory + "/agent"
            let agent = try FilterAgent(path: path)
            try fixture.configure("busybox mkdir /out/x 2> /out/error; true") { config in
                config.linux?.seccomp = .init(defaultAction: .allow)
                config.linux?.seccomp?.syscalls = [.init(names: ["mkdir", "mkdirat"], action: .notify)]
                config.linux?.seccomp?.listenerPath = path
                config.linux?.seccomp?.listenerMetadata = "about"
                config.mounts?.append(
                    .init(destination: "/out", type: "bind", source: fixture.directory, options: ["bind"]))
            }
            let id = try fixture.created()
            let (_, pid) = try fixture.state(id)
            let socket = try agent.accept()
            #expect(try fixture.run(["start", id]).status == 0)
            let (message, listener) = try agent.listener(over: socket)
            #expect(message.contains("\"fds\":[\"seccompFd\"]") && message.contains("\"metadata\":\"about\""))
            #expect(message.contains("\"pid\":\(pid)") && message.contains("\"id\":\"\(id)\""), "\(message)")
            try agent.refuseOne(listener, code: EDOM)
            try fixture.waits(for: "stopped", of: id)
            let error = try File.text(fixture.directory + "/error")
            #expect(error.contains("Numerical argument out of domain"), "\(error)")
        }
    }

    @Test func whoIsNotThereIsTold() throws {
        try RuntimeFixture.with { fixture in
            try fixture.configure("true") { config in
                config.linux?.seccomp = .init(defaultAction: .allow)
                config.linux?.seccomp?.syscalls = [.init(names: ["mkdir"], action: .notify)]
                config.linux?.seccomp?.listenerPath = fixture.directory + "/nobody"
            }
            let run = try fixture.runContainer()
            #expect(run.status != 0 && run.errors.contains("linux.seccomp.listenerPath"), "\(run.errors)")
            #expect(try fixture.isEmpty)
        }
    }
}

/// Listens for the listener of a filter, and decides about system calls by it (seccomp_unotify(2)).
private final class FilterAgent {
    private let socket: OwnedFD

    init(path: String) throws {
        socket = OwnedFD(owning: try check(Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0), "socket"))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && Glibc.listen(socket.raw, 1) == 0)
    }

    func accept() throws -> SharedFD {
        SharedFD(OwnedFD(owning: try check(Glibc.accept(socket.raw, nil, nil), "accept")))
    }

    func listener(over socket: SharedFD) throws -> (message: String, listener: SharedFD) {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var descriptor: Int32 = -1
        var count: UInt32 = 0
        let read = clinux_receive_descriptors(socket.raw, &buffer, buffer.count, &descriptor, 1, &count, 1)
        try #require(read > 0 && count == 1)
        return (
            String(decoding: buffer.prefix(Int(read)), as: UTF8.self), SharedFD(OwnedFD(owning: descriptor))
        )
    }

    /// Waits for one notification, and answers it with an error.
    func refuseOne(_ listener: SharedFD, code: Int32) throws {
        // struct seccomp_notif has 80 bytes, its id first; struct seccomp_notif_resp 24: id, value, error, flags.
        var notification = [UInt64](repeating: 0, count: 10)
        let receive: UInt = 0xc050_2100
        let send: UInt = 0xc018_2101
        try #require(ioctl(listener.raw, receive, &notification) == 0)
        var answer = [notification[0], 0, UInt64(UInt32(bitPattern: -code))]
        try #require(ioctl(listener.raw, send, &answer) == 0)
    }
}
