package import Core

/// One field that a deploy would change.
package struct FieldChange: Sendable, Hashable, Codable {
    /// As in a manifest, with dots: `scale.max`, `environment.GREETING`; also `source` and `content`.
    package var field: String
    /// Nil where it was not set, or is removed.
    package var from: String?
    package var to: String?

    package init(field: String, from: String?, to: String?) {
        self.field = field
        self.from = from
        self.to = to
    }

    /// What differs between two specs, by field; without an old one, what differs from the defaults.
    package static func between(_ old: FunctionSpec?, _ new: FunctionSpec) -> [FieldChange] {
        let before = fields(of: old ?? FunctionSpec())
        let after = fields(of: new)
        return Set(before.keys).union(after.keys).sorted().compactMap { field in
            guard before[field] != after[field] else { return nil }
            return FieldChange(field: field, from: old == nil ? nil : before[field], to: after[field])
        }
    }

    private static func fields(of spec: FunctionSpec) -> [String: String] {
        // A spec is always JSON: it is stored and sent as such.
        guard let data = try? ControlCoding.encode(spec),
            let json = try? ControlCoding.decode(JSONValue.self, from: data)
        else { return [:] }
        var result: [String: String] = [:]
        collect(json, "", into: &result)
        return result
    }

    private static func collect(_ value: JSONValue, _ path: String, into result: inout [String: String]) {
        guard case .object(let fields) = value else {
            result[path] = value.plainText
            return
        }
        for (key, value) in fields { collect(value, path.isEmpty ? key : "\(path).\(key)", into: &result) }
    }
}

extension JSONValue {
    /// A text as it is, everything else as JSON.
    package var plainText: String {
        if case .string(let text) = self { return text }
        return (try? ControlCoding.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// What a deploy would do, as told without doing it.
package struct FunctionPlan: Sendable, Hashable, Codable {
    package enum Action: String, Sendable, Codable, CaseIterable { case create, change, none }

    package var name: String
    package var namespace: NamespaceName
    package var action: Action
    /// Name of the revision that it is compared with; nil for a new function.
    package var revision: String?
    package var changes: [FieldChange]
    /// What the host cannot do for this function although it is asked to (`limits: besteffort`).
    package var warnings: [String]

    package init(
        key: FunctionKey, action: Action, revision: String?, changes: [FieldChange], warnings: [String]
    ) {
        name = key.name
        namespace = key.namespace
        self.action = action
        self.revision = revision
        self.changes = changes
        self.warnings = warnings
    }
}

/// Which revision to deploy again, as a new one.
package struct UndoRequest: Sendable, Hashable {
    /// Nil is the one that took requests before.
    package var revision: Int?
    /// As in `DeployRequest`.
    package var ifGeneration: Int?
    package var wait: Bool

    package init(revision: Int? = nil, ifGeneration: Int? = nil, wait: Bool = true) {
        self.revision = revision
        self.ifGeneration = ifGeneration
        self.wait = wait
    }
}

extension UndoRequest: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case revision, ifGeneration, wait }

    /// Unknown keys are errors here, so that a misspelt `ifGeneration` is not silently none.
    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        revision = try fields.decodeIfPresent(Int.self, forKey: .revision)
        ifGeneration = try fields.decodeIfPresent(Int.self, forKey: .ifGeneration)
        wait = try fields.decodeIfPresent(Bool.self, forKey: .wait) ?? true
    }
}
