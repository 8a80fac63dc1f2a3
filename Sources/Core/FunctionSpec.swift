/// How requests reach a function. `tcp` and `job` do not exist so far: they are refused by name at deploy.
package enum FunctionMode: String, Codable, Sendable, CaseIterable {
    /// The function listens on its port.
    case http
    /// The command runs once for each request.
    case exec
    case tcp, job
}

/// Idle time after which a tier is left; `never` keeps it.
package enum IdleTime: Hashable, Sendable {
    case after(Duration)
    case never
}

/// How many instances, and how long they stay warm.
package struct ScaleSpec: Hashable, Sendable, Codable {
    /// Instances that stay ready, 0 to `max`.
    package var min = 0
    /// Instances at most, 1 to `Limits.instancesPerFunction`.
    package var max = 10
    /// Requests in flight per instance that the autoscaler aims at, where `concurrency` sets no hard limit.
    package var target = 100
    /// Idle time until an instance is frozen.
    package var freezeAfter = IdleTime.after(.seconds(10))
    /// Idle time until an instance is stopped, counted from its last request.
    package var stopAfter = IdleTime.after(.seconds(300))

    package init() {}
}

/// What an instance may use. A limit that is nil is not named by the user: a default applies where the host can
/// enforce it. One that is named is enforced or the deploy is refused.
package struct LimitSpec: Hashable, Sendable, Codable {
    package var memory: ByteCount?
    package var cpu: CPUQuantity?
    package var pids: Int?
    /// Bytes of its writable layer, and of each tmpfs that says no size of its own.
    package var disk: ByteCount?

    package init(
        memory: ByteCount? = nil, cpu: CPUQuantity? = nil, pids: Int? = nil, disk: ByteCount? = nil
    ) {
        self.memory = memory
        self.cpu = cpu
        self.pids = pids
        self.disk = disk
    }

    /// What holds for `disk`. These bytes are the instance's memory, too: without a word of the user's they leave it half.
    package var effectiveDisk: ByteCount {
        if let disk { return disk }
        guard let memory else { return Limits.writableLayer }
        return ByteCount(min(Limits.writableLayer.bytes, memory.bytes / Limits.writableShareOfMemory))
    }
}

