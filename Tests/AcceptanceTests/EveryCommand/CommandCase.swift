import ControlAPI
import Foundation
import Testing

/// One command of the command line, in both forms: how it is called, and what it must answer.
struct CommandCase {
    /// As it is typed behind `torpor`: `rollout undo`.
    let command: String
    /// What stands behind it in the table's form. `FOLDER`, `STATE` and `GATEWAY` are replaced.
    var table: [String] = []
    /// What standard output has then.
    var shows: [String] = []
    /// What stands behind it in JSON's form; nil is the same as in the table's.
    var json: [String]?
    /// The names of its JSON, which are a contract.
    var fields: JSONFields
    /// Values of its JSON, by names and indices joined with dots.
    var values: [String: String] = [:]
    /// Whether each line of the output is JSON of its own.
    var isLines = false
    /// Whether the daemon starts anew after it.
    var isRestart = false

    func check(_ story: CommandStory) throws {
        let words = command.split(separator: " ").map(String.init)
        let shown = try story.run(words + table, isRestart: isRestart)
        for word in shows.map(story.filled) {
            #expect(shown.output.contains(word), "torpor \(command): '\(word)' in \(shown.output)")
        }
        let output = try story.run(
            ["--output", "json"] + words + (json ?? table), isRestart: isRestart
        ).output
        let text = isLines ? "[" + output.split(separator: "\n").joined(separator: ",") + "]" : output
        let value = try ControlCoding.decode(JSONValue.self, from: Data(text.utf8))
        for problem in fields.problems(of: value) { Issue.record("torpor \(command) -o json: \(problem)") }
        for (path, expected) in values {
            let found = value.at(path)?.plainText
            #expect(found == story.filled(expected), "torpor \(command) -o json: \(path)")
        }
    }
}

/// The names that a command's JSON has: each is there, unless `?` stands behind it, and no other one is. Names are
/// joined with dots, lists are not told apart from what is in them, and `*` is any name.
struct JSONFields: ExpressibleByStringLiteral {
    private var required: Set<String> = []
    private var known: Set<String> = []

    init(stringLiteral text: String) { self.init(text) }

    init(_ text: String) {
        for word in text.split(separator: " ").map(String.init) {
            let name = word.hasSuffix("?") ? String(word.dropLast()) : word
            if name == word, !name.hasSuffix("*") { required.insert(name) }
            known.insert(name)
        }
    }

    /// These names inside the value of another one.
    func inside(_ name: String, optional: Bool = false) -> JSONFields {
        var result = JSONFields("")
        result.known = Set(known.map { "\(name).\($0)" })
        result.required = optional ? [] : Set(required.map { "\(name).\($0)" })
        return result
    }

    static func + (a: JSONFields, b: JSONFields) -> JSONFields {
        var result = a
        result.known.formUnion(b.known)
        result.required.formUnion(b.required)
        return result
    }

    func problems(of value: JSONValue) -> [String] {
        let found = value.leaves("")
        let missing = required.subtracting(found).map { "no '\($0)'" }
        let unheard = found.filter { !isKnown($0) }.map { "'\($0)' is not in the contract" }
        return (missing + unheard).sorted()
    }

    /// An empty object or list stands for all that it may have.
    private func isKnown(_ path: String) -> Bool {
        if known.contains(path) || known.contains(where: { $0.hasPrefix(path + ".") }) { return true }
        let above = path.split(separator: ".").dropLast().joined(separator: ".")
        return known.contains(above + ".*")
    }
}

extension JSONValue {
    /// Names down to each value that is no object.
    fileprivate func leaves(_ path: String) -> Set<String> {
        switch self {
        case .object(let fields) where !fields.isEmpty:
            fields.reduce(into: []) {
                $0.formUnion($1.value.leaves(path.isEmpty ? $1.key : "\(path).\($1.key)"))
            }
        case .array(let values) where !values.isEmpty:
            values.reduce(into: []) { $0.formUnion($1.leaves(path)) }
        default: [path]
        }
    }

    /// - Parameter path: names and indices, joined with dots.
    fileprivate func at(_ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self as JSONValue?) { value, step in
            if case .array(let values)? = value {
                return Int(step).flatMap { values.indices.contains($0) ? values[$0] : nil }
            }
            return value?[String(step)]
        }
    }
}
