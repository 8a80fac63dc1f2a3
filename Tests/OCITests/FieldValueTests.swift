import Core
import OCI
import Testing

@Suite("Values of single fields")
struct FieldValueTests {
    private func scheduler(_ policy: String, _ change: (inout OCIConfig.Scheduler) -> Void = { _ in })
        -> OCIConfig.Scheduler
    {
        var scheduler = OCIConfig.Scheduler(policy: policy)
        change(&scheduler)
        return scheduler
    }

    @Test("scheduling")
    func scheduling() throws {
        let batch = try scheduler("SCHED_BATCH") { $0.nice = 7 }.attributes()
        #expect(batch.policy == 3 && batch.nice == 7 && batch.priority == 0)
        let deadline = try scheduler("SCHED_DEADLINE") {
            ($0.runtime, $0.deadline, $0.period) = (1, 2, 3)
            $0.flags = ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_RESET_ON_FORK"]
        }.attributes()
        #expect(deadline.flags == 3 && [deadline.runtime, deadline.deadline, deadline.period] == [1, 2, 3])
        for (wrong, path) in [
            (scheduler("SCHED_FAST"), "policy"), (scheduler("SCHED_OTHER") { $0.nice = 20 }, "nice"),
            (scheduler("SCHED_FIFO"), "priority"), (scheduler("SCHED_BATCH") { $0.priority = 1 }, "priority"),
            (scheduler("SCHED_RR") { ($0.priority, $0.runtime) = (1, 1) }, "runtime"),
            (scheduler("SCHED_OTHER") { $0.flags = ["X"] }, "flags[0]"),
        ] {
            #expect { try wrong.attributes() } throws: {
                ($0 as? InvalidInput)?.path == "process.scheduler.\(path)"
            }
        }
        #expect(try OCIConfig.IOPriority(class: "IOPRIO_CLASS_BE", priority: 5).value() == 2 << 13 | 5)
        #expect(throws: InvalidInput.self) {
            try OCIConfig.IOPriority(class: "IOPRIO_CLASS_BE", priority: 8).value()
        }
        #expect(try OCIConfig.Personality(domain: "LINUX32").value() == 8)
        #expect(throws: InvalidInput.self) { try OCIConfig.Personality(flags: ["X"]).value() }
    }

    @Test("lists of processors")
    func processors() throws {
        #expect(try ProcessorList("0-3,7", path: "p").mask == [0b1000_1111])
        #expect(try ProcessorList("64", path: "p").mask == [0, 1])
        for text in ["", "a", "3-1", "1-2-3", "-1", "8192", "1,"] {
            #expect(throws: InvalidInput.self) { try ProcessorList(text, path: "p") }
        }
    }

    @Test("kernel parameters, by their namespace")
    func parameters() throws {
        let all = try Sysctl.all([
            "kernel.msgmax": "1", "fs/mqueue/msg_max": "2", "net.ipv4.conf.eth0/100.rp_filter": "3",
            "kernel.domainname": "d",
        ])
        #expect(
            all.map(\.path) == [
                "fs/mqueue/msg_max", "kernel/domainname", "kernel/msgmax",
                "net/ipv4/conf/eth0.100/rp_filter",
            ])
        #expect(all.map(\.namespace) == [.ipc, .uts, .ipc, .network])
        for name in [
            "vm.swappiness", "kernel.core_pattern", "net.../../kernel/x", "net..x", "", "net/../kernel/y",
        ] {
            #expect(throws: InvalidInput.self) { try Sysctl(name: name, value: "1") }
        }
    }

    @Test("offsets of clocks")
    func offsets() throws {
        var linux = OCIConfig.Linux()
        linux.timeOffsets = [
            "monotonic": .init(secs: 86400, nanosecs: 5), "boottime": .init(secs: -1, nanosecs: nil),
        ]
        #expect(throws: InvalidInput.self) { try linux.timeOffsetLines() }
        linux.namespaces = [.init(.time)]
        #expect(try linux.timeOffsetLines() == "boottime -1 0\nmonotonic 86400 5\n")
        linux.timeOffsets = ["realtime": .init(secs: 1, nanosecs: nil)]
        #expect(throws: InvalidInput.self) { try linux.timeOffsetLines() }
        linux.timeOffsets = ["monotonic": .init(secs: 1, nanosecs: 1_000_000_000)]
        #expect(throws: InvalidInput.self) { try linux.timeOffsetLines() }
    }

    @Test("mounts: what a copy is to lose, and what holds for all below")
    func mountAttributes() throws {
        let options = try MountOptions(
            ["rbind", "rw", "nosuid", "exec", "rro", "rnodev", "rsuid", "rstrictatime"], type: "bind",
            path: "o")
        #expect(options.attributes == 0x2 && options.clearedAttributes == 0x1 | 0x8)
        #expect(options.recursive.set == 0x1 | 0x4 | 0x20 && options.recursive.cleared & 0x2 != 0)
        #expect(try MountOptions(["ro", "rw", "ro"], type: "bind", path: "o").clearedAttributes == 0)
        #expect(try MountOptions(["rro"], type: "tmpfs", path: "o").attributesOfNew == 1)
        #expect(try MountOptions(["tmpcopyup"], type: "tmpfs", path: "o").copiesUp)
        #expect(try MountOptions(["bind", "ridmap"], type: "bind", path: "o").idMapping == .tree)
        for wrong in ["rsize=1", "rbindx", "rsync", "tmpcopyup"] {
            #expect(throws: InvalidInput.self) { try MountOptions([wrong], type: "bind", path: "o") }
        }
        let own = try MountOptions(
            ["lowerdir=/a", "ro"], type: "overlay", path: "o", passesUnknown: true)
        #expect(own.data == ["lowerdir=/a"] && own.attributes == 1)
    }

    @Test("filters: flags, and a listener that can be handed over")
    func filters() throws {
        var seccomp = OCIConfig.Seccomp(defaultAction: .allow)
        seccomp.flags = [
            "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
        ]
        #expect(try seccomp.flagBits() == 6)
        seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]
        #expect(throws: InvalidInput.self) { try seccomp.flagBits() }
        seccomp.syscalls = [.init(names: ["mkdir"], action: .notify)]
        #expect(try seccomp.flagBits() == 0x28)
        #expect(throws: InvalidInput.self) { try seccomp.checkListener() }
        seccomp.listenerPath = "/run/listener"
        try seccomp.checkListener()
        seccomp.syscalls?.append(.init(names: ["sendmsg"], action: .notify))
        #expect(throws: InvalidInput.self) { try seccomp.checkListener() }
        seccomp.syscalls = nil
        seccomp.defaultAction = .notify
        #expect(throws: InvalidInput.self) { try seccomp.checkListener() }
        seccomp.syscalls = [.init(names: ["sendmsg"], action: .allow)]
        try seccomp.checkListener()
    }
}
