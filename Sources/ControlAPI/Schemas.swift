internal import Core

extension Schema {
    /// Every type that crosses the socket. A test encodes each and holds it against its schema.
    package static let all: [(name: String, schema: Schema)] = requests + views + resources + system

    private static let requests: [(name: String, schema: Schema)] = [
        (
            "DeployRequest",
            .object([
                needs("name", .string), may("namespace", .string), needs("source", .reference("Source")),
                may("spec", .reference("FunctionSpec")), may("wait", .boolean),
                may("ifGeneration", .integer), may("applied", .boolean),
            ])
        ),
        (
            "UndoRequest",
            .object([may("revision", .integer), may("ifGeneration", .integer), may("wait", .boolean)])
        ),
        ("Source", .object([may("bundle", .string), may("rootfs", .string)])),
        ("Scale", .either([.choice(["auto"]), .integer])),
        (
            "ScaleRequest",
            .object([needs("scale", .reference("Scale")), may("ifGeneration", .integer)])
        ),
        (
            "FunctionSpec",
            .object([
                may("mode", names(FunctionMode.self)), may("command", .array(.string)),
                may("port", .integer), may("environment", .map(.string)), may("concurrency", .integer),
                may("timeout", .string), may("queueTimeout", .string), may("startTimeout", .string),
                may("stopGrace", .string), may("scale", .reference("ScaleSpec")),
                may("limits", .reference("LimitSpec")), may("network", .reference("Network")),
                may("cgi", .boolean),
                may("secrets", .array(.string)), may("volumes", .array(.reference("Volume"))),
                may("configs", .array(.reference("ConfigFile"))),
            ])
        ),
        (
            "ScaleSpec",
            .object([
                may("min", .integer), may("max", .integer), may("target", .integer),
                may("freezeAfter", .string), may("stopAfter", .string),
            ])
        ),
        (
            "Network",
            .either([
                names(NetworkMode.self),
                .object([
                    needs("egress", .either([names(EgressWord.self), .array(.reference("EgressRule"))]))
                ]),
            ])
        ),
        (
            "EgressRule",
            .object([needs("to", .string), may("ports", .array(.either([.string, .integer])))])
        ),
        (
            "LimitSpec",
            .object([
                may("memory", .string), may("cpu", .string), may("pids", .integer), may("disk", .string),
            ])
        ),
    ]

    private static let views: [(name: String, schema: Schema)] = [
        ("FunctionList", .object([needs("functions", .array(.reference("FunctionView")))])),
        (
            "FunctionView",
            .object([
                needs("name", .string), needs("namespace", .string),
                needs("status", names(FunctionStatus.self)), may("revision", .string),
                needs("latestRevision", .string), needs("mode", names(FunctionMode.self)),
                needs("source", .reference("Source")), needs("scale", .reference("Scale")),
                needs("instances", .reference("InstanceCounts")), needs("inFlight", .integer),
                needs("createdAt", .time), may("lastFailureCause", .string),
                needs("generation", .integer), needs("applied", .boolean),
                needs("warnings", .array(.string)),
            ])
        ),
        (
            "FunctionPlan",
            .object([
                needs("name", .string), needs("namespace", .string),
                needs("action", names(FunctionPlan.Action.self)), may("revision", .string),
                needs("changes", .array(.reference("FieldChange"))), needs("warnings", .array(.string)),
            ])
        ),
        (
            "StatsList",
            .object([needs("at", .time), needs("instances", .array(.reference("Stats")))])
        ),
        (
            "Stats",
            .object(
                [
                    needs("name", .string), needs("namespace", .string), needs("instance", .string),
                    needs("revision", .string), needs("state", names(InstanceState.self)),
                    needs("inFlight", .integer), needs("served", .integer),
                    needs("sources", .map(names(InstanceUsage.Source.self))),
                ]
                    + [
                        "cpuMicroseconds", "throttledMicroseconds", "memoryBytes", "memoryLimitBytes", "pids",
                        "readBytes", "writtenBytes", "receivedBytes", "sentBytes",
                    ].map { may($0, .integer) })
        ),
        ("PruneRequest", .object([needs("revisions", .boolean), needs("dryRun", .boolean)])),
        (
            "PruneResult",
            .object([
                needs("revisions", .array(.string)), needs("contents", .integer),
                needs("contentBytes", .integer), needs("logs", .integer), needs("logBytes", .integer),
            ])
        ),
        (
            "FieldChange",
            .object([needs("field", .string), may("from", .string), may("to", .string)])
        ),
        (
            "Event",
            .object([
                needs("number", .integer), needs("at", .time), needs("kind", names(EventKind.self)),
                needs("name", .string), needs("namespace", .string), may("revision", .string),
                may("instance", .string), may("cause", .string), needs("message", .string),
                may("callID", .string), may("milliseconds", .number), may("skipped", .integer),
            ])
        ),
        (
            "InstanceCounts",
            .object(["creating", "starting", "ready", "frozen", "draining"].map { needs($0, .integer) })
        ),
        (
            "FunctionDetail",
            .object([
                needs("function", .reference("FunctionView")), needs("spec", .reference("FunctionSpec")),
                needs("revisions", .array(.reference("Revision"))),
                needs("instances", .array(.reference("Instance"))),
                needs("past", .array(.reference("PastInstance"))),
                may("lastFailure", .reference("Failure")), needs("warnings", .array(.string)),
                may("ids", .reference("IDRange")),
            ])
        ),
        (
            "IDRange",
            .object([needs("first", .integer), needs("count", .integer), needs("shared", .boolean)])
        ),
        (
            "Revision",
            .object([
                needs("name", .string), needs("number", .integer),
                needs("state", names(RevisionView.State.self)), needs("source", .reference("Source")),
                needs("rootfs", .string), needs("createdAt", .time),
                needs("spec", .reference("FunctionSpec")),
            ])
        ),
        (
            "Instance",
            .object([
                needs("id", .string), needs("revision", .string), needs("state", names(InstanceState.self)),
                needs("inFlight", .integer), needs("served", .integer), may("idleSeconds", .number),
                needs("startedAt", .time), may("startMilliseconds", .number), may("address", .string),
                may("pid", .integer),
            ])
        ),
        (
            "PastInstance",
            .object([
                needs("id", .string), needs("revision", .string), needs("state", names(InstanceState.self)),
                needs("startedAt", .time), may("endedAt", .time), may("exit", .reference("Exit")),
                may("cause", .string),
            ])
        ),
        (
            "Exit",
            .object([
                needs("reason", names(ExitView.Reason.self)), may("code", .integer), may("signal", .integer),
            ])
        ),
        (
            "Failure",
            .object([
                needs("phase", .choice(["create", "start", "ready", "run", "freeze"])),
                needs("cause", .string), needs("message", .string), may("exit", .reference("Exit")),
                may("instance", .string), may("callID", .string), needs("log", .array(.string)),
                needs("at", .time),
            ])
        ),
        (
            "LogLine",
            .object([
                needs("at", .time), needs("instance", .string),
                needs("stream", names(LogLine.Stream.self)), needs("text", .string),
                may("continues", .boolean),
            ])
        ),
        ("ErrorBody", .object([needs("error", .reference("Error"))])),
        (
            "Error",
            .object([
                needs("kind", names(ControlError.Kind.self)), needs("message", .string), may("path", .string),
                may("allowed", .string), may("failure", .reference("Failure")),
            ])
        ),
    ]

