/// Columns that line up, two blanks apart. On a terminal they fit its width, and states have colours.
struct Table {
    private var rows: [[String]]
    private let yielding: [String]

    /// - Parameter yielding: columns that a narrow terminal does without, the first one first.
    init(_ header: [String], yielding: [String] = []) {
        rows = [header]
        self.yielding = yielding
    }

    mutating func append(_ row: [String]) {
        precondition(row.count == rows[0].count, "a row has a cell for each column")
        // A control character in a cell would move what comes after it.
        rows.append(row.map(Cell.plain))
    }

    var text: String {
        let context = ToolContext.current
        let room = context.terminalWidth()
        return text(room: room, hasColours: room != nil && context.allowsColours)
    }

    /// - Parameter room: columns of the terminal; nil for as many as are needed.
    func text(room: Int?, hasColours: Bool) -> String {
        let rows = fitting(room: room)
        let widths = Self.widths(rows, room: room)
        let coloured = rows[0].map { Self.colouredColumns.contains(Self.name($0)) }
        return rows.enumerated().map { number, row in
            var line = ""
            for column in row.indices {
                let cell = Self.cut(row[column], widths[column])
                let isLast = column == row.count - 1
                let padding = isLast ? "" : String(repeating: " ", count: widths[column] - cell.count + 2)
                let colour = hasColours && number > 0 && coloured[column] ? Colour.ofState(cell) : nil
                line += (colour?.paint(cell) ?? cell) + padding
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// Without the columns that there is no room for.
    private func fitting(room: Int?) -> [[String]] {
        var rows = rows
        guard let room else { return rows }
        for name in yielding {
            let natural = Self.widths(rows, room: nil)
            guard natural.reduce(0, +) + 2 * (natural.count - 1) > room else { break }
            guard let column = rows[0].firstIndex(where: { Self.name($0) == name }) else { continue }
            for row in rows.indices { rows[row].remove(at: column) }
        }
        return rows
    }

    /// The widest columns give way, down to a bound below which nobody could read them; what names a thing, and would
    /// have to be typed again, never does.
    private static func widths(_ rows: [[String]], room: Int?) -> [Int] {
        var widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        guard let room else { return widths }
        let givesWay = rows[0].map { !wholeColumns.contains(name($0)) }
        var surplus = widths.reduce(0, +) + 2 * (widths.count - 1) - room
        while surplus > 0,
            let widest = widths.indices.filter({ givesWay[$0] }).max(by: { widths[$0] < widths[$1] }),
            widths[widest] > narrowest
        {
            widths[widest] -= 1
            surplus -= 1
        }
        return widths
    }

    /// Of a column, without its indent.
    private static func name(_ header: String) -> String { String(header.drop { $0 == " " }) }

    private static func cut(_ cell: String, _ width: Int) -> String {
        cell.count <= width ? cell : cell.prefix(max(0, width - 1)) + "…"
    }

    private static let narrowest = 6
    private static let colouredColumns: Set = ["STATUS", "STATE", "KIND"]
    private static let wholeColumns: Set = ["NAME", "ID", "FUNCTION", "INSTANCE", "REVISION"]
}

/// Spans of time in two units at most: `5s`, `3m12s`, `2h5m`, `4d`.
enum Span {
    /// `3.2 ms`, `250 ms`, or as seconds.
    static func text(milliseconds: Double) -> String {
        if milliseconds >= 10_000 { return text(seconds: Int64(min(milliseconds, 1e15)) / 1000) }
        if milliseconds >= 100 { return "\(Int(milliseconds.rounded())) ms" }
        return "\((milliseconds * 10).rounded() / 10) ms"
    }

    static func text(seconds: Int64) -> String {
        switch max(0, seconds) {
        case let s where s < 60: "\(s)s"
        case let s where s < 3600: s % 60 == 0 ? "\(s / 60)m" : "\(s / 60)m\(s % 60)s"
        case let s where s < 86400: s % 3600 < 60 ? "\(s / 3600)h" : "\(s / 3600)h\(s % 3600 / 60)m"
        case let s: "\(s / 86400)d"
        }
    }
}
