import HTTPWire
import Testing

struct RouteTableTests {
    @Test func findsEveryNameAndNoOther() {
        let names = (0..<10_000).map { "function-\($0)" }
        let table = RouteTable(names.enumerated().map { ($1, Int32($0)) })
        for (index, name) in names.enumerated() { #expect(find(table, name) == Int32(index)) }
        for name in ["", "function-", "function-10000", "Function-1", "function-1 ", "unction-1"] {
            #expect(find(table, name) == nil)
        }
        #expect(find(RouteTable([]), "x") == nil)
    }

    private func find(_ table: RouteTable, _ name: String) -> Int32? {
        // In the middle of other bytes, as in a request.
        let bytes = Array("/function/\(name)/path".utf8)
        return table.find(bytes.span.bytes, from: 10, to: 10 + name.utf8.count)
    }
}