/// What the user deploys, whatever format it was written in. Defaults are the contract's.
package struct FunctionSpec: Hashable, Sendable, Codable {
    package var mode = FunctionMode.http
    /// In mode `exec`: the command writes the head of its response itself, as RFC 3875 has it.
    package var cgi = false
    /// Replaces the bundle's `process.args`; required for a plain root filesystem.
    package var command: [String]?
    /// The port the function listens on, 1 to 65535; `$PORT`.
    package var port = 8080
    package var environment: [String: String] = [:]
    /// Hard limit of requests in flight per instance; 0 is none.
    package var concurrency = 0
    /// The function's own time for a request, until its response head; then 504.
    package var timeout = Duration.seconds(60)
    /// How long a request may wait for an instance; then 503.
    package var queueTimeout = Duration.seconds(60)
    /// How long an instance may take from its launch until its port accepts; then 502.
    package var startTimeout = Duration.seconds(30)
    /// From SIGTERM until the cgroup is killed.
    package var stopGrace = Duration.seconds(10)
    package var scale = ScaleSpec()
    package var limits = LimitSpec()
    package var network = NetworkSpec.default
    /// Secrets of the namespace, as files in each of `ContainerPath.secrets`.
    package var secrets: [ResourceName] = []
    package var volumes: [VolumeSpec] = []
    package var configs: [ConfigFile] = []
    /// For people and their tools; Torpor keeps and shows them, and acts on none.
    package var labels: [String: String] = [:]
    package var annotations: [String: String] = [:]

    package init() {}

    /// Requests that one instance takes at a time; 0 is no limit.
    package var requestLimit: Int {
        mode == .exec && concurrency == 0 ? Limits.commandsPerInstance : concurrency
    }

    /// Requests in flight per instance beyond which one more instance is started, where there may be one.
    package var requestTarget: Int { concurrency == 0 ? scale.target : .max }

    /// Checks every range. Called by whoever accepts a spec: the manifest, the CLI, the control API.
    package func validate() throws(InvalidInput) {
        try check(
            "mode", mode == .http || mode == .exec, "'\(mode.rawValue)' is not supported yet", "http, exec")
        try check("cgi", !cgi || mode == .exec, "needs mode exec", "false, or mode: exec")
        try check("port", (1...65535).contains(port), "\(port) is no port", "1 to 65535")
        try check(
            "concurrency", (0...Limits.concurrency).contains(concurrency), "\(concurrency) is out of range",
            "0 to \(Limits.concurrency)")
        try check(
            "concurrency", mode != .exec || concurrency <= Limits.commandsPerInstance,
            "\(concurrency) is out of range in mode exec", "0 to \(Limits.commandsPerInstance)")
        for (name, value) in [
            ("timeout", timeout), ("queueTimeout", queueTimeout), ("startTimeout", startTimeout),
            ("stopGrace", stopGrace),
        ] {
            try check(
                name, value >= Limits.shortestTimeout && value <= Limits.longestTimeout,
                "\(DurationText.format(value)) is out of range", "10ms to 24h")
        }
        try scale.validate()
        try limits.validate()
        try network.validate()
        try validateProcess()
        try validateAttachments()
        try validateMetadata()
    }

    private func validateProcess() throws(InvalidInput) {
        if let command {
            try check("command", !command.isEmpty && !command[0].isEmpty, "the command is empty", nil)
            try check(
                "command", command.count <= Limits.arguments, "\(command.count) arguments",
                "at most \(Limits.arguments)")
        }
        try check(
            "environment", environment.count <= Limits.environmentVariables, "\(environment.count) variables",
            "at most \(Limits.environmentVariables)")
        let bytes =
            (command ?? []).reduce(0) { $0 + $1.utf8.count + 1 }
            + environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 2 }
        try check(
            "environment", bytes <= Limits.argumentBytes, "command and environment have \(bytes) bytes",
            "at most \(Limits.argumentBytes)")
        for (key, value) in environment {
            try check(
                "environment.\(key.prefix(60))",
                !key.isEmpty && !key.utf8.contains(61) && !key.utf8.contains(0) && !value.utf8.contains(0),
                "not a variable", "a name without '=' and NUL, a value without NUL")
            try check(
                "environment.\(key)", !Self.reservedVariables.contains(key), "set by Torpor itself",
                "another name")
        }
        for argument in command ?? [] {
            try check("command", !argument.utf8.contains(0), "an argument has a NUL byte", nil)
        }
    }

    /// Those by which OpenFaaS is told what to do are refused: they would have no effect here.
    private func validateMetadata() throws(InvalidInput) {
        for (name, entries) in [("labels", labels), ("annotations", annotations)] {
            try check(
                name, entries.count <= Limits.metadataEntries, "\(entries.count) entries",
                "at most \(Limits.metadataEntries)")
            for (key, value) in entries {
                let place = "\(name).\(key.prefix(60))"
                try check(
                    place, !key.isEmpty && key.utf8.count <= Limits.metadataKeyBytes, "is no key",
                    "1 to \(Limits.metadataKeyBytes) bytes")
                try check(
                    place, value.utf8.count <= Limits.metadataValueBytes,
                    "has a value of \(value.utf8.count) bytes", "at most \(Limits.metadataValueBytes)")
                try check(
                    place, !key.hasPrefix("com.openfaas."), "is not supported yet",
                    "scale: with min, max, target")
                try check(
                    place, name != "annotations" || !["topic", "schedule"].contains(key),
                    "is not supported yet: nothing would call the function", "a timer that runs torpor invoke"
                )
            }
        }
    }

    /// What every instance gets from the platform; a function's own value would be overwritten.
    package static let reservedVariables: Set<String> = [
        "PORT", "TORPOR_FUNCTION", "TORPOR_NAMESPACE", "TORPOR_REVISION", "TORPOR_INSTANCE", "K_SERVICE",
        "K_REVISION", "K_CONFIGURATION",
    ]
}

extension ScaleSpec {
    func validate() throws(InvalidInput) {
        try check(
            "scale.max", (1...Limits.instancesPerFunction).contains(max), "\(max) is out of range",
            "1 to \(Limits.instancesPerFunction)")
        try check(
            "scale.min", (0...max).contains(min), "\(min) is out of range", "0 to scale.max, which is \(max)")
        try check(
            "scale.target", (1...Limits.concurrency).contains(target), "\(target) is out of range",
            "1 to \(Limits.concurrency)")
        if case .after(let freeze) = freezeAfter, case .after(let stop) = stopAfter {
            try check(
                "scale.freezeAfter", freeze <= stop, "is longer than scale.stopAfter", "at most stopAfter")
        }
        for (name, time) in [("scale.freezeAfter", freezeAfter), ("scale.stopAfter", stopAfter)] {
            if case .after(let duration) = time {
                try check(
                    name, duration >= .milliseconds(10) && duration <= .seconds(365 * 86400),
                    "\(DurationText.format(duration)) is out of range", "10ms to 365d, or never")
            }
        }
    }
}

extension LimitSpec {
    package func validate() throws(InvalidInput) {
        if let memory {
            try check(
                "limits.memory", memory >= .mebibytes(1) && memory <= ByteCount(1 << 50),
                "\(memory) is out of range", "1Mi to 1024Ti")
        }
        if let pids {
            try check(
                "limits.pids", (4...4_194_304).contains(pids), "\(pids) is out of range", "4 to 4194304")
        }
        if let disk {
            try check(
                "limits.disk", disk >= .mebibytes(1) && disk <= ByteCount(1 << 50),
                "\(disk) is out of range", "1Mi to 1024Ti")
        }
    }
}

private func check(_ path: String, _ holds: Bool, _ problem: String, _ allowed: String?) throws(InvalidInput)
{
    if !holds { throw InvalidInput(path, problem, allowed: allowed) }
}
