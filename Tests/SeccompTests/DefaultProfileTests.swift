import Core
import OCI
import Sandbox
import Testing

@Suite("The default seccomp profile")
struct DefaultProfileTests {
    private let machine: BPFMachine

    init() throws {
        machine = BPFMachine(try SeccompCompiler.compile(nil, capabilities: CapabilitySet.containerDefault))
    }

    private func verdict(_ name: String, _ arguments: [UInt64] = []) throws -> BPFMachine.Verdict {
        let number = try #require(SyscallNumbers.table[name])
        return try machine.run(BPFMachine.Call(number: number, arguments: arguments))
    }

    @Test("has the size of a real filter and is short")
    func size() {
        #expect(machine.count > 50)
        // Every start pays for each of them.
        #expect(machine.count < 150)
    }

    @Test(
        "allows what programs need",
        arguments: [
            "read", "write", "mmap", "connect", "execve", "exit_group", "getrandom", "futex", "openat2",
            "ptrace", "chroot",
        ])
    func allows(name: String) throws {
        #expect(try verdict(name) == .allow)
    }

    @Test(
        "denies what reaches the kernel or the host",
        arguments: [
            "mount", "umount2", "reboot", "init_module", "finit_module", "settimeofday", "add_key",
            "request_key",
            "keyctl", "unshare", "perf_event_open", "setns", "bpf", "userfaultfd", "io_uring_setup",
            "kexec_load", "swapon", "syslog", "open_by_handle_at", "mount_setattr",
        ])
    func denies(name: String) throws {
        #expect(try verdict(name) == .errno(1))
    }

    @Test("lets threads and processes be made, but no namespaces")
    func clone() throws {
        let threadFlags: UInt64 = 0x003d_0f00
        #expect(try verdict("clone", [threadFlags]) == .allow)
        #expect(try verdict("clone", [17]) == .allow)
        for flag: UInt64 in [
            0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
        ] {
            #expect(try verdict("clone", [flag | 17]) == .errno(1))
        }
        #expect(try verdict("clone3") == .errno(38))
    }

    @Test("looks at a socket's family and at the execution domain")
    func arguments() throws {
        #expect(try verdict("socket", [2, 1, 0]) == .allow)
        #expect(try verdict("socket", [40, 1, 0]) == .errno(1))
        for domain: UInt64 in [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff] {
            #expect(try verdict("personality", [domain]) == .allow)
        }
        #expect(try verdict("personality", [0x4_0000]) == .errno(1))
    }

    @Test("says that system calls which it cannot know do not exist")
    func newer() throws {
        #expect(try machine.run(BPFMachine.Call(number: 2000)) == .errno(38))
    }

    @Test("ends programs of another architecture")
    func foreign() throws {
        let foreign = BPFMachine.nativeArchitecture == BPFMachine.x8664 ? BPFMachine.i386 : BPFMachine.x8664
        #expect(try machine.run(BPFMachine.Call(number: 3, architecture: foreign)) == .killThread)
        #if arch(x86_64)
            #expect(try machine.run(BPFMachine.Call(number: 0x4000_0000)) == .killThread)
        #endif
    }

    @Test("opens what a capability is for")
    func capabilities() throws {
        let admin = try #require(CapabilitySet(name: "CAP_SYS_ADMIN"))
        let machine = BPFMachine(try SeccompCompiler.compile(nil, capabilities: admin))
        for name in ["mount", "unshare", "bpf", "clone3", "setns"] {
            let number = try #require(SyscallNumbers.table[name])
            #expect(try machine.run(BPFMachine.Call(number: number)) == .allow)
        }
        let clone = try #require(SyscallNumbers.table["clone"])
        #expect(try machine.run(BPFMachine.Call(number: clone, arguments: [0x1000_0000])) == .allow)
        let bare = BPFMachine(try SeccompCompiler.compile(nil, capabilities: 0))
        let chroot = try #require(SyscallNumbers.table["chroot"])
        #expect(try bare.run(BPFMachine.Call(number: chroot)) == .errno(1))
    }

    @Test("depends on nothing but the capabilities")
    func reproducible() throws {
        let first = try SeccompCompiler.compile(nil, capabilities: CapabilitySet.containerDefault)
        let second = try SeccompCompiler.compile(nil, capabilities: CapabilitySet.containerDefault)
        #expect(first == second)
    }
}
