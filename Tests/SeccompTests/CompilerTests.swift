import Core
import OCI
import Sandbox
import Testing

@Suite("The seccomp compiler")
struct CompilerTests {
    private typealias Condition = OCIConfig.ArgumentCondition

    private func machine(_ profile: OCIConfig.Seccomp) throws -> BPFMachine {
        BPFMachine(try SeccompCompiler.compile(profile, capabilities: CapabilitySet()))
    }

    private func call(_ name: String, _ arguments: [UInt64] = []) throws -> BPFMachine.Call {
        BPFMachine.Call(number: try #require(SyscallNumbers.table[name]), arguments: arguments)
    }

    private func profile(_ rules: [OCIConfig.SyscallRule], default action: OCIConfig.SeccompAction = .errno)
        -> OCIConfig.Seccomp
    {
        var profile = OCIConfig.Seccomp(defaultAction: action)
        profile.syscalls = rules
        return profile
    }

    @Test(
        "every action",
        arguments: [
            (OCIConfig.SeccompAction.kill, BPFMachine.Verdict.killThread), (.killThread, .killThread),
            (.killProcess, .killProcess), (.trap, .trap), (.log, .log), (.errno, .errno(13)),
            (.trace, .trace(13)),
        ])
    func action(action: OCIConfig.SeccompAction, verdict: BPFMachine.Verdict) throws {
        let rule = OCIConfig.SyscallRule(names: ["write"], action: action, errnoRet: 13)
        let machine = try machine(profile([rule], default: .allow))
        #expect(try machine.run(call("write")) == verdict)
        #expect(try machine.run(call("read")) == .allow)
    }

    @Test(
        "every comparison",
        arguments: [
            (OCIConfig.SeccompOperator.equal, [UInt64(7)], [UInt64(6), 8]),
            (.notEqual, [6, 8], [7]), (.less, [0, 6], [7, 8, 1 << 40]),
            (.lessOrEqual, [6, 7], [8, 1 << 40]),
            (.greater, [8, 1 << 40], [6, 7]), (.greaterOrEqual, [7, 8, 1 << 40], [0, 6]),
        ])
    func comparison(op: OCIConfig.SeccompOperator, holds: [UInt64], fails: [UInt64]) throws {
        let rule = OCIConfig.SyscallRule(
            names: ["read"], action: .allow, args: [Condition(index: 2, value: 7, op: op)])
        let machine = try machine(profile([rule]))
        for value in holds { #expect(try machine.run(call("read", [0, 0, value])) == .allow) }
        for value in fails { #expect(try machine.run(call("read", [0, 0, value])) == .errno(1)) }
    }

    @Test("a mask and several conditions together, on one argument as alternatives")
    func conditions() throws {
        let masked = Condition(index: 0, value: 0xf0, valueTwo: 0x30, op: .maskedEqual)
        let second = Condition(index: 1, value: 5, op: .equal)
        let both = try machine(
            profile([OCIConfig.SyscallRule(names: ["read"], action: .allow, args: [masked, second])]))
        #expect(try both.run(call("read", [0x3f, 5])) == .allow)
        #expect(try both.run(call("read", [0x4f, 5])) == .errno(1))
        #expect(try both.run(call("read", [0x3f, 6])) == .errno(1))

        let one = Condition(index: 0, value: 1, op: .equal)
        let two = Condition(index: 0, value: 2, op: .equal)
        let either = try machine(
            profile([OCIConfig.SyscallRule(names: ["read"], action: .allow, args: [one, two])]))
        #expect(try either.run(call("read", [1])) == .allow)
        #expect(try either.run(call("read", [2])) == .allow)
        #expect(try either.run(call("read", [3])) == .errno(1))
    }

    @Test("names that are unknown are left out, rules that say the default too")
    func tolerated() throws {
        let machine = try machine(
            profile([
                OCIConfig.SyscallRule(names: ["no_such_call", "read"], action: .allow),
                OCIConfig.SyscallRule(names: ["write"], action: .errno, errnoRet: 1),
                OCIConfig.SyscallRule(names: ["read"], action: .allow),
            ]))
        #expect(try machine.run(call("read")) == .allow)
        #expect(try machine.run(call("write")) == .errno(1))
    }

    @Test("everything allowed, with the default's errno elsewhere")
    func plainDefaults() throws {
        let open = try machine(OCIConfig.Seccomp(defaultAction: .allow))
        #expect(try open.run(call("mount")) == .allow)
        #expect(try open.run(BPFMachine.Call(number: 2000)) == .allow)
        var strict = profile([OCIConfig.SyscallRule(names: ["exit_group"], action: .allow)])
        strict.defaultErrnoRet = 22
        #expect(try machine(strict).run(call("read")) == .errno(22))
    }

    #if arch(x86_64)
        @Test("32-bit programs where the profile names them; foreign architectures are left out")
        func architectures() throws {
            var both = profile([OCIConfig.SyscallRule(names: ["read"], action: .allow)])
            both.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_S390X"]
            let machine = try machine(both)
            let read = BPFMachine.Call(number: 3, architecture: BPFMachine.i386)
            #expect(try machine.run(read) == .allow)
            let write = BPFMachine.Call(number: 4, architecture: BPFMachine.i386)
            #expect(try machine.run(write) == .errno(1))
            let arm = BPFMachine.Call(number: 63, architecture: BPFMachine.aarch64)
            #expect(try machine.run(arm) == .killThread)
        }
    #endif

    @Test("what is not honoured is refused by name")
    func refused() throws {
        var strange = profile([])
        strange.architectures = ["SCMP_ARCH_VAX"]
        let unknown = #expect(throws: InvalidInput.self) { try machine(strange) }
        #expect(unknown?.path == "linux.seccomp.architectures[0]")
    }
}
