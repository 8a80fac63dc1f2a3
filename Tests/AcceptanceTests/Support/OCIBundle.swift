import Foundation

/// An OCI bundle as `runc spec` writes it, of the function that behaves as it is told.
struct OCIBundle {
    let path: String
    var configuration: [String: Any]

    init(rootfs: String? = nil) throws {
        path = try Scratch.makeDirectory("bundle")
        try FileManager.default.copyItem(atPath: rootfs ?? Programs.makeRootfs(), toPath: "\(path)/rootfs")
        configuration = Self.usual
    }

    /// Changes a value inside the configuration, by its keys joined with dots; nil removes it.
    mutating func set(_ dotted: String, _ value: Any?) {
        configuration = Self.setting(configuration, dotted.split(separator: ".").map(String.init)[...], value)
    }

    func write() throws {
        let data = try JSONSerialization.data(
            withJSONObject: configuration, options: [.prettyPrinted, .sortedKeys])
        try data.write(to: URL(fileURLWithPath: "\(path)/config.json"))
    }

    func write(raw text: String) throws {
        try text.write(toFile: "\(path)/config.json", atomically: false, encoding: .utf8)
    }

    private static func setting(_ object: [String: Any], _ keys: ArraySlice<String>, _ value: Any?)
        -> [String: Any]
    {
        var object = object
        guard let key = keys.first else { return object }
        if keys.count == 1 {
            object[key] = value
        } else {
            object[key] = setting(object[key] as? [String: Any] ?? [:], keys.dropFirst(), value)
        }
        return object
    }

    private static let capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]

    private static var usual: [String: Any] {
        [
            "ociVersion": "1.0.2", "hostname": "bundled",
            "root": ["path": "rootfs", "readonly": false],
            "process": [
                "terminal": false, "args": ["/bin/behave"], "cwd": "/", "noNewPrivileges": true,
                "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HELLO=bundled"], "user": ["uid": 0, "gid": 0],
                "capabilities": [
                    "bounding": capabilities, "effective": capabilities, "permitted": capabilities,
                ],
                "rlimits": [["type": "RLIMIT_NOFILE", "hard": 512, "soft": 256]],
            ] as [String: Any],
            "mounts": [
                ["destination": "/proc", "type": "proc", "source": "proc"],
                [
                    "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                    "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
                ],
                [
                    "destination": "/dev/pts", "type": "devpts", "source": "devpts",
                    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
                ],
                [
                    "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
                    "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
                ],
                [
                    "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
                    "options": ["nosuid", "noexec", "nodev"],
                ],
                [
                    "destination": "/sys", "type": "sysfs", "source": "sysfs",
                    "options": ["nosuid", "noexec", "nodev", "ro"],
                ],
            ],
            "linux": [
                "namespaces": ["pid", "network", "ipc", "uts", "mount"].map { ["type": $0] },
                "resources": ["devices": [["allow": false, "access": "rwm"] as [String: Any]]],
                "maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            ] as [String: Any],
        ]
    }
}
