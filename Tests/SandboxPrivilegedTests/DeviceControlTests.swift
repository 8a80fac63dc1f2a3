import Core
import Glibc
import LinuxSystem
import OCI
import Sandbox
import Testing

/// The kernel's own word on device programs. Where bpf(2) is not allowed there is no device control, and the host's check
/// says so.
@Suite struct DeviceControlTests {
    static let hasPrograms = (try? DeviceControl(.standard)) != nil
    static let needs: Comment = "needs bpf(2): root of the host"

    /// A cgroup below the test's own, gone at the end, and a shell in it.
    private static func within(_ body: (CgroupTree, (InstanceCgroup, String) throws -> Int32) throws -> Void)
        throws
    {
        let tree = try CgroupTree(name: "torpor-devices-\(getpid())-\(UInt32.random(in: 0..<1_000_000))")
        defer { try? tree.removeTree() }
        try body(tree) { cgroup, script in
            let procs = "/proc/\(getpid())/fd/\(cgroup.descriptor)/cgroup.procs"
            return Shell.run("echo 0 > \(procs); \(script)") >> 8
        }
    }

    private static func rules(_ rules: [OCIConfig.DeviceRule]) throws -> DeviceRules {
        var linux = OCIConfig.Linux()
        linux.resources = OCIConfig.Resources()
        linux.resources?.devices = rules
        return try DeviceRules(linux, makesNodes: false)
    }

    @Test(.enabled(if: hasPrograms, needs))
    func `Instances cannot open a device beyond their list, one with a device of its own can open that one`()
        throws
    {
        try Self.within { tree, shell in
            // As root of the host, for whom nothing else is in the way: /dev/kmsg is 1:11.
            let node = "/tmp/torpor-kmsg-\(getpid())"
            #expect(Shell.run("mknod \(node) c 1 11") == 0)
            defer { unlink(node) }
            #expect(Shell.run("exec 3<\(node)") == 0)
            let plain = try tree.create("plain", settings: [])
            #expect(
                try shell(plain, "exec 2>/dev/null; ! (exec 3<\(node)) && head -c 1 /dev/zero >/dev/null")
                    == 0)
            #expect(try shell(plain, "exec 2>/dev/null; ! mknod \(node)2 c 1 11") == 0)
            let own = try DeviceControl(
                Self.rules([.init(allow: true, type: "c", major: 1, minor: 11, access: "r")]))
            let special = try tree.create("special", settings: [], devices: own)
            #expect(try shell(special, "exec 2>/dev/null; (exec 3<\(node)) && ! (exec 3>\(node))") == 0)
            #expect(plain.remove() && special.remove())
        }
    }

    @Test(.enabled(if: hasPrograms, needs)) func `A program takes the place of the one before`() throws {
        try Self.within { tree, shell in
            let cgroup = try tree.create("one", settings: [], devices: try DeviceControl(Self.rules([])))
            let node = "/tmp/torpor-node-\(getpid())"
            #expect(Shell.run("mknod \(node) c 1 11") == 0)
            defer { unlink(node) }
            #expect(try shell(cgroup, "exec 2>/dev/null; exec 3<\(node)") != 0)
            for _ in 0..<3 {
                try DeviceControl.attach(
                    Self.rules([.init(allow: true, access: "rwm")]), to: cgroup.descriptor)
                #expect(try shell(cgroup, "exec 3<\(node)") == 0)
                try DeviceControl.attach(Self.rules([]), to: cgroup.descriptor)
                #expect(try shell(cgroup, "exec 2>/dev/null; exec 3<\(node)") != 0)
            }
            #expect(cgroup.remove())
        }
    }

    @Test(.enabled(if: hasPrograms, needs)) func `As many rules as are allowed make a program that loads`()
        throws
    {
        let types = ["b", "c", "a"]
        let access = ["r", "w", "rw", "m", "rwm"]
        var many: [OCIConfig.DeviceRule] = []
        for number in 0..<Limits.deviceRules {
            let major = Int64(number % 17)
            let minor = Int64(number % 29)
            many.append(
                OCIConfig.DeviceRule(
                    allow: number % 3 != 0, type: types[number % 3], major: major, minor: minor,
                    access: access[number % 5]))
        }
        _ = try DeviceControl(Self.rules(many))
    }

    @Test(.enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
    func `The runtime says whether it controls devices, and starts functions either way`() async throws {
        try await SandboxFixture.with { fixture in
            if fixture.runtime.hasCgroups {
                #expect((fixture.runtime.deviceProblem == nil) == Self.hasPrograms)
            }
            let run = try await fixture.run("cat /dev/null && echo fine >/dev/null && echo ok")
            #expect(run.output == "ok\n")
        }
    }
}
