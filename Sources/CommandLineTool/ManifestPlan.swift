internal import ControlAPI
internal import ControlClient
internal import Core
internal import Manifest

extension ManifestFunction {
    var request: DeployRequest { DeployRequest(key: key, source: source, spec: spec, applied: true) }
}

/// The functions of some namespaces before they are changed.
struct ThereAlready {
    private var functions: [FunctionKey: FunctionView] = [:]

    init(_ client: ControlClient, namespaces: Set<NamespaceName>) async throws {
        let all = try await client.list(namespace: namespaces.count == 1 ? namespaces.first : nil)
        for function in all where namespaces.contains(function.namespace) {
            guard let key = try? FunctionKey(name: function.name, namespace: function.namespace) else {
                continue
            }
            functions[key] = function
        }
    }

    func generation(of key: FunctionKey) -> Int { functions[key]?.generation ?? 0 }

    func generation(of function: FunctionView) -> Int {
        let key = try? FunctionKey(name: function.name, namespace: function.namespace)
        return key.flatMap { functions[$0]?.generation } ?? 0
    }

    /// Those that came from a manifest and are not among `declared`. What was deployed by hand stays.
    func surplus(over declared: [FunctionKey]) -> [FunctionKey] {
        functions.filter { $0.value.applied }.keys.filter { !declared.contains($0) }.sorted()
    }
}

/// What `apply` would do with a manifest.
struct ManifestPlan: Encodable {
    var functions: [FunctionPlan] = []
    /// Functions that `--prune` would remove.
    var removed: [String] = []
    /// Functions that would be refused, and why.
    var problems: [String] = []

    static func make(
        _ functions: [ManifestFunction], _ surplus: [FunctionKey], _ deployer: Deployer
    ) async -> ManifestPlan {
        var plan = ManifestPlan(removed: surplus.map(\.description))
        for function in functions {
            do {
                plan.functions.append(try await deployer.plan(function.request))
            } catch let error as ClientError {
                plan.problems.append("\(function.key): \(Explanation.text(of: error))")
            } catch {
                plan.problems.append("\(function.key): \(error)")
            }
        }
        return plan
    }

    func check() throws {
        if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\ntorpor: ")) }
    }

    /// - Parameter fields: whether each change is told.
    func text(fields: Bool) -> String {
        functions.map { Self.text($0, fields: fields) }.joined()
            + removed.map { "\($0): would be removed\n" }.joined()
    }

    private static func text(_ plan: FunctionPlan, fields: Bool) -> String {
        let name = "\(plan.name).\(plan.namespace)"
        var text =
            switch plan.action {
            case .none: "\(name): unchanged\n"
            case .create: "\(name): would be created\n"
            case .change where plan.changes.isEmpty:
                "\(name): would be deployed again; no field differs from \(plan.revision ?? "it")\n"
            case .change:
                "\(name): would change \(plan.changes.count) of \(plan.revision ?? "it")'s fields\n"
            }
        for warning in plan.warnings { text += "  warning: \(warning)\n" }
        return fields ? text + plan.changes.map(line).joined() : text
    }

    static func line(_ change: FieldChange) -> String {
        let (colour, text): (Colour, String) =
            switch (change.from, change.to) {
            case (nil, let to): (.green, "+ \(change.field): \(Cell.plain(to ?? ""))")
            case (let from?, nil): (.red, "- \(change.field): \(Cell.plain(from))")
            case (let from?, let to?):
                (.yellow, "~ \(change.field): \(Cell.plain(from)) -> \(Cell.plain(to))")
            }
        return "  \(ToolContext.current.painted(text, colour))\n"
    }
}
