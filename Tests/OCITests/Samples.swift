/// What `runc spec` writes, with a command that makes sense and no terminal.
enum Samples {
    static let engineDefault = """
        {"ociVersion":"1.0.2-dev","process":{"terminal":false,"user":{"uid":0,"gid":0},"args":["/bin/hello"],
        "env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","TERM=xterm"],"cwd":"/",
        "capabilities":{"bounding":["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"],
        "effective":["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"],"inheritable":[],
        "permitted":["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"],
        "ambient":["CAP_AUDIT_WRITE","CAP_KILL","CAP_NET_BIND_SERVICE"]},
        "rlimits":[{"type":"RLIMIT_NOFILE","hard":1024,"soft":1024}],"noNewPrivileges":true},
        "root":{"path":"rootfs","readonly":true},"hostname":"runc","mounts":[
        {"destination":"/proc","type":"proc","source":"proc"},
        {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["nosuid","strictatime","mode=755","size=65536k"]},
        {"destination":"/dev/pts","type":"devpts","source":"devpts",
        "options":["nosuid","noexec","newinstance","ptmxmode=0666","mode=0620","gid=5"]},
        {"destination":"/dev/shm","type":"tmpfs","source":"shm",
        "options":["nosuid","noexec","nodev","mode=1777","size=65536k"]},
        {"destination":"/dev/mqueue","type":"mqueue","source":"mqueue","options":["nosuid","noexec","nodev"]},
        {"destination":"/sys","type":"sysfs","source":"sysfs","options":["nosuid","noexec","nodev","ro"]},
        {"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup",
        "options":["nosuid","noexec","nodev","relatime","ro"]}],
        "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}]},
        "namespaces":[{"type":"pid"},{"type":"network"},{"type":"ipc"},{"type":"uts"},{"type":"mount"}],
        "maskedPaths":["/proc/acpi","/proc/asound","/proc/kcore","/proc/keys","/proc/latency_stats",
        "/proc/timer_list","/proc/timer_stats","/proc/sched_debug","/sys/firmware","/proc/scsi"],
        "readonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]}}
        """

    /// A value at every level that the specification has, so that mutations reach all of them.
    static let everything = """
        {"ociVersion":"1.2.0","process":{"terminal":false,"consoleSize":{"height":1,"width":2},
        "user":{"uid":1,"gid":2,"umask":18,"additionalGids":[3,4]},"args":["/a","b"],"env":["A=b"],"cwd":"/w",
        "capabilities":{"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"inheritable":["CAP_KILL"],
        "permitted":["CAP_KILL"],"ambient":["CAP_KILL"]},"rlimits":[{"type":"RLIMIT_CORE","soft":0,"hard":1}],
        "noNewPrivileges":true,"apparmorProfile":"","selinuxLabel":"","oomScoreAdj":100,
        "scheduler":{"policy":"SCHED_BATCH","nice":1,"priority":0,"flags":[],"runtime":1,"deadline":2,"period":3},
        "ioPriority":{"class":"IOPRIO_CLASS_IDLE","priority":0},"execCPUAffinity":{"initial":"0","final":"1"}},
        "root":{"path":"rootfs","readonly":false},"hostname":"h","domainname":"",
        "mounts":[{"destination":"/tmp","type":"tmpfs","source":"t","options":["size=1m"],
        "uidMappings":[{"containerID":0,"hostID":1,"size":1}],"gidMappings":[]}],
        "hooks":{"prestart":[{"path":"/h","args":["h"],"env":["A=b"],"timeout":1}],"poststop":[]},
        "annotations":{"a":"b"},"linux":{"namespaces":[{"type":"pid","path":""}],
        "uidMappings":[{"containerID":0,"hostID":1,"size":1}],"gidMappings":[],
        "timeOffsets":{"monotonic":{"secs":1,"nanosecs":2}},
        "devices":[{"type":"c","path":"/dev/null","major":1,"minor":3,"fileMode":438,"uid":0,"gid":0}],
        "netDevices":{"eth0":{"name":"x"}},"cgroupsPath":"/x","resources":{
        "devices":[{"allow":true,"type":"c","major":1,"minor":3,"access":"rwm"}],
        "memory":{"limit":1048576,"reservation":1,"swap":2097152,"kernel":0,"kernelTCP":0,"swappiness":0,
        "disableOOMKiller":false,"useHierarchy":true,"checkBeforeUpdate":false},
        "cpu":{"shares":1024,"quota":50000,"burst":0,"period":100000,"realtimeRuntime":0,"realtimePeriod":0,
        "cpus":"0-1","mems":"0","idle":0},"pids":{"limit":10},
        "blockIO":{"weight":10,"leafWeight":10,"weightDevice":[{"major":8,"minor":0,"weight":1,"leafWeight":1}],
        "throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1}]},
        "hugepageLimits":[{"pageSize":"2MB","limit":1}],
        "network":{"classID":1,"priorities":[{"name":"lo","priority":1}]},
        "rdma":{"mlx5":{"hcaHandles":1,"hcaObjects":1}},"unified":{"memory.high":"1"}},
        "intelRdt":{"closID":"x"},"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0","flags":[]},
        "sysctl":{"net.core.somaxconn":"1"},
        "seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":["SCMP_ARCH_X86_64"],
        "flags":[],"listenerPath":"","listenerMetadata":"","syscalls":[{"names":["read"],
        "action":"SCMP_ACT_ALLOW","errnoRet":1,"args":[{"index":0,"value":1,"valueTwo":2,"op":"SCMP_CMP_EQ"}]}]},
        "rootfsPropagation":"private","maskedPaths":["/proc/kcore"],"readonlyPaths":["/proc/sys"],"mountLabel":"",
        "personality":{"domain":"LINUX","flags":[]}}}
        """
}
