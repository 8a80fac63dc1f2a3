import Core
import OCI
import Testing

@Suite("What is honoured, and what is refused by name")
struct HonouredFieldsTests {
    private func config(_ path: String = "", _ json: String = "null") throws -> OCIConfig {
        let sample = try MutableJSON.parse(Samples.engineDefault)
        let keys = path.split(separator: ".").map(String.init)
        let changed = keys.isEmpty ? sample : sample.setting(keys, to: try MutableJSON.parse(json))
        return try OCIConfig.parse(changed.bytes())
    }

    @Test("what engines generate, and the own default")
    func defaults() throws {
        try HonouredFields.check(config())
        let own = OCIConfig.default(command: ["/bin/hello"])
        try HonouredFields.check(own)
        #expect(try OCIConfig.parse(own.serialised()) == own)
        let masks = try own.process.capabilityMasks()
        #expect(masks.bounding.names.count == 14)
        #expect(masks.ambient.isEmpty)
        #expect(own.process.noNewPrivileges == true)
    }

    @Test(
        "refused by name",
        arguments: [
            ("process.terminal", "true", "process.terminal"),
            ("mounts", #"[{"destination":"//./","type":"tmpfs"}]"#, "mounts[0].destination"),
            ("mounts", #"[{"destination":"/host","type":"sysfs"}]"#, "mounts[0]"),
            (
                "mounts", #"[{"destination":"/sys","type":"sysfs"},{"destination":"/sys/","type":"sysfs"}]"#,
                "mounts[1]"
            ),
            ("process.scheduler", #"{"policy":"SCHED_FIFO","priority":1}"#, "process.scheduler"),
            ("process.scheduler", #"{"policy":"SCHED_OTHER","nice":-1}"#, "process.scheduler"),
            ("process.ioPriority", #"{"class":"IOPRIO_CLASS_RT","priority":1}"#, "process.ioPriority"),
            ("process.execCPUAffinity", "{}", "process.execCPUAffinity"),
            ("process.args", "null", "process.args"),
            ("hooks", #"{"poststop":[{"path":"/x"}]}"#, "hooks.poststop"),
            ("mounts", #"[{"destination":"/d","type":"bind","source":"etc"}]"#, "mounts[0].source"),
            ("mounts", #"[{"destination":"/d","type":"bind","source":"/a/../b"}]"#, "mounts[0].source"),
            (
                "mounts",
                #"[{"destination":"/d","type":"none","source":"/etc","options":["rbind","shared"]}]"#,
                "mounts[0].options"
            ),
            ("mounts", #"[{"destination":"/d","type":"nfs","source":"h:/e"}]"#, "mounts[0].type"),
            ("mounts", #"[{"destination":"/d","source":"/etc"}]"#, "mounts[0].type"),
            (
                "mounts", #"[{"destination":"/d","type":"tmpfs","options":["size=1m,mode=777"]}]"#,
                "mounts[0].options[0]"
            ),
            (
                "mounts", #"[{"destination":"/d","type":"tmpfs","options":["tmpcopyup"]}]"#,
                "mounts[0].options"
            ),
            ("mounts", #"[{"destination":"/d","type":"tmpfs","options":["idmap"]}]"#, "mounts[0].options"),
            (
                "mounts",
                #"[{"destination":"/d","type":"tmpfs","uidMappings":[{"containerID":0,"hostID":0,"size":1}]}]"#,
                "mounts[0].uidMappings"
            ),
            ("linux", "null", "linux.namespaces"), ("linux.namespaces", "[]", "linux.namespaces"),
            (
                "linux.namespaces", #"[{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"}]"#,
                "linux.namespaces"
            ),
            ("linux.namespaces", #"[{"type":"pid","path":"/proc/1/ns/pid"}]"#, "linux.namespaces[0].path"),
            ("linux.uidMappings", #"[{"containerID":0,"hostID":0,"size":1}]"#, "linux.gidMappings"),
            ("linux.gidMappings", #"[{"containerID":0,"hostID":0,"size":1}]"#, "linux.uidMappings"),
            ("linux.uidMappings", #"[{"containerID":1,"hostID":0,"size":1}]"#, "linux.uidMappings"),
            ("linux.uidMappings", #"[{"containerID":0,"hostID":0,"size":0}]"#, "linux.uidMappings"),
            ("linux.uidMappings", #"[{"containerID":0,"hostID":0,"size":65537}]"#, "linux.uidMappings"),
            (
                "linux.uidMappings",
                #"[{"containerID":0,"hostID":0,"size":1},{"containerID":1,"hostID":9,"size":1}]"#,
                "linux.uidMappings"
            ),
            ("linux.sysctl", #"{"net.core.somaxconn":"1"}"#, "linux.sysctl.net.core.somaxconn"),
            ("linux.sysctl", #"{"kernel/hostname":"h"}"#, "linux.sysctl.kernel/hostname"),
            ("linux.sysctl", #"{"vm.swappiness":"1"}"#, "linux.sysctl.vm.swappiness"),
            ("linux.cgroupsPath", #""/x""#, "linux.cgroupsPath"),
            ("linux.intelRdt", "{}", "linux.intelRdt"), ("linux.memoryPolicy", "{}", "linux.memoryPolicy"),
            ("linux.netDevices", #"{"eth0":{}}"#, "linux.netDevices"),
            (
                "linux.devices", #"[{"type":"c","path":"/fuse","major":10,"minor":229}]"#,
                "linux.devices[0].path"
            ),
            ("linux.devices", #"[{"type":"p","path":"/dev/pipe"}]"#, "linux.devices[0].type"),
            ("linux.resources.devices", #"[{"allow":true,"access":"rwm"}]"#, "linux.resources.devices[0]"),
            (
                "linux.resources.devices", #"[{"allow":true,"type":"b","major":8,"minor":0,"access":"r"}]"#,
                "linux.resources.devices[0]"
            ),
            (
                "linux.resources.devices",
                #"[{"allow":false,"type":"c","major":1,"minor":3,"access":"rwm"}]"#,
                "linux.resources.devices[0]"
            ),
            ("linux.resources.blockIO", #"{"weight":5}"#, "linux.resources.blockIO.weight"),
            ("linux.resources.blockIO", #"{"leafWeight":10}"#, "linux.resources.blockIO.leafWeight"),
            (
                "linux.resources.hugepageLimits", #"[{"pageSize":"2MB/../x","limit":1}]"#,
                "linux.resources.hugepageLimits[0].pageSize"
            ),
            ("linux.resources.network", #"{"classID":1}"#, "linux.resources.network"),
            ("linux.resources.rdma", #"{"m n":{"hcaHandles":1}}"#, "linux.resources.rdma"),
            ("linux.resources.unified", #"{"cgroup.freeze":"1"}"#, "linux.resources.unified.cgroup.freeze"),
            ("linux.resources.unified", #"{"memory/../x.y":"1"}"#, "linux.resources.unified.memory/../x.y"),
            ("linux.resources.unified", #"{"nonsense.max":"1"}"#, "linux.resources.unified.nonsense.max"),
            ("linux.resources.memory", #"{"swappiness":10}"#, "linux.resources.memory.swappiness"),
            (
                "linux.resources.memory", #"{"disableOOMKiller":true}"#,
                "linux.resources.memory.disableOOMKiller"
            ),
            ("linux.resources.memory", #"{"swap":5}"#, "linux.resources.memory.swap"),
            ("linux.resources.cpu", #"{"realtimeRuntime":5}"#, "linux.resources.cpu.realtimeRuntime"),
            ("linux.resources.cpu", #"{"cpus":"0\n1"}"#, "linux.resources.cpu.cpus"),
            ("linux.resources.cpu", #"{"period":5}"#, "linux.resources.cpu.period"),
            ("linux.seccomp", #"{"defaultAction":"SCMP_ACT_NOTIFY"}"#, "linux.seccomp.defaultAction"),
            (
                "linux.seccomp", #"{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/s"}"#,
                "linux.seccomp.listenerPath"
            ),
        ])
    func refused(key: String, value: String, path: String) throws {
        let config = try config(key, value)
        let error = #expect(throws: InvalidInput.self) { try HonouredFields.check(config) }
        #expect(error?.path == path)
    }

    @Test(
        "accepted, because it asks for nothing more",
        arguments: [
            ("hooks", #"{"prestart":[]}"#), ("linux.sysctl", "{}"), ("domainname", #""d""#),
            ("process.scheduler", #"{"policy":"SCHED_BATCH","nice":5}"#),
            ("process.ioPriority", #"{"class":"IOPRIO_CLASS_IDLE","priority":1}"#),
            ("process.apparmorProfile", #""p""#), ("process.selinuxLabel", #""l""#),
            ("linux.sysctl", #"{"kernel.msgmax":"1","fs.mqueue.msg_max":"1"}"#),
            ("linux.sysctl", #"{"net.ipv4.ip_unprivileged_port_start":"0"}"#),
            ("linux.personality", #"{"domain":"LINUX32"}"#), ("linux.rootfsPropagation", #""shared""#),
            ("mounts", #"[{"destination":"/d","type":"tmpfs","options":["rshared","rro"]}]"#),
            (
                "linux.namespaces",
                #"[{"type":"pid"},{"type":"ipc"},{"type":"uts"},{"type":"mount"},{"type":"network"},{"type":"time"}]"#
            ),
            (
                "linux.seccomp",
                #"{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}"#
            ),
            ("linux.devices", "[]"),
            ("mounts", #"[{"destination":"/d","type":"bind","source":"/srv","options":["rbind","ro"]}]"#),
            ("linux.devices", #"[{"type":"c","path":"/dev/fuse","major":10,"minor":229}]"#),
            ("linux.cgroupsPath", #""""#), ("linux.rootfsPropagation", #""private""#),
            ("linux.personality", #"{"domain":"LINUX"}"#), ("process.apparmorProfile", #""""#),
            ("linux.devices", #"[{"type":"c","path":"/dev/null","major":1,"minor":3,"fileMode":438}]"#),
            (
                "linux.resources.devices",
                #"[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":5,"access":"rwm"},"#
                    + #"{"allow":true,"type":"c","major":136,"access":"rwm"},"#
                    + #"{"allow":false,"type":"c","major":10,"minor":229,"access":"rwm"}]"#
            ),
            ("linux.seccomp", #"{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_TSYNC"]}"#),
            ("annotations", #"{"org.example":"x"}"#), ("windows", #"{"x":1}"#),
            ("linux.resources.blockIO", "{}"), ("linux.resources.blockIO", #"{"weight":10}"#),
            ("linux.resources.hugepageLimits", #"[{"pageSize":"2MB","limit":1}]"#),
            ("linux.resources.rdma", #"{"mlx5_1":{"hcaHandles":1}}"#),
            ("linux.resources.unified", #"{"memory.high":"1048576"}"#),
            ("linux.resources.memory", #"{"limit":1048576,"swap":-1,"disableOOMKiller":false}"#),
            ("mounts", #"[{"destination":"/data","type":"tmpfs","options":["ro","rprivate","size=10%"]}]"#),
        ])
    func accepted(key: String, value: String) throws {
        try HonouredFields.check(config(key, value))
    }
}
