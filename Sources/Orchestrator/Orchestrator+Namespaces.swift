package import Core
internal import Scaling

// Namespaces: who may deploy how much into them, and how many instances may live there.
extension Orchestrator {
    /// `default` is there without having been made.
    func namespace(_ name: NamespaceName) -> NamespaceRecord? {
        namespaces[name] ?? (name == .default ? NamespaceRecord(name: name) : nil)
    }

    /// All there are, with what they use, sorted.
    package func namespaceViews() -> [(record: NamespaceRecord, usage: NamespaceUsage)] {
        Set(namespaces.keys).union([.default]).sorted().compactMap { name in
            namespace(name).map { ($0, usage(of: name)) }
        }
    }

    package func hasNamespace(_ name: NamespaceName) -> Bool { namespace(name) != nil }

    /// Makes one that is not there, or replaces limits and defaults of one that is; functions that are deployed keep what
    /// they have, and instances that live go on. Durable when it returns.
    /// - Throws: `InvalidInput`, `CommandError`, or what the store refused.
    package func setNamespace(_ record: NamespaceRecord, mustBeNew: Bool) async throws {
        try record.validate()
        await lockContent()
        defer { contentLock.release() }
        let known = namespaces[record.name]
        if mustBeNew, namespace(record.name) != nil { throw CommandError.namespaceExists(record.name) }
        if !mustBeNew, namespace(record.name) == nil { throw CommandError.unknownNamespace(record.name) }
        guard known != nil || namespaces.count < Limits.namespaces else {
            throw InvalidInput(
                "name", "there are \(Limits.namespaces) namespaces", allowed: "at most \(Limits.namespaces)")
        }
        var record = record
        record.createdAt = known?.createdAt ?? time.unixTime()
        try await journal.store.save(record)
        namespaces[record.name] = record
        roomChanged(in: record.name)
    }

    /// Removes one that has no function.
    /// - Parameter check: throws where it has something else.
    package func removeNamespace(
        _ name: NamespaceName, check: @Sendable () async throws -> Void
    ) async throws {
        await lockContent()
        defer { contentLock.release() }
        guard namespaces[name] != nil else {
            throw name == .default
                ? InvalidInput("namespace", "'default' is always there") : CommandError.unknownNamespace(name)
        }
        let users = functions.keys.filter { $0.namespace == name }.sorted()
        guard users.isEmpty else { throw CommandError.inUse(users) }
        try await check()
        try await journal.store.remove(name)
        namespaces[name] = nil
    }

    // MARK: At deploy

    /// A spec with the defaults of its namespace.
    func completed(_ spec: FunctionSpec, _ key: FunctionKey) -> FunctionSpec {
        namespaces[key.namespace]?.completed(spec) ?? spec
    }

    /// - Throws: `InvalidInput` when the namespace is not there, or has no room for this. A function that is deployed
    ///   already may take the place of its former revision.
    func admitToNamespace(_ key: FunctionKey, _ spec: FunctionSpec) throws(InvalidInput) {
        guard let namespace = namespace(key.namespace) else {
            throw InvalidInput(
                "namespace", "there is no namespace '\(key.namespace)'",
                allowed: "make it first: torpor namespace create \(key.namespace)")
        }
        let limits = namespace.limits
        let isNew = view(of: key) == nil
        let usage = usage(of: key.namespace)
        if isNew, let most = limits.functions, usage.functions >= most {
            let count = most == 1 ? "1 function" : "\(most) functions"
            throw full(
                namespace, "has \(count), its limit", "see: torpor namespace describe \(key.namespace)")
        }
        guard limits.boundInstances else { return }
        for (name, isBounded, isNamed) in [
            ("memory", limits.memory != nil, spec.limits.memory != nil),
            ("cpu", limits.cpu != nil, spec.limits.cpu != nil),
        ] where isBounded && !isNamed {
            throw InvalidInput(
                "limits.\(name)", "is missing, and namespace '\(key.namespace)' limits it",
                allowed: "name it, or give the namespace a default")
        }
        let floors = floors(of: key.namespace, without: key)
        guard floors.room(limits, for: spec.limits) >= max(1, spec.scale.min) else {
            throw full(
                namespace, "has no room for \(Self.instances(max(1, spec.scale.min))) of it",
                "beside what scale.min of its other functions takes")
        }
        guard !isNew || usage.room(limits, for: spec.limits) >= 1 else {
            throw full(
                namespace, "runs \(Self.instances(usage.instances))",
                "it needs room for one more to bring it up")
        }
    }

