internal import Core
internal import Yams

/// One entry of `functions:` to a spec.
struct FunctionReader {
    let entry: YAMLEntry
    let directory: String
    /// Where the function names none.
    let namespace: NamespaceName
    let read: Manifest.FileReader

    func function() throws(Misplaced) -> ManifestFunction {
        let fields = try entry.mapping()
        try fields.refuseUnknown(known: ManifestKeys.names(in: ""), notBuilt: ManifestKeys.notBuilt)
        var namespace = namespace
        if let field = fields["namespace"] {
            let text = try field.text()
            namespace = try field.checked { () throws(InvalidInput) in try NamespaceName(text) }
        }
        let key = try entry.checked { () throws(InvalidInput) in
            try FunctionKey(name: entry.name, namespace: namespace)
        }
        let source = try source(fields)
        var spec = FunctionSpec()
        try readProcess(fields, into: &spec)
        try readTimes(fields, into: &spec)
        if let field = fields["scale"] { spec.scale = try scale(field) }
        if let field = fields["limits"] { spec.limits = try limits(field) }
        try AttachmentReader(absolute: absolute, read: read).read(fields, into: &spec)
        if let field = fields["labels"] { spec.labels = try field.textMap() }
        if let field = fields["annotations"] { spec.annotations = try field.textMap() }
        try validate(spec, fields)
        if case .rootfs = source, spec.command == nil {
            throw entry.misplaced("has a rootfs but no command", allowed: "command: [\"/bin/program\"]")
        }
        return ManifestFunction(key: key, source: source, spec: spec, line: entry.line)
    }

    private func source(_ fields: YAMLMapping) throws(Misplaced) -> RevisionSource {
        switch (fields["bundle"], fields["rootfs"]) {
        case (let field?, nil): return .bundle(path: try path(field))
        case (nil, let field?): return .rootfs(path: try path(field))
        case (nil, nil):
            throw entry.misplaced("does not say what to run", allowed: "bundle, or rootfs with command")
        case (_, let second?): throw second.misplaced("stands beside bundle", allowed: "one of the two")
        }
    }

    private func path(_ field: YAMLEntry) throws(Misplaced) -> String {
        let text = try field.text()
        guard !text.isEmpty, text.utf8.count <= Limits.pathBytes, !text.utf8.contains(0) else {
            throw field.misplaced("is no path", allowed: "a path of at most \(Limits.pathBytes) bytes")
        }
        return absolute(text)
    }

    private func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        let parts = path.split(separator: "/").filter { $0 != "." }
        let base = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        return ([base] + parts.map(String.init)).joined(separator: "/")
    }

    private func readProcess(_ fields: YAMLMapping, into spec: inout FunctionSpec) throws(Misplaced) {
        if let field = fields["mode"] { spec.mode = try field.choice(FunctionMode.self) }
        if let field = fields["cgi"] { spec.cgi = try field.boolean() }
        if let field = fields["command"] { spec.command = try field.texts() }
        if let field = fields["port"] { spec.port = try field.integer() }
        if let field = fields["concurrency"] { spec.concurrency = try field.integer() }
        if let field = fields["network"] { spec.network = try NetworkReader.network(field) }
        if let field = fields["environment_file"] { spec.environment = try environmentFiles(field) }
        if let field = fields["environment"] {
            spec.environment.merge(try field.textMap()) { _, inline in inline }
        }
    }

    /// Later files win.
    private func environmentFiles(_ field: YAMLEntry) throws(Misplaced) -> [String: String] {
        var result: [String: String] = [:]
        let names: [String]
        if case .scalar = field.node { names = [try field.text()] } else { names = try field.texts() }
        for name in names {
            let path = absolute(name)
            let variables = try field.checked { () throws(InvalidInput) in
                try EnvironmentFile.parse(try read(path), name: name)
            }
            result.merge(variables) { _, later in later }
        }
        return result
    }

    private func readTimes(_ fields: YAMLMapping, into spec: inout FunctionSpec) throws(Misplaced) {
        try duration(fields["timeout"], into: &spec.timeout)
        try duration(fields["queueTimeout"], into: &spec.queueTimeout)
        try duration(fields["startTimeout"], into: &spec.startTimeout)
        try duration(fields["stopGrace"], into: &spec.stopGrace)
    }

    private func duration(_ field: YAMLEntry?, into value: inout Duration) throws(Misplaced) {
        guard let field else { return }
        let text = try field.text()
        value = try field.checked { () throws(InvalidInput) in try DurationText.parse(text) }
    }

    private func scale(_ field: YAMLEntry) throws(Misplaced) -> ScaleSpec {
        let fields = try field.mapping()
        try fields.refuseUnknown(known: ManifestKeys.names(in: "scale"))
        var scale = ScaleSpec()
        if let field = fields["min"] { scale.min = try field.integer() }
        if let field = fields["max"] { scale.max = try field.integer() }
        if let field = fields["target"] { scale.target = try field.integer() }
        if let field = fields["freezeAfter"] { scale.freezeAfter = try idleTime(field) }
        if let field = fields["stopAfter"] { scale.stopAfter = try idleTime(field) }
        return scale
    }

    private func idleTime(_ field: YAMLEntry) throws(Misplaced) -> IdleTime {
        let text = try field.text()
        return try field.checked { () throws(InvalidInput) in try IdleTime(parsing: text) }
    }

    private func limits(_ field: YAMLEntry) throws(Misplaced) -> LimitSpec {
        let fields = try field.mapping()
        try fields.refuseUnknown(known: ManifestKeys.names(in: "limits"))
        var limits = LimitSpec()
        if let field = fields["memory"] {
            let text = try field.text()
            limits.memory = try field.checked { () throws(InvalidInput) in try ByteCount(parsing: text) }
        }
        if let field = fields["cpu"] {
            let text = try field.text()
            limits.cpu = try field.checked { () throws(InvalidInput) in try CPUQuantity(parsing: text) }
        }
        if let field = fields["pids"] { limits.pids = try field.integer() }
        if let field = fields["disk"] {
            let text = try field.text()
            limits.disk = try field.checked { () throws(InvalidInput) in try ByteCount(parsing: text) }
        }
        return limits
    }

    /// The spec's ranges, with the line of the field that is out of its range.
    private func validate(_ spec: FunctionSpec, _ fields: YAMLMapping) throws(Misplaced) {
        do throws(InvalidInput) {
            try spec.validate()
        } catch {
            let first = error.path.split(separator: ".").first.map(String.init) ?? ""
            let line = fields[first]?.line ?? entry.line
            throw Misplaced(line, error.inside(entry.path))
        }
    }
}
