/// Files that a function has beside its root filesystem, at a path of its container.
package struct VolumeSpec: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The namespace's volume of this name: made when it is first used, kept until it is removed by name.
        case named(ResourceName)
        /// A directory of the host's, below one that `torpord.yaml` allows (`bind-volumes`).
        case bind(String)
        /// Memory of at most so many bytes, gone with the instance.
        case tmpfs(ByteCount)
    }

    package var kind: Kind
    package var path: String
    package var readOnly: Bool

    package init(_ kind: Kind, path: String, readOnly: Bool = false) {
        self.kind = kind
        self.path = path
        self.readOnly = readOnly
    }

    /// Docker's short form: `NAME:PATH`, `/HOST/DIR:PATH`, either with `:ro` or `:rw` behind.
    package init(parsing text: String) throws(InvalidInput) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let modes = ["ro": true, "rw": false]
        guard (2...3).contains(parts.count), let readOnly = parts.count == 3 ? modes[parts[2]] : false else {
            throw InvalidInput(
                "", "'\(text.prefix(80))' is no volume", allowed: "NAME:PATH or /HOST/DIR:PATH, and :ro")
        }
        let kind: Kind = parts[0].hasPrefix("/") ? .bind(parts[0]) : .named(try ResourceName(parts[0]))
        self.init(kind, path: parts[1], readOnly: readOnly)
    }

    /// `PATH` or `PATH:SIZE`, as `--tmpfs` has it; Docker's `PATH:size=SIZE` is read, too.
    package init(parsingTmpfs text: String) throws(InvalidInput) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            self.init(.tmpfs(Limits.tmpfsVolume), path: text)
            return
        }
        let size = parts[1].hasPrefix("size=") ? parts[1].dropFirst(5) : parts[1]
        self.init(.tmpfs(try ByteCount(parsing: String(size))), path: String(parts[0]))
    }

    func validate() throws(InvalidInput) {
        switch kind {
        case .named: break
        case .bind(let source):
            do { try ContainerPath.check(source) } catch { throw error.inside("bind") }
        case .tmpfs(let size):
            guard size >= .kibibytes(4), size <= ByteCount(1 << 40), !readOnly else {
                throw InvalidInput(
                    "tmpfs", readOnly ? "is read-only" : "\(size) is out of range",
                    allowed: readOnly ? "memory that can be written" : "4Ki to 1Ti")
            }
        }
        do { try ContainerPath.checkTarget(path) } catch { throw error.inside("path") }
    }
}

extension VolumeSpec: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case name, bind, tmpfs, path, readOnly }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let kinds: [Kind?] = [
            try fields.decodeIfPresent(ResourceName.self, forKey: .name).map(Kind.named),
            try fields.decodeIfPresent(String.self, forKey: .bind).map(Kind.bind),
            try fields.decodeIfPresent(ByteCount.self, forKey: .tmpfs).map(Kind.tmpfs),
        ]
        let given = kinds.compactMap { $0 }
        guard given.count == 1 else {
            throw InvalidInput(
                decoder.codingPath.map(\.stringValue).joined(separator: "."),
                given.isEmpty ? "does not say what it is" : "says twice what it is",
                allowed: "one of name, bind, tmpfs")
        }
        self.init(
            given[0], path: try fields.decode(String.self, forKey: .path),
            readOnly: try fields.decodeIfPresent(Bool.self, forKey: .readOnly) ?? false)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        switch kind {
        case .named(let name): try fields.encode(name, forKey: .name)
        case .bind(let source): try fields.encode(source, forKey: .bind)
        case .tmpfs(let size): try fields.encode(size, forKey: .tmpfs)
        }
        try fields.encode(path, forKey: .path)
        if readOnly { try fields.encode(true, forKey: .readOnly) }
    }
}
