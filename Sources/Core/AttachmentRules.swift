// What a spec attaches to its containers beside the root filesystem: how much of it, and where.

extension FunctionSpec {
    /// Whether the function has secrets, volumes or configuration files.
    package var hasAttachments: Bool { !(secrets.isEmpty && volumes.isEmpty && configs.isEmpty) }

    func validateAttachments() throws(InvalidInput) {
        guard hasAttachments else { return }
        for (key, count, most) in [
            ("secrets", secrets.count, Limits.secretsPerFunction),
            ("volumes", volumes.count, Limits.volumesPerFunction),
            ("configs", configs.count, Limits.configsPerFunction),
        ] where count > most {
            throw InvalidInput(key, "\(count) of them", allowed: "at most \(most)")
        }
        let bytes = configs.reduce(0) { $0 + $1.content.count }
        guard bytes <= Limits.configBytes else {
            throw InvalidInput(
                "configs", "the files have \(bytes) bytes together", allowed: "at most \(Limits.configBytes)")
        }
        if let twice = Self.firstTwice(secrets.map(\.description)) {
            throw InvalidInput("secrets", "'\(twice)' stands twice")
        }
        try validateEach("volumes", volumes) { volume throws(InvalidInput) in try volume.validate() }
        try validateEach("configs", configs) { file throws(InvalidInput) in try file.validate() }
        if let twice = Self.firstTwice(volumes.map(\.path) + configs.map(\.path)) {
            throw InvalidInput("volumes", "two things are to be at '\(twice.prefix(80))'", allowed: "one")
        }
    }

    private func validateEach<T>(
        _ key: String, _ values: [T], _ check: (T) throws(InvalidInput) -> Void
    ) throws(InvalidInput) {
        for (index, value) in values.enumerated() {
            do { try check(value) } catch { throw error.inside("\(key)[\(index)]") }
        }
    }

    private static func firstTwice(_ texts: [String]) -> String? {
        var seen: Set<String> = []
        return texts.first { !seen.insert($0).inserted }
    }
}
