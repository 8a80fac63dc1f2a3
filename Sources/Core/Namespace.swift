/// What the functions of a namespace may use together; nil is no limit.
package struct NamespaceLimits: Hashable, Sendable, Codable {
    package var functions: Int?
    /// Instances that live at one time, whatever state they are in until they drain.
    package var instances: Int?
    /// The sum of `limits.memory` of these instances; then every function must have one.
    package var memory: ByteCount?
    package var cpu: CPUQuantity?

    package enum CodingKeys: String, CodingKey, CaseIterable { case functions, instances, memory, cpu }

    package init(
        functions: Int? = nil, instances: Int? = nil, memory: ByteCount? = nil, cpu: CPUQuantity? = nil
    ) {
        self.functions = functions
        self.instances = instances
        self.memory = memory
        self.cpu = cpu
    }

    /// Whether the number of instances is bounded by anything here.
    package var boundInstances: Bool { instances != nil || memory != nil || cpu != nil }

    package func validate() throws(InvalidInput) {
        for (name, value, most) in [
            ("functions", functions, Limits.functions), ("instances", instances, Limits.instances),
        ] {
            guard let value, !(0...most).contains(value) else { continue }
            throw InvalidInput(name, "\(value) is out of range", allowed: "0 to \(most)")
        }
    }
}

/// A namespace: made by name, with limits and with defaults for functions that name no limits of their own.
package struct NamespaceRecord: Hashable, Sendable {
    package var name: NamespaceName
    package var limits: NamespaceLimits
    package var defaults: LimitSpec
    /// Unix seconds; 0 for `default`, which is always there.
    package var createdAt: Int64

    package init(
        name: NamespaceName, limits: NamespaceLimits = NamespaceLimits(), defaults: LimitSpec = LimitSpec(),
        createdAt: Int64 = 0
    ) {
        self.name = name
        self.limits = limits
        self.defaults = defaults
        self.createdAt = createdAt
    }

    package func validate() throws(InvalidInput) {
        do { try limits.validate() } catch { throw error.inside("limits") }
        do { try defaults.validate() } catch {
            // Their paths begin with `limits`, as a function's do.
            throw InvalidInput(
                "defaults" + error.path.dropFirst("limits".count), error.problem, allowed: error.allowed)
        }
    }

    /// A spec with the namespace's defaults where it names nothing.
    package func completed(_ spec: FunctionSpec) -> FunctionSpec {
        var spec = spec
        spec.limits.memory = spec.limits.memory ?? defaults.memory
        spec.limits.cpu = spec.limits.cpu ?? defaults.cpu
        spec.limits.pids = spec.limits.pids ?? defaults.pids
        spec.limits.disk = spec.limits.disk ?? defaults.disk
        return spec
    }
}

/// What the functions of a namespace use now.
package struct NamespaceUsage: Hashable, Sendable {
    package var functions = 0
    package var instances = 0
    package var memory: Int64 = 0
    package var millicores = 0

    package init() {}

    package mutating func add(_ limits: LimitSpec, times count: Int = 1) {
        instances += count
        memory += (limits.memory?.bytes ?? 0) * Int64(count)
        millicores += (limits.cpu?.millicores ?? 0) * count
    }

    /// Whether something is free that was used before.
    package func leavesMore(than before: NamespaceUsage) -> Bool {
        instances < before.instances || memory < before.memory || millicores < before.millicores
    }

    /// What leaves the least room for an instance with these limits, in words: `instances 2 of 2`.
    package func scarcest(_ bounds: NamespaceLimits, for limits: LimitSpec) -> String {
        let instance = NamespaceLimits(instances: bounds.instances)
        let memory = NamespaceLimits(memory: bounds.memory)
        let least = room(bounds, for: limits)
        if let most = bounds.instances, room(instance, for: limits) == least {
            return "instances \(instances) of \(most)"
        }
        if let most = bounds.memory, room(memory, for: limits) == least {
            let each = limits.memory.map { ", and it needs \($0)" } ?? ""
            return "memory \(ByteCount(self.memory)) of \(most)\(each)"
        }
        let each = limits.cpu.map { ", and it needs \($0)" } ?? ""
        return "cpu \(CPUQuantity(millicores: millicores)) of \(bounds.cpu.map { "\($0)" } ?? "any")\(each)"
    }

    /// How many instances with these limits there is still room for.
    package func room(_ bounds: NamespaceLimits, for limits: LimitSpec) -> Int {
        var room = Int.max
        if let most = bounds.instances { room = min(room, most - instances) }
        if let most = bounds.memory, let each = limits.memory?.bytes, each > 0 {
            room = min(room, Int((most.bytes - memory) / each))
        }
        if let most = bounds.cpu, let each = limits.cpu?.millicores, each > 0 {
            room = min(room, (most.millicores - millicores) / each)
        }
        return max(0, room)
    }
}

/// Where namespaces are kept. Adapter: `Store`.
package protocol NamespaceStore: Sendable {
    func namespaces() async throws -> [NamespaceRecord]
    /// Inserts or replaces; durable when it returns.
    func save(_ namespace: NamespaceRecord) async throws
    /// Durable when it returns.
    func remove(_ namespace: NamespaceName) async throws
}
