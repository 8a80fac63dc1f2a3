import Foundation
import OCI
import Testing

/// docs/oci.md says of every field what becomes of it.
@Suite("The page of fields")
struct FieldReferenceTests {
    private struct Row {
        let key: String
        let function: String
        let runtime: String
    }

    private static func rows() throws -> [Row] {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let page = try String(contentsOfFile: "\(root)/docs/oci.md", encoding: .utf8)
        return page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let place = { (index: Int) in cells.count > index ? cells[index] : "" }
            return Row(key: place(0).filter { $0 != "`" }, function: place(1), runtime: place(2))
        }
    }

    /// The keys below a value that has all of them, in the way of `mounts[].options`.
    private static func keys(of value: Any, at path: String = "") -> Set<String> {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            guard let inner = mirror.children.first?.value else {
                Issue.record("the sample has no \(path)")
                return []
            }
            return keys(of: inner, at: path)
        case .collection:
            guard let first = mirror.children.first?.value else { return [path] }
            let below = keys(of: first, at: path + "[]")
            return below == [path + "[]"] ? [path] : below
        case .dictionary:
            guard let entry = mirror.children.first?.value,
                let inner = Mirror(reflecting: entry).children.first(where: { $0.label == "value" })?.value
            else { return [path] }
            let below = keys(of: inner, at: path + ".*")
            return below == [path + ".*"] ? [path] : below
        case .struct where !mirror.children.isEmpty && !(value is String):
            return mirror.children.reduce(into: []) { all, child in
                let name = child.label ?? "?"
                all.formUnion(keys(of: child.value, at: path.isEmpty ? name : "\(path).\(name)"))
            }
        default: return [path]
        }
    }

    private static func covers(_ row: String, _ key: String) -> Bool {
        key == row || key.hasPrefix(row + ".") || key.hasPrefix(row + "[]")
    }

    @Test("has every field of the model, once, and no other")
    func complete() throws {
        let keys = Self.keys(of: try OCIConfig.parse(Array(Samples.everything.utf8)))
        let rows = try Self.rows()
        #expect(keys.count > 100 && rows.count > 60)
        #expect(Set(rows.map(\.key)).count == rows.count)
        for key in keys.sorted() {
            #expect(rows.contains { Self.covers($0.key, key) }, "\(key) is missing")
        }
        for row in rows {
            #expect(keys.contains { Self.covers(row.key, $0) }, "\(row.key) is no field")
        }
    }

    @Test("says of each honoured or refused, and why")
    func decided() throws {
        for row in try Self.rows() {
            for cell in [row.function, row.runtime] {
                let isDecided = cell.hasPrefix("honoured") || cell.hasPrefix("refused: ") && cell.count > 12
                #expect(isDecided, "\(row.key): '\(cell)'")
            }
        }
    }
}