    private static func instances(_ count: Int) -> String {
        count == 1 ? "1 instance" : "\(count) instances"
    }

    private func full(_ namespace: NamespaceRecord, _ problem: String, _ allowed: String) -> InvalidInput {
        InvalidInput("namespace", "'\(namespace.name)' is full: it \(problem)", allowed: allowed)
    }

    /// What the functions of a namespace keep for themselves: `scale.min` of each.
    private func floors(of name: NamespaceName, without key: FunctionKey) -> NamespaceUsage {
        var usage = NamespaceUsage()
        for machine in functions.values where machine.key.namespace == name && machine.key != key {
            guard let active = machine.active, !machine.isRemoved else { continue }
            usage.add(active.spec.limits, times: machine.capacity?.floor ?? 0)
        }
        return usage
    }

    // MARK: At scale

    /// Tells a function how many instances of its active revision may be started.
    func tellRoom(_ key: FunctionKey) {
        var room = Int.max
        let limits = namespaces[key.namespace]?.limits
        if let limits, limits.boundInstances, let spec = functions[key]?.active?.spec {
            room = usage(of: key.namespace).room(limits, for: spec.limits)
        }
        functions[key]?.room = room
    }

    /// - Throws: `InvalidInput` when the namespace has no room for so many instances.
    func admitScale(_ key: FunctionKey, to count: Int) throws(InvalidInput) {
        guard let limits = namespaces[key.namespace]?.limits, limits.boundInstances,
            let spec = functions[key]?.active?.spec
        else { return }
        let most = floors(of: key.namespace, without: key).room(limits, for: spec.limits)
        guard count <= most else {
            throw InvalidInput(
                "scale", "namespace '\(key.namespace)' has no room for \(Self.instances(count))",
                allowed: "at most \(most), beside what scale.min of its other functions takes")
        }
    }

    // MARK: Told

    private static let fullCause = "NamespaceFull"

    /// A wanted instance is not started.
    func tellHeld(_ key: FunctionKey, _ cause: StartCause) {
        guard let limits = namespaces[key.namespace]?.limits, let spec = functions[key]?.active?.spec else {
            return
        }
        let scarce = usage(of: key.namespace).scarcest(limits, for: spec.limits)
        events.record(
            EventRecord(
                kind: .held, function: key, revision: functions[key]?.record.active, cause: Self.fullCause,
                message: "\(cause.waiter) waits: namespace '\(key.namespace)' has no room (\(scarce))",
                callID: cause.callID))
    }

    /// Whoever looks later sees it, too, and not only who asked.
    func tellingRefusal(
        of key: FunctionKey, _ what: String, _ check: () throws(InvalidInput) -> Void
    ) throws(InvalidInput) {
        do { try check() } catch {
            // What is wrong with the request itself is its sender's matter.
            if namespaces[key.namespace] != nil, Self.isOfRoom(error) {
                events.record(
                    EventRecord(
                        kind: .held, function: key, cause: Self.fullCause,
                        message: "\(what) was refused: \(error.problem)"))
            }
            throw error
        }
    }

    private static func isOfRoom(_ error: InvalidInput) -> Bool {
        ["namespace", "scale"].contains(error.path)
    }

    /// An instance has ended, or the limits are others: whoever waited for room asks again.
    func roomChanged(in name: NamespaceName) {
        guard namespaces[name]?.limits.boundInstances == true else { return }
        let short = functions.values.filter { $0.key.namespace == name && $0.lacksRoom }.map(\.key)
        for key in short.sorted() {
            functions[key]?.lacksRoom = false
            apply(.alarm, to: key)
            publishAgain(key)
        }
    }

    /// Functions, and instances of what takes requests. Those that drain, or that come up to replace others, are not
    /// counted: a redeploy may go over the limits by one instance for a moment.
    func usage(of name: NamespaceName) -> NamespaceUsage {
        var usage = NamespaceUsage()
        for machine in functions.values where machine.key.namespace == name && !machine.isRemoved {
            usage.functions += 1
            for instance in machine.instances.values where machine.counts(instance) {
                usage.add(machine.revisions[instance.revision]?.spec.limits ?? LimitSpec())
            }
        }
        return usage
    }
}

extension FunctionMachine {
    fileprivate func counts(_ instance: Instance) -> Bool {
        guard !instance.state.isOver, instance.state != .draining else { return false }
        return record.active == nil || instance.revision == record.active
    }
}
