internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a function with its revisions, instances and last failure.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let client = global.client
        let detail = try await Explanation.suggesting(key, client) { try await client.describe(key) }
        try global.show(detail) { Self.text(detail, now: ToolContext.current.now()) }
    }

    static func text(_ detail: FunctionDetail, now: Timestamp) -> String {
        let function = detail.function
        let spec = detail.spec
        var facts = [
            ("Name", function.name), ("Namespace", function.namespace.description),
            ("Status", function.status.rawValue), ("Revision", function.revision ?? "none"),
            ("Source", source(function.source)),
            ("Command", spec.command?.joined(separator: " ") ?? "the bundle's"),
            ("Mode", spec.cgi ? "exec, cgi" : spec.mode.rawValue),
        ]
        if spec.mode != .exec { facts.append(("Port", "\(spec.port)")) }
        facts += [
            ("Concurrency", concurrency(spec)), ("Timeout", times(spec)),
            ("Scale", scale(function.scale, spec.scale)),
            ("Limits", limits(spec.limits)), ("Network", "\(spec.network)"),
            ("Created", "\(function.createdAt)"),
        ]
        if let ids = detail.ids {
            facts.append(
                ("Ids", "\(ids.first)+\(ids.count)" + (ids.shared ? ", shared by all functions" : "")))
        }
        if !spec.environment.isEmpty {
            facts.append(("Environment", spec.environment.keys.sorted().joined(separator: ", ")))
        }
        for (label, entries) in [("Label", spec.labels), ("Annotation", spec.annotations)] {
            facts += entries.sorted { $0.key < $1.key }.map { (label, "\($0.key): \($0.value)") }
        }
        facts += attachments(spec)
        let width = (facts.map(\.0.count).max() ?? 0) + 2
        var text = facts.map { label, value in
            "\(label):" + String(repeating: " ", count: width - label.count) + value + "\n"
        }.joined()
        for warning in detail.warnings { text += "Warning: \(warning)\n" }
        text += "\nRevisions\n" + revisions(detail.revisions, now: now)
        text += "\nInstances\n" + instances(detail.instances, now: now)
        if !detail.past.isEmpty { text += "\nEnded\n" + past(detail.past, now: now) }
        if let failure = detail.lastFailure {
            let revision = revision(of: failure, detail).map { " of \($0)" } ?? ""
            text += "\nLast failure\(revision)\n" + Explanation.text(of: failure) + "\n"
        }
        return text
    }

    private static func scale(_ target: ScaleTarget, _ spec: ScaleSpec) -> String {
        let range = "\(spec.min) to \(spec.max)"
        let now =
            switch target {
            case .auto: "auto, \(range)"
            case .count(let count): "\(count) by hand (auto: \(range))"
            }
        return
            "\(now), freezes after \(spec.freezeAfter.description), stops after \(spec.stopAfter.description)"
    }

    private static func concurrency(_ spec: FunctionSpec) -> String {
        let limit = spec.requestLimit == 0 ? "no limit" : "\(spec.requestLimit)"
        guard spec.concurrency == 0, spec.scale.max > 1 else { return limit }
        return "\(limit), one more instance above \(spec.scale.target)"
    }

    /// The function's own time; the others where somebody changed them.
    private static func times(_ spec: FunctionSpec) -> String {
        let usual = FunctionSpec()
        var times = [DurationText.format(spec.timeout)]
        for (name, time, other) in [
            ("queue", spec.queueTimeout, usual.queueTimeout),
            ("start", spec.startTimeout, usual.startTimeout),
            ("stop", spec.stopGrace, usual.stopGrace),
        ] where time != other {
            times.append("\(name) \(DurationText.format(time))")
        }
        return times.joined(separator: ", ")
    }

    private static func attachments(_ spec: FunctionSpec) -> [(String, String)] {
        var facts: [(String, String)] = []
        if !spec.secrets.isEmpty {
            facts.append(("Secrets", spec.secrets.map(\.description).joined(separator: ", ")))
        }
        facts += spec.volumes.map { volume in
            let source =
                switch volume.kind {
                case .named(let name): name.description
                case .bind(let path): path
                case .tmpfs(let size): "tmpfs, \(size)"
                }
            return ("Volume", "\(volume.path) (\(source))\(volume.readOnly ? ", read-only" : "")")
        }
        facts += spec.configs.map { ("Config", "\($0.path) (\($0.content.count) bytes)") }
        return facts
    }

    private static func source(_ source: FunctionSource) -> String {
        switch source.value {
        case .bundle(let path): "bundle \(path)"
        case .rootfs(let path): "rootfs \(path)"
        }
    }

    private static func limits(_ limits: LimitSpec) -> String {
        let named = [
            limits.memory.map { "memory \($0)" }, limits.cpu.map { "cpu \($0)" },
            limits.pids.map { "pids \($0)" }, limits.disk.map { "disk \($0)" },
        ].compactMap { $0 }
        return named.isEmpty ? "defaults" : named.joined(separator: ", ")
    }

    private static func revisions(_ revisions: [RevisionView], now: Timestamp) -> String {
        var table = Table(["  NAME", "STATE", "AGE", "CONTENT"], yielding: ["CONTENT", "AGE"])
        for revision in revisions {
            table.append([
                "  " + revision.name, revision.state.rawValue,
                Span.text(seconds: now.unixSeconds - revision.createdAt.unixSeconds),
                String(revision.rootfs.description.prefix(19)),
            ])
        }
        return table.text
    }

    /// Of which revision the instance was that failed, where it is remembered.
    private static func revision(of failure: FailureView, _ detail: FunctionDetail) -> String? {
        guard let id = failure.instance else { return nil }
        return detail.instances.first { $0.id == id }?.revision ?? detail.past.first { $0.id == id }?.revision
    }

    private static func instances(_ instances: [InstanceView], now: Timestamp) -> String {
        if instances.isEmpty { return "  none: the next request starts one\n" }
        var table = Table(
            ["  ID", "REVISION", "STATE", "IN FLIGHT", "SERVED", "IDLE", "AGE", "ADDRESS"],
            yielding: ["ADDRESS", "AGE", "IN FLIGHT", "IDLE", "SERVED"])
        for instance in instances {
            table.append([
                "  \(instance.id)", instance.revision, instance.state.rawValue, "\(instance.inFlight)",
                "\(instance.served)",
                instance.idleSeconds.map { Span.text(seconds: Int64(min($0, 1e15))) } ?? "-",
                Span.text(seconds: now.unixSeconds - instance.startedAt.unixSeconds), instance.address ?? "-",
            ])
        }
        return table.text
    }

    /// The last one first.
    private static func past(_ instances: [PastInstanceView], now: Timestamp) -> String {
        var table = Table(
            ["  ID", "REVISION", "STATE", "ENDED", "EXIT", "CAUSE"], yielding: ["EXIT", "REVISION", "STATE"])
        for instance in instances.sorted(by: { $0.lastKnown > $1.lastKnown }) {
            table.append([
                "  \(instance.id)", instance.revision, instance.state.rawValue,
                instance.endedAt.map { Span.text(seconds: now.unixSeconds - $0.unixSeconds) + " ago" } ?? "-",
                instance.exit.map(Explanation.text(of:)) ?? "-",
                instance.cause ?? "-",
            ])
        }
        return table.text
    }
}

extension PastInstanceView {
    /// Its end, or where that is not known its start.
    fileprivate var lastKnown: Timestamp { endedAt ?? startedAt }
}
