package import Core

/// A namespace with its limits, and what its functions use now.
package struct NamespaceView: Sendable, Hashable, Codable {
    package struct Usage: Sendable, Hashable, Codable {
        package var functions: Int
        package var instances: Int
        package var memory: ByteCount
        package var cpu: CPUQuantity

        package init(_ usage: NamespaceUsage) {
            functions = usage.functions
            instances = usage.instances
            memory = ByteCount(usage.memory)
            cpu = CPUQuantity(millicores: usage.millicores)
        }

        /// Nothing is used yet, which is no amount of CPU that anybody could ask for.
        package init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            functions = try fields.decode(Int.self, forKey: .functions)
            instances = try fields.decode(Int.self, forKey: .instances)
            memory = try fields.decode(ByteCount.self, forKey: .memory)
            let text = try fields.decode(String.self, forKey: .cpu)
            cpu = text == "0" ? CPUQuantity(millicores: 0) : try CPUQuantity(parsing: text)
        }
    }

    package var name: NamespaceName
    package var limits: NamespaceLimits
    package var defaults: LimitSpec
    package var usage: Usage
    /// Nil for `default`, until it is given limits.
    package var createdAt: Timestamp?

    package init(_ record: NamespaceRecord, usage: NamespaceUsage) {
        name = record.name
        limits = record.limits
        defaults = record.defaults
        self.usage = Usage(usage)
        createdAt = record.createdAt == 0 ? nil : Timestamp(unixSeconds: record.createdAt)
    }
}

package struct NamespaceList: Sendable, Hashable, Codable {
    package var namespaces: [NamespaceView]
    package init(namespaces: [NamespaceView]) { self.namespaces = namespaces }
}

/// A namespace to make, or to change.
package struct NamespaceRequest: Sendable, Hashable {
    package var record: NamespaceRecord
    package init(_ record: NamespaceRecord) { self.record = record }
}

extension NamespaceRequest: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, limits, defaults }

    /// Unknown keys are errors here, so that a misspelt limit is not silently none.
    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        if fields.contains(.limits) {
            try StrictKeys.check(fields.superDecoder(forKey: .limits), NamespaceLimits.CodingKeys.self)
        }
        if fields.contains(.defaults) {
            try StrictKeys.check(
                fields.superDecoder(forKey: .defaults), known: ["memory", "cpu", "pids", "disk"])
        }
        record = NamespaceRecord(
            name: try fields.decode(NamespaceName.self, forKey: .name),
            limits: try fields.decodeIfPresent(NamespaceLimits.self, forKey: .limits) ?? NamespaceLimits(),
            defaults: try fields.decodeIfPresent(LimitSpec.self, forKey: .defaults) ?? LimitSpec())
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(record.name, forKey: .name)
        try fields.encode(record.limits, forKey: .limits)
        try fields.encode(record.defaults, forKey: .defaults)
    }
}

/// The part of `ControlBackend` about namespaces.
package protocol NamespaceBackend: Sendable {
    /// Sorted by name; `default` is always among them.
    func namespaces() async throws(ControlError) -> [NamespaceView]
    func namespace(_ name: NamespaceName) async throws(ControlError) -> NamespaceView
    /// - Parameter mustBeNew: whether it is to be made, or to be changed.
    func setNamespace(
        _ record: NamespaceRecord, mustBeNew: Bool
    ) async throws(ControlError) -> NamespaceView
    /// - Throws: `conflict`, which names what is still in it.
    func removeNamespace(_ name: NamespaceName) async throws(ControlError)
}

extension ControlRoute {
    /// Whether the path names a namespace, and nothing in it.
    package var namesNamespace: Bool {
        switch self {
        case .describeNamespace, .changeNamespace, .removeNamespace: true
        default: false
        }
    }

    /// The path of this operation on a namespace.
    package func path(_ namespace: NamespaceName) -> String {
        template.replacing("{namespace}", with: namespace.description)
    }
}

extension ControlError {
    package static func noSuchNamespace(_ name: NamespaceName) -> ControlError {
        ControlError(.notFound, "there is no namespace '\(name)'")
    }
}
