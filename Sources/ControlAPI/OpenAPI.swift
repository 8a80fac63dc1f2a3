internal import Core

/// The description of the API that `/v1/openapi.json` answers, made from `ControlRoute` and `Schema.all`.
package enum OpenAPI {
    package static func document() -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for route in ControlRoute.allCases {
            var operations: [String: JSONValue] = [:]
            if case .object(let known)? = paths[route.template] { operations = known }
            operations[route.method.lowercased()] = operation(route)
            paths[route.template] = .object(operations)
        }
        let schemas = Schema.all.map { ($0.name, $0.schema.json) }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Torpor control API", "version": .string(TorporVersion.current),
                "description":
                    "HTTP/1.1 on the daemon's unix socket. Whoever may open it is as powerful as root.",
            ],
            "paths": .object(paths),
            "components": ["schemas": .object(Dictionary(schemas) { _, last in last })],
        ]
    }

    private static func operation(_ route: ControlRoute) -> JSONValue {
        var fields: [String: JSONValue] = [
            "operationId": .string(route.rawValue), "summary": .string(route.summary),
            "responses": [
                route.successStatus: [
                    "description": .string(route.summary), "content": .object(route.responseContent),
                ],
                "default": [
                    "description": "What went wrong",
                    "content": ["application/json": ["schema": Schema.reference("ErrorBody").json]],
                ],
            ],
        ]
        if !route.parameters.isEmpty { fields["parameters"] = .array(route.parameters) }
        if let body = route.requestSchema {
            var content: [String: JSONValue] = ["application/json": ["schema": Schema.reference(body).json]]
            if route == .deployFunction || route == .planFunction {
                content["application/x-tar"] = [
                    "schema": ["type": "string", "format": "binary"],
                    "example": "request.json (as application/json), then the files of its source",
                ]
            }
            fields["requestBody"] = ["required": true, "content": .object(content)]
        }
        if route == .setSecret {
            let bytes: JSONValue = ["schema": ["type": "string", "format": "binary"]]
            fields["requestBody"] = ["required": true, "content": ["application/octet-stream": bytes]]
        }
        return .object(fields)
    }
}

extension ControlRoute {
    package var summary: String {
        switch self {
        case .listFunctions: "Lists functions"
        case .deployFunction: "Deploys a function: makes a new revision and brings it up"
        case .describeFunction: "Describes a function with its revisions, instances and last failure"
        case .removeFunction: "Removes a function; requests in flight finish"
        case .scaleFunction: "Keeps a number of instances by hand, or goes back to automatic scaling"
        case .functionLogs: "Streams log lines, one JSON object per line"
        case .planFunction: "Tells what a deploy would change, and changes nothing"
        case .undoFunction: "Deploys an earlier revision again, as a new one"
        case .events: "Streams what happened to functions, one JSON object per line"
        case .stats: "Tells what all instances use"
        case .functionStats: "Tells what the instances of a function use"
        case .systemPrune: "Removes what nothing needs: logs, content, and revisions if asked"
        case .listSecrets: "Lists secrets, without their values"
        case .setSecret: "Sets a secret to the bytes of the body; running instances see it"
        case .removeSecret: "Removes a secret that no function uses"
        case .listNamespaces: "Lists namespaces with what they use"
        case .createNamespace: "Makes a namespace"
        case .describeNamespace: "Describes a namespace"
        case .changeNamespace: "Replaces a namespace's limits and defaults"
        case .removeNamespace: "Removes a namespace that is empty"
        case .listVolumes: "Lists named volumes"
        case .removeVolume: "Removes a volume that no function uses, with its files"
        case .systemInfo: "Tells about the daemon"
        case .systemCheck: "Checks what Torpor needs of its host"
        case .reloadConfiguration: "Reads the daemon's configuration again"
        case .backup: "Streams everything that Torpor keeps as a tar archive with a checksum behind it"
        case .restore: "Takes such an archive, checks it, and starts the daemon anew with it"
        case .openAPI: "Describes this API"
        }
    }

    package var successStatus: String { method == "DELETE" ? "204" : "200" }

    package var requestSchema: String? {
        switch self {
        case .deployFunction, .planFunction: "DeployRequest"
        case .undoFunction: "UndoRequest"
        case .systemPrune: "PruneRequest"
        case .createNamespace, .changeNamespace: "NamespaceRequest"
        case .scaleFunction: "ScaleRequest"
        default: nil
        }
    }

    package var responseSchema: String? {
        switch self {
        case .listFunctions: "FunctionList"
        case .deployFunction, .scaleFunction, .undoFunction: "FunctionView"
        case .planFunction: "FunctionPlan"
        case .events: "Event"
        case .systemPrune: "PruneResult"
        case .stats, .functionStats: "StatsList"
        case .describeFunction: "FunctionDetail"
        case .functionLogs: "LogLine"
        case .listSecrets: "SecretList"
        case .setSecret: "SecretView"
        case .listNamespaces: "NamespaceList"
        case .createNamespace, .describeNamespace, .changeNamespace: "NamespaceView"
        case .listVolumes: "VolumeList"
        case .systemInfo: "SystemInfo"
        case .systemCheck: "CheckList"
        case .reloadConfiguration: "ReloadReport"
        case .restore: "RestoreReport"
        case .removeFunction, .removeSecret, .removeVolume, .removeNamespace, .openAPI, .backup: nil
        }
    }

    fileprivate var responseContent: [String: JSONValue] {
        guard let responseSchema else { return [:] }
        let type = self == .functionLogs || self == .events ? "application/x-ndjson" : "application/json"
        return [type: ["schema": Schema.reference(responseSchema).json]]
    }

    fileprivate var parameters: [JSONValue] {
        var result: [JSONValue] = []
        if namesNamespace {
            result.append(Self.parameter("namespace", in: "path", .string, required: true))
        } else if template.contains("{name}") {
            result += ["namespace", "name"].map { Self.parameter($0, in: "path", .string, required: true) }
        }
        switch self {
        case .listFunctions, .listSecrets, .listVolumes:
            result.append(Self.parameter("namespace", in: "query", .string))
        case .restore: result.append(Self.parameter("replace", in: "query", .boolean))
        case .removeFunction: result.append(Self.parameter("ifGeneration", in: "query", .integer))
        case .functionLogs:
            result += [
                Self.parameter("instance", in: "query", .string),
                Self.parameter("tail", in: "query", .integer),
                Self.parameter("since", in: "query", .time),
                Self.parameter("follow", in: "query", .boolean),
            ]
        case .events:
            result += [
                Self.parameter("namespace", in: "query", .string),
                Self.parameter("function", in: "query", .string),
                Self.parameter("kind", in: "query", .choice(EventKind.allCases.map(\.rawValue))),
                Self.parameter("tail", in: "query", .integer),
                Self.parameter("since", in: "query", .time),
                Self.parameter("follow", in: "query", .boolean),
            ]
        default: break
        }
        return result
    }

    private static func parameter(
        _ name: String, in place: String, _ schema: Schema, required: Bool = false
    ) -> JSONValue {
        ["name": .string(name), "in": .string(place), "required": .bool(required), "schema": schema.json]
    }
}
