package import Core

/// A function to deploy. Its paths are absolute and on the daemon's host.
package struct DeployRequest: Sendable, Hashable {
    package var key: FunctionKey
    package var source: RevisionSource
    package var spec: FunctionSpec
    /// Whether the answer waits until the revision takes requests, or failed to.
    package var wait: Bool
    /// Refused with `conflict` unless this is the function's generation, 0 for one that is not there: so that two who
    /// change one function at once do not undo each other's work.
    package var ifGeneration: Int?
    /// Whether it comes from a manifest, which then may prune it.
    package var applied: Bool

    package init(
        key: FunctionKey, source: RevisionSource, spec: FunctionSpec, wait: Bool = true,
        ifGeneration: Int? = nil, applied: Bool = false
    ) {
        self.ifGeneration = ifGeneration
        self.applied = applied
        self.key = key
        self.source = source
        self.spec = spec
        self.wait = wait
    }

    /// Checks what can be checked without looking at the host: the spec's ranges and the path's form.
    package func validate() throws(InvalidInput) {
        do { try spec.validate() } catch { throw error.inside("spec") }
        let (name, path) =
            switch source {
            case .bundle(let path): ("bundle", path)
            case .rootfs(let path): ("rootfs", path)
            }
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count < 4096, !path.utf8.contains(0) else {
            throw InvalidInput(
                "source.\(name)", "'\(path.prefix(80))' is not an absolute path",
                allowed: "a path on the daemon's host that begins with '/', at most 4095 bytes")
        }
        if name == "rootfs", spec.command == nil {
            throw InvalidInput("spec.command", "is missing", allowed: "a command, as rootfs names none")
        }
    }
}

extension DeployRequest: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case name, namespace, source, spec, wait, ifGeneration, applied
    }

    /// Unknown keys are errors here, so that a misspelt limit is not silently the default.
    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        key = try FunctionKey(
            name: fields.decode(String.self, forKey: .name),
            namespace: fields.decodeIfPresent(NamespaceName.self, forKey: .namespace) ?? .default)
        try StrictKeys.check(fields.superDecoder(forKey: .source), FunctionSource.CodingKeys.self)
        source = try fields.decode(FunctionSource.self, forKey: .source).value
        if fields.contains(.spec) {
            try StrictKeys.checkSpec(fields.superDecoder(forKey: .spec))
        }
        spec = try fields.decodeIfPresent(FunctionSpec.self, forKey: .spec) ?? FunctionSpec()
        wait = try fields.decodeIfPresent(Bool.self, forKey: .wait) ?? true
        ifGeneration = try fields.decodeIfPresent(Int.self, forKey: .ifGeneration)
        applied = try fields.decodeIfPresent(Bool.self, forKey: .applied) ?? false
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(key.name, forKey: .name)
        try fields.encode(key.namespace, forKey: .namespace)
        try fields.encode(FunctionSource(source), forKey: .source)
        try fields.encode(spec, forKey: .spec)
        try fields.encode(wait, forKey: .wait)
        try fields.encodeIfPresent(ifGeneration, forKey: .ifGeneration)
        try fields.encode(applied, forKey: .applied)
    }
}

/// How many instances: as many as requests need, or a number kept by hand. Travels as `"auto"` or a number.
package enum ScaleTarget: Sendable, Hashable {
    case auto
    /// 0 to `Limits.instancesPerFunction`. 0 puts the function to sleep now; a request still wakes it.
    case count(Int)

    package init(parsing text: String) throws(InvalidInput) {
        if text == "auto" {
            self = .auto
        } else if let count = Int(text), (0...Limits.instancesPerFunction).contains(count) {
            self = .count(count)
        } else {
            throw InvalidInput(
                "scale", "'\(text.prefix(40))' is no scale",
                allowed: "auto, or 0 to \(Limits.instancesPerFunction)")
        }
    }
}

extension ScaleTarget: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        let text = try (try? value.decode(Int.self)).map(String.init) ?? value.decode(String.self)
        do {
            try self.init(parsing: text)
        } catch {
            throw InvalidInput(decoder.codingPath.dotted, error.problem, allowed: error.allowed)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .auto: try value.encode("auto")
        case .count(let count): try value.encode(count)
        }
    }
}

package struct ScaleRequest: Sendable, Hashable {
    package var scale: ScaleTarget
    /// As in `DeployRequest`.
    package var ifGeneration: Int?

    package init(scale: ScaleTarget, ifGeneration: Int? = nil) {
        self.scale = scale
        self.ifGeneration = ifGeneration
    }
}

extension ScaleRequest: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case scale, ifGeneration }

    /// Unknown keys are errors here, so that a misspelt `ifGeneration` is not silently none.
    package init(from decoder: any Decoder) throws {
        try StrictKeys.check(decoder, CodingKeys.self)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        scale = try fields.decode(ScaleTarget.self, forKey: .scale)
        ifGeneration = try fields.decodeIfPresent(Int.self, forKey: .ifGeneration)
    }
}

/// Which lines of a function's logs.
package struct LogQuery: Sendable, Hashable {
    /// Nil is every instance whose log is kept.
    package var instance: InstanceID?
    /// Only the last lines, 0 to `Limits.logQueryLines`; nil is all that is kept.
    package var tail: Int?
    /// Only lines written at or after this moment.
    package var since: Timestamp?
    /// Whether to go on with what is written from now.
    package var follow: Bool

    package init(
        instance: InstanceID? = nil, tail: Int? = nil, since: Timestamp? = nil, follow: Bool = false
    ) {
        self.instance = instance
        self.tail = tail
        self.since = since
        self.follow = follow
    }
}

/// One line of a log, one line of the answer (newline-delimited JSON).
package struct LogLine: Sendable, Hashable, Codable {
    package enum Stream: String, Sendable, Codable, CaseIterable { case stdout, stderr }

    package var at: Timestamp
    package var instance: InstanceID
    package var stream: Stream
    /// Without its line feed; bytes that are not UTF-8 are replaced.
    package var text: String
    /// True where the line goes on in the next one of the same instance and stream: it was longer than
    /// `Limits.logLineBytes`, or waited for its end too long. Otherwise left out.
    package var continues: Bool?

    package init(
        at: Timestamp, instance: InstanceID, stream: Stream, text: String, continues: Bool? = nil
    ) {
        self.at = at
        self.instance = instance
        self.stream = stream
        self.text = text
        self.continues = continues
    }
}
