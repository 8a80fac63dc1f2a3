package import Core

/// Every operation of the control API. Server, client and `/v1/openapi.json` all follow this list.
package enum ControlRoute: String, Sendable, CaseIterable {
    case listFunctions, deployFunction, describeFunction, removeFunction, scaleFunction, functionLogs
    case planFunction, undoFunction, events, stats, functionStats
    case listSecrets, setSecret, removeSecret, listVolumes, removeVolume
    case listNamespaces, createNamespace, describeNamespace, changeNamespace, removeNamespace
    case systemInfo, systemCheck, systemPrune, reloadConfiguration, backup, restore, openAPI

    package var method: String {
        switch self {
        case .deployFunction, .planFunction, .undoFunction, .systemPrune, .reloadConfiguration, .restore,
            .createNamespace:
            "POST"
        case .removeFunction, .removeSecret, .removeVolume, .removeNamespace: "DELETE"
        case .scaleFunction, .setSecret, .changeNamespace: "PUT"
        default: "GET"
        }
    }

    package var template: String {
        switch self {
        case .listFunctions, .deployFunction: "/v1/functions"
        case .describeFunction, .removeFunction: "/v1/functions/{namespace}/{name}"
        case .scaleFunction: "/v1/functions/{namespace}/{name}/scale"
        case .functionLogs: "/v1/functions/{namespace}/{name}/logs"
        case .planFunction: "/v1/plan"
        case .undoFunction: "/v1/functions/{namespace}/{name}/undo"
        case .events: "/v1/events"
        case .stats: "/v1/stats"
        case .functionStats: "/v1/functions/{namespace}/{name}/stats"
        case .systemPrune: "/v1/system/prune"
        case .listSecrets: "/v1/secrets"
        case .setSecret, .removeSecret: "/v1/secrets/{namespace}/{name}"
        case .listNamespaces, .createNamespace: "/v1/namespaces"
        case .describeNamespace, .changeNamespace, .removeNamespace: "/v1/namespaces/{namespace}"
        case .listVolumes: "/v1/volumes"
        case .removeVolume: "/v1/volumes/{namespace}/{name}"
        case .systemInfo: "/v1/system/info"
        case .systemCheck: "/v1/system/check"
        case .reloadConfiguration: "/v1/system/reload"
        case .backup: "/v1/system/backup"
        case .restore: "/v1/system/restore"
        case .openAPI: "/v1/openapi.json"
        }
    }

    /// The path of this operation on a function.
    package func path(_ function: FunctionKey? = nil) -> String {
        let segments = template.split(separator: "/").map { segment in
            switch (segment, function) {
            case ("{namespace}", let function?): function.namespace.description
            case ("{name}", let function?): function.name
            default: String(segment)
            }
        }
        return "/" + segments.joined(separator: "/")
    }

    package enum Match: Sendable, Equatable {
        /// Names are as they stand in the path, unchecked.
        case route(ControlRoute, namespace: String?, name: String?)
        /// There is such a path, with other methods.
        case otherMethods([String])
        case none
    }

    package static func match(method: String, path: String) -> Match {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        var methods: [String] = []
        for route in allCases {
            guard let names = route.names(in: segments) else { continue }
            if route.method == method {
                return .route(route, namespace: names["{namespace}"], name: names["{name}"])
            }
            methods.append(route.method)
        }
        return methods.isEmpty ? .none : .otherMethods(methods)
    }

    private func names(in segments: ArraySlice<Substring>) -> [String: String]? {
        let wanted = template.split(separator: "/")
        guard wanted.count == segments.count else { return nil }
        var names: [String: String] = [:]
        for (pattern, found) in zip(wanted, segments) {
            if pattern.hasPrefix("{") {
                names[String(pattern)] = String(found)
            } else if pattern != found {
                return nil
            }
        }
        return names
    }
}
