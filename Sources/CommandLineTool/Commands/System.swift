internal import ArgumentParser
internal import ControlAPI
internal import ControlClient

struct System: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at the daemon and its host.",
        subcommands: [SystemInfoCommand.self, SystemCheckCommand.self])
}

struct SystemInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "info", abstract: "Tell about the daemon.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let info = try await global.client.systemInfo()
        try global.show(info) { Self.text(info) }
    }

    static func text(_ info: SystemInfo) -> String {
        let facts = [
            ("Version", info.version), ("Pid", "\(info.pid)"),
            ("Up for", Span.text(seconds: info.uptimeSeconds)),
            ("Gateway", "http://\(info.gateway)"), ("State", info.stateDirectory),
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
        return facts.map { label, value in
            "\(label):" + String(repeating: " ", count: 13 - label.count) + value + "\n"
        }.joined()
    }
}

struct SystemCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check what Torpor needs of its host; 1 when something is missing.")

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let checks = try await global.client.systemCheck()
        try global.show(CheckList(checks: checks)) { Self.text(checks) }
        let missing = checks.filter { $0.status == .missing }.count
        if missing > 0 { throw ToolFailure("\(missing) of \(checks.count) checks failed") }
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
