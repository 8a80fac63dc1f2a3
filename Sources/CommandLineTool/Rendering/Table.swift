/// Columns that line up, two blanks apart.
struct Table {
    private var rows: [[String]]

    init(_ header: [String]) { rows = [header] }

    mutating func append(_ row: [String]) {
        precondition(row.count == rows[0].count, "a row has a cell for each column")
        // A control character in a cell would move what comes after it.
        rows.append(row.map { String($0.map { $0.isNewline || $0 == "\t" ? " " : $0 }) })
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
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
