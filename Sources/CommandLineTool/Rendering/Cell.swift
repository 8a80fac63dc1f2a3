/// Text of others as it may stand on a terminal: one line, nothing that moves the cursor or turns the text around.
enum Cell {
    static func plain(_ text: String) -> String {
        if text.utf8.allSatisfy({ (32..<127).contains($0) }) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 32 || (127..<160).contains(scalar.value)
            let isDirection =
                (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            result.unicodeScalars.append(isControl || isDirection ? " " : scalar)
        }
        return result
    }
}
