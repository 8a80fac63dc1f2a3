internal import ControlAPI
internal import Foundation

extension GlobalOptions {
    /// Shows a result: as a table, or all of it as JSON or YAML.
    func show(_ value: some Encodable, table: () -> String) throws {
        let context = ToolContext.current
        switch output {
        case .table: try context.output(table())
        case .json: try context.output(Self.json(value))
        case .yaml: try context.output(Self.yaml(value))
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    static func yaml(_ value: some Encodable) throws -> String {
        YAMLText.text(try ControlCoding.decode(JSONValue.self, from: ControlCoding.encode(value)))
    }
}
