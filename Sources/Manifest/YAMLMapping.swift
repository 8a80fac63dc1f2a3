internal import Core
internal import Yams

/// A value with the path and the line where it stands.
struct YAMLEntry {
    let name: String
    let path: String
    let line: Int
    let node: Node

    func misplaced(_ problem: String, allowed: String? = nil) -> Misplaced {
        Misplaced(node.mark?.line ?? line, path, problem, allowed: allowed)
    }

    /// Runs a check or a parser of Core's, and says where its problem stands.
    func checked<T>(_ body: () throws(InvalidInput) -> T) throws(Misplaced) -> T {
        do {
            return try body()
        } catch {
            throw Misplaced(node.mark?.line ?? line, path, error.problem, allowed: error.allowed)
        }
    }
}

/// A mapping whose keys are texts, with merge keys (`<<`) resolved: what stands in the mapping itself wins.
struct YAMLMapping {
    private(set) var entries: [YAMLEntry] = []
    let line: Int
    let path: String

    init(_ node: Node, path: String) throws(Misplaced) {
        try self.init(node, path: path, mayMerge: true)
    }

    private init(_ node: Node, path: String, mayMerge: Bool) throws(Misplaced) {
        line = node.mark?.line ?? 0
        self.path = path
        guard case .mapping(let mapping) = node else {
            throw Misplaced(line, path, "must be a mapping of keys to values, and is \(Self.kind(of: node))")
        }
        var merged: [YAMLEntry] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else {
                throw Misplaced(key.mark?.line ?? line, path, "a key is not a text", allowed: "texts as keys")
            }
            if scalar.string == "<<", scalar.style == .plain {
                merged += try Self.merge(value, path: path, mayMerge: mayMerge)
            } else {
                let inner = path.isEmpty ? scalar.string : "\(path).\(scalar.string.prefix(80))"
                entries.append(
                    YAMLEntry(name: scalar.string, path: inner, line: key.mark?.line ?? line, node: value))
            }
        }
        var names = Set(entries.map(\.name))
        for entry in merged where names.insert(entry.name).inserted { entries.append(entry) }
    }

    /// One level deep: what is merged may not merge in turn.
    private static func merge(
        _ node: Node, path: String, mayMerge: Bool
    ) throws(Misplaced) -> [YAMLEntry] {
        guard mayMerge else {
            throw Misplaced(
                node.mark?.line ?? 0, path, "'<<' inside of what '<<' merges", allowed: "one level")
        }
        guard case .sequence(let nodes) = node else {
            return try YAMLMapping(node, path: path, mayMerge: false).entries
        }
        var entries: [YAMLEntry] = []
        for node in nodes { entries += try YAMLMapping(node, path: path, mayMerge: false).entries }
        return entries
    }

    subscript(name: String) -> YAMLEntry? { entries.first { $0.name == name } }

    /// - Parameter notBuilt: keys of the format that this version does not honour.
    func refuseUnknown(known: [String], notBuilt: [String] = []) throws(Misplaced) {
        for entry in entries where !known.contains(entry.name) {
            if notBuilt.contains(entry.name) {
                throw Misplaced(
                    entry.line, entry.path, "is not supported yet", allowed: OtherKeys.instead[entry.name])
            }
            let near = OtherKeys.match(entry.name, among: known, notBuilt)
            throw Misplaced(
                entry.line, entry.path, near.map { "is unknown; did you mean '\($0)'?" } ?? "is unknown",
                allowed: near == nil ? known.sorted().joined(separator: ", ") : nil)
        }
    }

    static func kind(of node: Node) -> String {
        switch node {
        case .scalar(let scalar) where scalar.string.isEmpty: "empty"
        case .scalar(let scalar): "the text '\(scalar.string.prefix(40))'"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

extension YAMLEntry {
    func mistyped(_ type: String) -> Misplaced {
        misplaced("must be \(type), and is \(YAMLMapping.kind(of: node))")
    }

    func text() throws(Misplaced) -> String {
        guard case .scalar(let scalar) = node else {
            throw mistyped("a text")
        }
        return scalar.string
    }

    func integer() throws(Misplaced) -> Int {
        guard case .scalar(let scalar) = node, scalar.style == .plain, let value = Int(scalar.string) else {
            throw mistyped("a whole number")
        }
        return value
    }

    func boolean() throws(Misplaced) -> Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain, let value = Bool(scalar.string) else {
            throw mistyped("true or false")
        }
        return value
    }

    func texts() throws(Misplaced) -> [String] {
        guard case .sequence(let nodes) = node else {
            throw mistyped("a list of texts, such as [\"/bin/program\", \"-v\"]")
        }
        var texts: [String] = []
        for (index, element) in nodes.enumerated() {
            texts.append(
                try YAMLEntry(name: name, path: "\(path)[\(index)]", line: line, node: element).text())
        }
        return texts
    }

    func mapping() throws(Misplaced) -> YAMLMapping { try YAMLMapping(node, path: path) }

    func textMap() throws(Misplaced) -> [String: String] {
        var result: [String: String] = [:]
        for entry in try mapping().entries { result[entry.name] = try entry.text() }
        return result
    }

    func choice<T: RawRepresentable<String> & CaseIterable>(_ type: T.Type) throws(Misplaced) -> T {
        guard case .scalar(let scalar) = node, let value = T(rawValue: scalar.string) else {
            throw mistyped("one of " + T.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return value
    }
}
