internal import Core
internal import Yams

/// The keys `secrets`, `volumes` and `configs` of one function.
struct AttachmentReader {
    /// Makes a path of the manifest's absolute.
    let absolute: (String) -> String
    let read: Manifest.FileReader

    func read(_ fields: YAMLMapping, into spec: inout FunctionSpec) throws(Misplaced) {
        if let field = fields["secrets"] { spec.secrets = try secrets(field) }
        for entry in try fields["volumes"]?.elements() ?? [] { spec.volumes.append(try volume(entry)) }
        for entry in try fields["configs"]?.elements() ?? [] { spec.configs.append(try config(entry)) }
    }

    private func secrets(_ field: YAMLEntry) throws(Misplaced) -> [ResourceName] {
        var names: [ResourceName] = []
        for entry in try field.elements() { names.append(try name(entry)) }
        return names
    }

    private func name(_ field: YAMLEntry) throws(Misplaced) -> ResourceName {
        let text = try field.text()
        return try field.checked { () throws(InvalidInput) in try ResourceName(text) }
    }

    private func volume(_ entry: YAMLEntry) throws(Misplaced) -> VolumeSpec {
        if case .scalar = entry.node {
            let text = try entry.text()
            return try entry.checked { () throws(InvalidInput) in try VolumeSpec(parsing: text) }
        }
        let fields = try entry.mapping()
        try fields.refuseUnknown(known: ManifestKeys.names(in: "volumes"))
        var kinds: [VolumeSpec.Kind] = []
        if let field = fields["name"] { kinds.append(.named(try name(field))) }
        if let field = fields["bind"] { kinds.append(.bind(absolute(try field.text()))) }
        if let field = fields["tmpfs"] {
            let text = try field.text()
            kinds.append(
                .tmpfs(try field.checked { () throws(InvalidInput) in try ByteCount(parsing: text) }))
        }
        guard kinds.count == 1 else {
            throw entry.misplaced(
                kinds.isEmpty ? "does not say what it is" : "says twice what it is",
                allowed: "one of name, bind, tmpfs")
        }
        return VolumeSpec(
            kinds[0], path: try path(fields, entry), readOnly: try fields["readOnly"]?.boolean() ?? false)
    }

    private func config(_ entry: YAMLEntry) throws(Misplaced) -> ConfigFile {
        let fields = try entry.mapping()
        try fields.refuseUnknown(known: ManifestKeys.names(in: "configs"))
        var file = ConfigFile(path: try path(fields, entry), content: [])
        switch (fields["file"], fields["content"]) {
        case (let field?, nil):
            let source = absolute(try field.text())
            file.content = try field.checked { () throws(InvalidInput) in try read(source) }
        case (nil, let field?): file.content = Array(try field.text().utf8)
        default: throw entry.misplaced("has no content or two", allowed: "either file or content")
        }
        if let field = fields["mode"] {
            let text = try field.text()
            file.mode = try field.checked { () throws(InvalidInput) in try ConfigFile.mode(parsing: text) }
        }
        return file
    }

    private func path(_ fields: YAMLMapping, _ entry: YAMLEntry) throws(Misplaced) -> String {
        guard let field = fields["path"] else {
            throw entry.misplaced("has no path", allowed: "path: where the function finds it")
        }
        return try field.text()
    }
}

extension YAMLEntry {
    /// The elements of a list, each with its place in its path.
    func elements() throws(Misplaced) -> [YAMLEntry] {
        guard case .sequence(let nodes) = node else {
            throw mistyped("a list")
        }
        return nodes.enumerated().map { index, node in
            YAMLEntry(name: name, path: "\(path)[\(index)]", line: node.mark?.line ?? line, node: node)
        }
    }
}
