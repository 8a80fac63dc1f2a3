import ControlAPI
import Core
import Foundation

/// What the cases are told in: one daemon, a manifest, and a backup.
struct CommandStory {
    let torpor: Torpor
    let folder: String

    init(_ torpor: Torpor) throws {
        self.torpor = torpor
        folder = try Scratch.makeDirectory("story")
        try FileManager.default.copyItem(atPath: Programs.rootfs.get(), toPath: "\(folder)/rootfs")
        for (name, text) in [
            ("value", "the secret"), ("good.yaml", "limits: besteffort\n"),
            ("torpor.yaml", Self.manifest("1")), ("later.yaml", Self.manifest("2")),
        ] { try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8) }
    }

    private static func manifest(_ word: String) -> String {
        "functions: {declared: {rootfs: ./rootfs, command: [/bin/behave], environment: {WORD: '\(word)'}}}\n"
    }

    func filled(_ text: String) -> String {
        text.replacingOccurrences(of: "FOLDER", with: folder)
            .replacingOccurrences(of: "STATE", with: torpor.stateDirectory)
            .replacingOccurrences(of: "GATEWAY", with: "127.0.0.1:\(torpor.port)")
    }

    /// - Throws: `TestFailure` unless it ends with 0, and the daemon has begun anew where it should.
    func run(_ arguments: [String], isRestart: Bool) throws -> CommandResult {
        let before = try torpor.info().startedAt
        let result = try torpor.cli(arguments.map(filled))
        guard result.status == 0 else {
            throw TestFailure(
                "torpor \(arguments.joined(separator: " ")): \(result.status)\n\(result.errors)")
        }
        if isRestart {
            try becomesTrue("a daemon that begins anew", within: .seconds(20)) {
                try torpor.info().startedAt != before
            }
        }
        return result
    }

    /// In the order of a function's life: each builds upon what those before it made.
    static let cases: [CommandCase] = making + looking + changing + system + removing

    private static let making: [CommandCase] = [
        CommandCase(
            command: "namespace create", table: ["team", "--functions", "5"], shows: ["team: created"],
            json: ["spare", "--functions", "3", "--default-memory", "32Mi"], fields: .namespace,
            values: [
                "name": "spare", "limits.functions": "3", "defaults.memory": "32Mi", "usage.functions": "0",
            ]),
        CommandCase(
            command: "namespace set", table: ["team", "--functions", "6", "--default-pids", "40"],
            shows: ["0 of 6", "pids 40"],
            json: ["team", "--functions", "7", "--instances", "9", "--memory", "1Gi", "--cpus", "2"],
            fields: .namespace,
            values: [
                "limits.functions": "7", "limits.instances": "9", "limits.memory": "1Gi", "limits.cpu": "2",
            ]),
        CommandCase(
            command: "secret set", table: ["token", "--file", "FOLDER/value"], shows: ["default/token: set"],
            json: ["other", "--file", "FOLDER/value"], fields: .secret,
            values: ["name": "other", "namespace": "default", "usedBy": "[]"]),
        CommandCase(
            command: "deploy",
            table: [
                "hello", "--rootfs", "FOLDER/rootfs", "-e", "HELLO=first", "--secret", "token", "-v",
                "data:/data", "--stop-after", "never", "--", "/bin/behave",
            ], shows: ["hello.default: hello-00001 takes requests", "torpor invoke hello"],
            json: [
                "hello", "--rootfs", "FOLDER/rootfs", "-e", "HELLO=second", "--secret", "token", "-v",
                "data:/data", "-v", "more:/more", "--stop-after", "never", "--", "/bin/behave",
            ], fields: .function,
            values: [
                "name": "hello", "namespace": "default", "revision": "hello-00002", "generation": "2",
                "status": "ready", "mode": "http", "scale": "auto", "source.rootfs": "FOLDER/rootfs",
                "applied": "false",
            ]),
        CommandCase(
            command: "apply", table: ["-f", "FOLDER/torpor.yaml"],
            shows: ["declared.default: declared-00001"],
            fields: JSONFields.function.inside("functions") + "removed",
            values: [
                "functions.0.name": "declared", "functions.0.applied": "true",
                "functions.0.latestRevision": "declared-00001",
            ]),
        CommandCase(
            command: "diff", table: ["-f", "FOLDER/later.yaml"],
            shows: ["would change 1 of declared-00001's fields", "~ environment.WORD: 1 -> 2"], fields: .plan,
            values: [
                "functions.0.action": "change", "functions.0.changes.0.field": "environment.WORD",
                "functions.0.changes.0.from": "1", "functions.0.changes.0.to": "2",
            ]),
    ]

    private static let looking: [CommandCase] = [
        CommandCase(
            command: "list", shows: ["NAME", "hello", "hello-00002", "declared-00001", "1 ready"],
            fields: JSONFields.function.inside("functions"),
            values: ["functions.0.name": "declared", "functions.1.name": "hello"]),
        CommandCase(
            command: "describe", table: ["hello"],
            shows: ["hello-00002", "Secrets:", "token", "/data (data)", "Revisions", "HELLO"],
            fields: JSONFields.function.inside("function") + JSONFields.spec.inside("spec")
                + JSONFields.revision.inside("revisions")
                + JSONFields(
                    """
                    address? id idleSeconds? inFlight pid revision served startMilliseconds startedAt state
                    """
                ).inside("instances")
                + JSONFields(
                    "cause? endedAt exit.code? exit.reason exit.signal? id revision startedAt state"
                ).inside("past")
                + JSONFields("count? first? shared?").inside("ids", optional: true)
                + JSONFields.failure.inside("lastFailure", optional: true) + "warnings",
            values: [
                "function.status": "ready", "spec.environment.HELLO": "second", "spec.port": "8080",
                "revisions.0.state": "retired", "revisions.1.state": "active", "instances.0.state": "ready",
                "past.0.revision": "hello-00001",
            ]),
        CommandCase(
            command: "rollout history", table: ["hello"], shows: ["retired", "active", "environment.HELLO"],
            fields: JSONFields.revision.inside("revisions"),
            values: ["revisions.0.number": "1", "revisions.1.spec.environment.HELLO": "second"]),
        CommandCase(
            command: "rollout status", table: ["hello"], shows: ["hello-00002 takes requests"],
            fields: .revision, values: ["name": "hello-00002", "state": "active"]),
        CommandCase(
            command: "wait", table: ["hello", "--for", "ready"], shows: ["hello.default: ready"],
            fields: "condition function status", values: ["condition": "ready", "function": "hello.default"]),
        CommandCase(
            command: "logs", table: ["hello", "--tail", "1"], shows: ["starting second"],
            fields: "at function instance stream text",
            values: ["0.function": "hello.default", "0.stream": "stdout", "0.text": "starting second"],
            isLines: true),
        CommandCase(
            command: "events", table: ["hello", "--kind", "activated"],
            shows: ["TIME", "activated", "it takes the requests"], fields: .event,
            values: [
                "0.kind": "activated", "0.name": "hello", "0.revision": "hello-00001",
                "1.revision": "hello-00002",
            ], isLines: true),
        CommandCase(
            command: "explain", table: ["hello"], shows: ["hello.default is ready", "well:", "Lately"],
            fields: JSONFields.function.inside("function") + JSONFields.event.inside("events")
                + JSONFields.failure.inside("lastFailure", optional: true)
                + "findings.advice? findings.details findings.says findings.topic",
            values: ["findings.0.topic": "well", "function.name": "hello"]),
        CommandCase(
            command: "stats", table: ["hello", "--once", "--interval", "100ms"],
            shows: ["FUNCTION", "SERVED", "hello", "ready"],
            fields: JSONFields.stats.inside("instances") + "at",
            values: ["instances.0.stats.name": "hello", "instances.0.stats.state": "ready"]),
        CommandCase(
            command: "secret list", shows: ["NAME", "token", "hello.default"],
            fields: JSONFields.secret.inside("secrets"),
            values: ["secrets.1.name": "token", "secrets.1.usedBy.0": "hello.default"]),
        CommandCase(
            command: "volume list", shows: ["NAME", "SIZE", "data", "hello.default"],
            fields: JSONFields("bytes moreThan name namespace path usedBy").inside("volumes"),
            values: [
                "volumes.0.name": "data", "volumes.0.moreThan": "false",
                "volumes.0.path": "STATE/volumes/default/data",
                "volumes.0.usedBy.0": "hello.default",
            ]),
        CommandCase(
            command: "namespace list", shows: ["NAME", "default", "team", "0 of 7"],
            fields: JSONFields.namespace.inside("namespaces"),
            values: [
                "namespaces.0.name": "default", "namespaces.0.usage.functions": "2",
                "namespaces.2.limits.cpu": "2",
            ]),
        CommandCase(
            command: "namespace describe", table: ["team"], shows: ["0 of 7", "0 of 1Gi", "Defaults:"],
            fields: .namespace, values: ["name": "team", "limits.instances": "9"]),
    ]

    private static let changing: [CommandCase] = [
        CommandCase(
            command: "scale", table: ["hello", "2"], shows: ["hello.default: scale is 2"],
            json: ["hello", "auto"], fields: .function, values: ["name": "hello", "scale": "auto"]),
        CommandCase(
            command: "rollout undo", table: ["hello"], shows: ["hello.default: hello-00003 takes requests"],
            json: ["hello", "--to", "2"], fields: .function,
            values: ["revision": "hello-00004", "generation": "4"]),
    ]

    private static let system: [CommandCase] = [
        CommandCase(
            command: "system info", shows: ["Version:", "GATEWAY", "STATE", "Functions:    2"],
            fields: .systemInfo,
            values: ["gateway": "GATEWAY", "stateDirectory": "STATE", "functions": "2"]),
        CommandCase(
            command: "system check", shows: ["STATUS", "kernel", "cgroup"],
            fields: JSONFields("costs? detail mend? name status").inside("checks"),
            values: ["checks.0.name": "kernel"]),
        CommandCase(
            command: "system reload", shows: ["Nothing has changed."], fields: "changes",
            values: ["changes": "[]"]),
        CommandCase(
            command: "system prune", table: ["--all", "--yes"], shows: ["hello-00001.default: removed"],
            json: ["--all", "--dry-run"], fields: "contentBytes contents logBytes logs revisions",
            values: ["revisions": "[]", "contents": "0"]),
        CommandCase(
            command: "system backup", table: ["FOLDER/backup"], shows: ["Backed up to FOLDER/backup"],
            json: ["FOLDER/second"], fields: "bytes file", values: ["file": "FOLDER/second"]),
        CommandCase(
            command: "system restore", table: ["--replace", "FOLDER/backup"],
            shows: ["Restored 2 functions", "STATE/before-restore"], json: ["--replace", "FOLDER/second"],
            fields: "createdAt functions previous version",
            values: ["functions": "2", "previous": "STATE/before-restore"], isRestart: true),
        CommandCase(
            command: "config check", table: ["--config", "FOLDER/good.yaml"], shows: ["good.yaml: good"],
            json: ["-f", "FOLDER/torpor.yaml", "--config", "FOLDER/good.yaml"],
            fields: "checked.file checked.functions checked.note? checked.problem?",
            values: ["checked.0.file": "FOLDER/good.yaml", "checked.1.functions.0": "declared.default"]),
    ]

    private static let removing: [CommandCase] = [
        CommandCase(
            command: "remove", table: ["hello"], shows: ["hello.default: removed"], json: ["declared"],
            fields: "removed", values: ["removed.0": "declared.default"]),
        CommandCase(
            command: "secret remove", table: ["token"], shows: ["default/token: removed"], json: ["other"],
            fields: "removed", values: ["removed.0": "default/other"]),
        CommandCase(
            command: "volume remove", table: ["data"], shows: ["default/data: removed"], json: ["more"],
            fields: "removed", values: ["removed.0": "default/more"]),
        CommandCase(
            command: "namespace remove", table: ["team"], shows: ["team: removed"], json: ["spare"],
            fields: "removed", values: ["removed.0": "spare"]),
    ]
}