    private static let system: [(name: String, schema: Schema)] = [
        (
            "SystemInfo",
            .object([
                needs("version", .string), needs("pid", .integer), needs("startedAt", .time),
                needs("uptimeSeconds", .integer), needs("stateDirectory", .string),
                needs("runDirectory", .string), needs("gateway", .string), needs("kernel", .string),
                needs("architecture", .string), needs("rootless", .boolean), needs("functions", .integer),
                needs("instances", .reference("InstanceCounts")), needs("cgroup", .reference("Cgroup")),
                needs("slots", .reference("Slots")), needs("activity", .reference("Activity")),
                may("adminListen", .string),
            ])
        ),
        (
            "Cgroup",
            .object([
                may("path", .string), needs("controllers", .array(.string)), needs("canFreeze", .boolean),
            ])
        ),
        (
            "Activity",
            .object([
                needs("requests", .integer), needs("failedRequests", .integer), needs("waiting", .integer),
                needs("clientConnections", .integer), needs("coldStarts", .reference("Times")),
                needs("thaws", .reference("Times")), needs("failedStarts", .integer),
                needs("crashes", .integer), needs("freezes", .integer), needs("idleStops", .integer),
                needs("memoryBytes", .integer), needs("cpuSeconds", .number), needs("openFiles", .integer),
                needs("storeBytes", .integer),
            ])
        ),
        ("Times", .object([needs("count", .integer), may("p50", .number), may("p99", .number)])),
        ("Slots", .object([needs("free", .integer), needs("used", .integer)])),
        (
            "RestoreReport",
            .object([
                needs("functions", .integer), needs("createdAt", .time), needs("version", .string),
                may("previous", .string),
            ])
        ),
        ("ReloadReport", .object([needs("changes", .array(.reference("Change")))])),
        (
            "Change",
            .object([
                needs("setting", .string), needs("from", .string), needs("to", .string),
                needs("applied", .boolean),
            ])
        ),
        ("CheckList", .object([needs("checks", .array(.reference("Check")))])),
        (
            "Check",
            .object([
                needs("name", .string), needs("status", names(CheckItem.Status.self)),
                needs("detail", .string), may("costs", .string), may("mend", .string),
            ])
        ),
    ]

    static func needs(_ name: String, _ schema: Schema) -> Field {
        Field(name: name, schema: schema, isOptional: false)
    }

    static func may(_ name: String, _ schema: Schema) -> Field {
        Field(name: name, schema: schema, isOptional: true)
    }

    private static func names<T: CaseIterable & RawRepresentable<String>>(_ type: T.Type) -> Schema {
        .choice(T.allCases.map(\.rawValue))
    }
}
