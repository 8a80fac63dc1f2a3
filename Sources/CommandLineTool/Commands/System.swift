internal import ArgumentParser
internal import ControlAPI
internal import ControlClient

struct System: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the daemon and its host.",
        subcommands: [
            SystemInfoCommand.self, SystemCheckCommand.self, SystemReload.self, SystemPrune.self,
            SystemBackup.self, SystemRestore.self, SystemDialStdio.self,
        ])
}

struct SystemInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "info", abstract: "Tell about the daemon.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let info = try await global.client.systemInfo()
        try global.show(info) { Self.text(info) }
    }

    static func text(_ info: SystemInfo) -> String {
        var facts = [
            ("Version", info.version), ("Pid", "\(info.pid)"),
            ("Up for", Span.text(seconds: info.uptimeSeconds)),
            ("Gateway", "http://\(info.gateway)"),
            ("Platform", "http://\(info.adminListen ?? info.gateway)"), ("State", info.stateDirectory),
            ("Runtime", info.runDirectory),
            ("Kernel", "\(info.kernel) \(info.architecture)"), ("Rootless", info.rootless ? "yes" : "no"),
            ("Functions", "\(info.functions)"), ("Instances", List.instances(info.instances)),
            ("Cgroup", info.cgroup.path ?? "none"),
            (
                "Controllers",
                info.cgroup.controllers.isEmpty ? "none" : info.cgroup.controllers.joined(separator: " ")
            ),
            ("Freezes", info.cgroup.canFreeze ? "yes" : "no"),
            ("Slots", "\(info.slots.used) used, \(info.slots.free) free"),
        ]
        facts += activity(info.activity)
        return facts.map { label, value in
            "\(label):" + String(repeating: " ", count: 13 - label.count) + value + "\n"
        }.joined()
    }

    /// What it has done since its start.
    private static func activity(_ activity: SystemInfo.Activity) -> [(String, String)] {
        [
            (
                "Requests",
                "\(activity.requests), \(activity.failedRequests) failed, \(activity.waiting) waiting now"
            ),
            (
                "Cold starts",
                times(activity.coldStarts)
                    + ", \(activity.failedStarts) failed, \(activity.crashes) crashed later"
            ),
            ("Thaws", times(activity.thaws)),
            ("Idle", "\(activity.freezes) frozen, \(activity.idleStops) stopped"),
            (
                "Daemon",
                "\(activity.memoryBytes >> 20) MiB, \(activity.cpuSeconds) s of CPU, \(activity.openFiles) open files"
            ),
            ("Database", "\(activity.storeBytes >> 10) KiB"),
        ]
    }

    private static func times(_ times: SystemInfo.Activity.Times) -> String {
        guard let p50 = times.p50, let p99 = times.p99 else { return "\(times.count)" }
        return "\(times.count) (p50 \(p50) ms, p99 \(p99) ms)"
    }
}

struct SystemCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check what Torpor needs of its host; 1 when something is missing.",
        discussion: """
            Where no daemon runs, this host is looked at by the daemon's program, torpord --check-host: what keeps it from \
            starting is among what is told.
            """)

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let checks = try await checks()
        try global.show(CheckList(checks: checks)) { Self.text(checks) }
        let missing = checks.filter { $0.status == .missing }.count
        if missing > 0 { throw ToolFailure("\(missing) of \(checks.count) checks failed") }
    }

    private func checks() async throws -> [CheckItem] {
        do {
            return try await global.client.systemCheck()
        } catch ClientError.notRunning where global.remote == nil {
            ToolContext.current.errorOutput("torpord is not running; this is what it would find\n")
            let answer = try DaemonProgram.run(["--check-host"])
            guard let list = try? ControlCoding.decode(CheckList.self, from: answer.output) else {
                throw ToolFailure("torpord --check-host: \(answer.errors)")
            }
            return list.checks
        }
    }

    static func text(_ checks: [CheckItem]) -> String {
        var table = Table(["STATUS", "CHECK", "FOUND"])
        for check in checks { table.append([check.status.rawValue, check.name, check.detail]) }
        var text = table.text
        for check in checks where check.status != .ok {
            text += "\n\(check.name)\n"
            if let costs = check.costs { text += "  costs: \(costs)\n" }
            if let mend = check.mend { text += "  mend:  \(mend)\n" }
        }
        return text
    }
}
