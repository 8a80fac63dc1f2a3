package import Core

/// What a function is doing now, in one word.
package enum FunctionStatus: String, Sendable, Hashable, Codable, CaseIterable {
    /// No revision ever came up.
    case failed
    /// No instance: the next request starts one.
    case asleep
    /// The last instances end; the next request starts another.
    case draining
    /// Instances are being made, none takes requests yet.
    case starting
    /// All instances are frozen: the next request thaws one.
    case frozen
    case ready
}

/// Instances of a function or of the host, by state. What is over (`stopped`, `failed`) is not counted.
package struct InstanceCounts: Sendable, Hashable, Codable {
    package var creating = 0
    package var starting = 0
    package var ready = 0
    package var frozen = 0
    package var draining = 0

    package init() {}

    package init(_ states: some Sequence<InstanceState>) {
        for state in states { count(state) }
    }

    package var total: Int { creating + starting + ready + frozen + draining }

    package mutating func count(_ state: InstanceState) {
        switch state {
        case .creating: creating += 1
        case .starting: starting += 1
        case .ready: ready += 1
        case .frozen: frozen += 1
        case .draining: draining += 1
        case .stopped, .failed: break
        }
    }
}

/// One line of `torpor list`.
package struct FunctionView: Sendable, Hashable, Codable {
    package var name: String
    package var namespace: NamespaceName
    package var status: FunctionStatus
    /// Name of the revision that takes requests (`hello-00003`); nil while none ever came up.
    package var revision: String?
    /// Name of the newest revision; differs from `revision` while it comes up, or when it failed to.
    package var latestRevision: String
    package var mode: FunctionMode
    package var source: FunctionSource
    package var scale: ScaleTarget
    package var instances: InstanceCounts
    package var inFlight: Int
    package var createdAt: Timestamp
    /// `cause` of the last failure.
    package var lastFailureCause: String?
    /// The highest revision number ever used: what `DeployRequest.ifGeneration` is compared with.
    package var generation: Int
    /// Whether its last deploy came from a manifest.
    package var applied: Bool
    /// Limits that somebody named and that do not hold on this host (`limits: besteffort`).
    package var warnings: [String]

    /// The status follows from `active` and `instances`.
    package init(
        key: FunctionKey, active: RevisionID?, latest: RevisionID, mode: FunctionMode, source: RevisionSource,
        scale: ScaleTarget, instances: InstanceCounts, inFlight: Int, createdAt: Timestamp,
        lastFailureCause: String?, generation: Int, applied: Bool, warnings: [String] = []
    ) {
        name = key.name
        namespace = key.namespace
        status = Self.status(active: active != nil, instances)
        revision = active?.name
        latestRevision = latest.name
        self.mode = mode
        self.source = FunctionSource(source)
        self.scale = scale
        self.instances = instances
        self.inFlight = inFlight
        self.createdAt = createdAt
        self.lastFailureCause = lastFailureCause
        self.generation = generation
        self.applied = applied
        self.warnings = warnings
    }

    private static func status(active: Bool, _ instances: InstanceCounts) -> FunctionStatus {
        if instances.ready > 0 { return .ready }
        if instances.frozen > 0 { return .frozen }
        if instances.creating + instances.starting > 0 { return .starting }
        if instances.draining > 0 { return .draining }
        return active ? .asleep : .failed
    }
}

/// A source on the wire: `{"bundle": "/srv/hello"}` or `{"rootfs": "/srv/rootfs"}`.
package struct FunctionSource: Sendable, Hashable {
    package let value: RevisionSource
    package init(_ value: RevisionSource) { self.value = value }
}

extension FunctionSource: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case bundle, rootfs }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let bundle = try fields.decodeIfPresent(String.self, forKey: .bundle)
        let rootfs = try fields.decodeIfPresent(String.self, forKey: .rootfs)
        switch (bundle, rootfs) {
        case (let path?, nil): value = .bundle(path: path)
        case (nil, let path?): value = .rootfs(path: path)
        default:
            throw InvalidInput(
                decoder.codingPath.dotted, "names no source or two", allowed: "either bundle or rootfs")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        switch value {
        case .bundle(let path): try fields.encode(path, forKey: .bundle)
        case .rootfs(let path): try fields.encode(path, forKey: .rootfs)
        }
    }
}

extension [any CodingKey] {
    var dotted: String { map(\.stringValue).joined(separator: ".") }
}
