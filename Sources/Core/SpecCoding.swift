// A spec in JSON: every key may be missing and then has its default; durations are texts.

extension FunctionSpec {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, command, port, environment, concurrency, timeout, queueTimeout, startTimeout, stopGrace,
            scale
        case limits, network, cgi, secrets, volumes, configs, labels, annotations
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        try fields.read(.mode, into: &mode)
        command = try fields.decodeIfPresent([String].self, forKey: .command)
        try fields.read(.port, into: &port)
        try fields.read(.environment, into: &environment)
        try fields.read(.concurrency, into: &concurrency)
        try fields.readDuration(.timeout, into: &timeout)
        try fields.readDuration(.queueTimeout, into: &queueTimeout)
        try fields.readDuration(.startTimeout, into: &startTimeout)
        try fields.readDuration(.stopGrace, into: &stopGrace)
        try fields.read(.scale, into: &scale)
        try fields.read(.limits, into: &limits)
        try fields.read(.network, into: &network)
        try fields.read(.cgi, into: &cgi)
        try fields.read(.secrets, into: &secrets)
        try fields.read(.volumes, into: &volumes)
        try fields.read(.configs, into: &configs)
        try fields.read(.labels, into: &labels)
        try fields.read(.annotations, into: &annotations)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(mode, forKey: .mode)
        try fields.encodeIfPresent(command, forKey: .command)
        try fields.encode(port, forKey: .port)
        try fields.encode(environment, forKey: .environment)
        try fields.encode(concurrency, forKey: .concurrency)
        try fields.encode(DurationText.format(timeout), forKey: .timeout)
        try fields.encode(DurationText.format(queueTimeout), forKey: .queueTimeout)
        try fields.encode(DurationText.format(startTimeout), forKey: .startTimeout)
        try fields.encode(DurationText.format(stopGrace), forKey: .stopGrace)
        try fields.encode(scale, forKey: .scale)
        try fields.encode(limits, forKey: .limits)
        try fields.encode(network, forKey: .network)
        try fields.encode(cgi, forKey: .cgi)
        if !secrets.isEmpty { try fields.encode(secrets, forKey: .secrets) }
        if !volumes.isEmpty { try fields.encode(volumes, forKey: .volumes) }
        if !configs.isEmpty { try fields.encode(configs, forKey: .configs) }
        if !labels.isEmpty { try fields.encode(labels, forKey: .labels) }
        if !annotations.isEmpty { try fields.encode(annotations, forKey: .annotations) }
    }
}

extension ScaleSpec {
    package enum CodingKeys: String, CodingKey, CaseIterable { case min, max, target, freezeAfter, stopAfter }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        try fields.read(.min, into: &min)
        try fields.read(.max, into: &max)
        try fields.read(.target, into: &target)
        try fields.read(.freezeAfter, into: &freezeAfter)
        try fields.read(.stopAfter, into: &stopAfter)
    }
}

extension KeyedDecodingContainer {
    fileprivate func read<T: Decodable>(_ key: Key, into value: inout T) throws {
        if let found = try decodeIfPresent(T.self, forKey: key) { value = found }
    }

    fileprivate func readDuration(_ key: Key, into value: inout Duration) throws {
        guard let text = try decodeIfPresent(String.self, forKey: key) else { return }
        do {
            value = try DurationText.parse(text)
        } catch {
            throw error.inside((codingPath + [key]).map(\.stringValue).joined(separator: "."))
        }
    }
}
