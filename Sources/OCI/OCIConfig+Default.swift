extension OCIConfig {
    /// The configuration for a plain root filesystem: what the engines give to an ordinary container.
    /// - Parameter command: the program and its arguments, already checked.
    package static func `default`(command: [String]) -> OCIConfig {
        var process = Process(args: command, cwd: "/")
        process.user = User(uid: 0, gid: 0)
        process.env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        process.noNewPrivileges = true
        let names = CapabilitySet.containerDefault.names
        var capabilities = Capabilities()
        capabilities.bounding = names
        capabilities.effective = names
        capabilities.permitted = names
        process.capabilities = capabilities

        var config = OCIConfig(
            ociVersion: "1.2.0", process: process, root: Root(path: "rootfs", readonly: true))
        config.mounts = defaultMounts
        var linux = Linux()
        linux.namespaces = [.pid, .network, .ipc, .uts, .mount, .cgroup].map { Namespace($0) }
        linux.maskedPaths = defaultMaskedPaths
        linux.readonlyPaths = defaultReadonlyPaths
        config.linux = linux
        return config
    }

    private static let defaultMounts = [
        Mount(destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
        Mount(
            destination: "/dev", type: "tmpfs", source: "tmpfs",
            options: ["nosuid", "strictatime", "mode=755", "size=65536k", "ro"]),
        Mount(
            destination: "/dev/pts", type: "devpts", source: "devpts",
            options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        Mount(
            destination: "/dev/shm", type: "tmpfs", source: "shm",
            options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        Mount(
            destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
            options: ["nosuid", "noexec", "nodev"]),
        Mount(
            destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]),
        Mount(
            destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
            options: ["nosuid", "noexec", "nodev", "relatime", "ro"]),
        // A root filesystem that is read-only still needs places to write that go with the instance.
        Mount(
            destination: "/tmp", type: "tmpfs", source: "tmpfs",
            options: ["nosuid", "nodev", "mode=1777"]),
        Mount(
            destination: "/run", type: "tmpfs", source: "tmpfs",
            options: ["nosuid", "nodev", "mode=755"]),
    ]

    /// Files of proc and sysfs that tell about, or act on, the whole host.
    private static let defaultMaskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
        "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
        "/sys/devices/virtual/powercap",
        "/sys/firmware",
    ]

    private static let defaultReadonlyPaths = [
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    ]
}
