/// The shape of a JSON value, as far as the control API needs it (JSON Schema 2020-12).
package indirect enum Schema: Sendable {
    case string, time, integer, number, boolean
    case choice([String])
    case reference(String)
    case array(Schema)
    case map(Schema)
    case either([Schema])
    case object([Field])

    package struct Field: Sendable {
        package var name: String
        package var schema: Schema
        package var isOptional: Bool
    }

    package var json: JSONValue {
        switch self {
        case .string: ["type": "string"]
        case .time: ["type": "string", "format": "date-time"]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .choice(let values): ["type": "string", "enum": .array(values.map(JSONValue.string))]
        case .reference(let name): ["$ref": .string("#/components/schemas/\(name)")]
        case .array(let element): ["type": "array", "items": element.json]
        case .map(let value): ["type": "object", "additionalProperties": value.json]
        case .either(let schemas): ["oneOf": .array(schemas.map(\.json))]
        case .object(let fields):
            [
                "type": "object",
                "properties": .object(
                    Dictionary(fields.map { ($0.name, $0.schema.json) }) { _, last in last }),
                "required": .array(fields.filter { !$0.isOptional }.map { .string($0.name) }),
            ]
        }
    }

    /// What is wrong with a value by this schema; nil when nothing is. Keys that the schema does not name are
    /// wrong.
    package func problem(with value: JSONValue, at path: String = "") -> String? {
        switch (self, value) {
        case (.string, .string), (.integer, .integer), (.number, .integer), (.number, .number),
            (.boolean, .bool):
            return nil
        case (.time, .string(let text)): return Timestamp(text) == nil ? "\(path): no time" : nil
        case (.choice(let values), .string(let text)):
            return values.contains(text) ? nil : "\(path): '\(text)' is none of \(values)"
        case (.reference(let name), _):
            guard let found = Self.all.first(where: { $0.name == name }) else { return "no schema \(name)" }
            return found.schema.problem(with: value, at: path)
        case (.array(let element), .array(let values)):
            return values.lazy.compactMap { element.problem(with: $0, at: "\(path)[]") }.first
        case (.map(let element), .object(let fields)):
            return fields.lazy.compactMap { element.problem(with: $0.value, at: "\(path).\($0.key)") }.first
        case (.either(let schemas), _):
            let problems = schemas.compactMap { $0.problem(with: value, at: path) }
            return problems.count < schemas.count ? nil : problems.first
        case (.object(let known), .object(let fields)): return Self.problem(known, fields, path)
        default: return "\(path): has the wrong type"
        }
    }

    private static func problem(_ known: [Field], _ fields: [String: JSONValue], _ path: String) -> String? {
        for field in known {
            if let value = fields[field.name] {
                if let problem = field.schema.problem(with: value, at: "\(path).\(field.name)") {
                    return problem
                }
            } else if !field.isOptional {
                return "\(path).\(field.name): is missing"
            }
        }
        let names = Set(known.map(\.name))
        return fields.keys.first { !names.contains($0) }.map { "\(path).\($0): is not in the schema" }
    }
}
