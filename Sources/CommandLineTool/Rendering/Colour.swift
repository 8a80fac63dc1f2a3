/// Colours of a terminal (ECMA-48, SGR). Used only where standard output, or error, is one and NO_COLOR is not set.
enum Colour: Int {
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34

    func paint(_ text: String) -> String { "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" }

    /// Of the word for a function's, instance's or revision's state, of an event or of a check.
    static func ofState(_ word: String) -> Colour? {
        switch word {
        case "ready", "active", "ok", "started", "activated": .green
        case "failed", "missing": .red
        case "starting", "creating", "draining", "warning", "held": .yellow
        case "frozen", "froze", "asleep": .blue
        default: nil
        }
    }
}

extension ToolContext {
    /// Text for standard output in a colour, where that may have one.
    func painted(_ text: String, _ colour: Colour) -> String {
        terminalWidth() != nil && allowsColours ? colour.paint(text) : text
    }
}
