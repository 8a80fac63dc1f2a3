internal import Core

/// Keys that people write and this format does not have, or not yet.
enum OtherKeys {
    /// What to write instead of keys that are not supported yet.
    static let instead = [
        "image": "use rootfs or bundle", "lang": "use rootfs or bundle", "handler": "use rootfs or bundle",
        "runtime": "use rootfs or bundle", "fprocess": "use command", "listen": "use mode http, and port",
        "health": "a function is ready when its port accepts", "requests": "use limits",
        "routes": "call it by /function/NAME, or by host", "configuration": "write it into each function",
        "readonly_root_filesystem": "a root filesystem is read-only anyway",
    ]

    /// Words of other formats.
    private static let synonyms = [
        "cmd": "command", "args": "command", "entrypoint": "command", "env_file": "environment_file",
        "replicas": "scale", "min": "scale", "max": "scale", "memory": "limits", "cpu": "limits",
        "cpus": "limits", "mem": "limits", "pids": "limits", "resources": "limits", "mounts": "volumes",
        "files": "configs",
    ]

    /// What was probably meant by a key that is not there.
    static func match(_ name: String, among known: [String], _ notBuilt: [String]) -> String? {
        if let near = Nearest.match(name, among: known + notBuilt) { return near }
        if let word = synonyms[name], known.contains(word) { return word }
        // The beginning of one key alone: env.
        let longer = known.filter { $0.hasPrefix(name.lowercased()) && !$0.contains("_") }
        return name.utf8.count >= 3 && longer.count == 1 ? longer.first : nil
    }
}
