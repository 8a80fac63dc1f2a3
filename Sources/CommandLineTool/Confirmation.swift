/// Nobody's data goes without a word: whoever cannot be asked says --yes.
enum Confirmation {
    /// Returns when the answer is yes.
    /// - Parameters:
    ///   - question: what would be done, with the question behind it.
    ///   - unasked: what to say where nobody can be asked.
    ///   - refused: what to say when the answer is no.
    /// - Throws: `ToolFailure`.
    static func ask(_ question: String, unasked: String, refused: String) throws {
        let context = ToolContext.current
        guard context.inputIsTerminal() else { throw ToolFailure(unasked) }
        context.errorOutput("\(question) [y/N] ")
        let answer = try context.input().map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard ["y", "yes"].contains(answer.lowercased().filter { !$0.isWhitespace }) else {
            throw ToolFailure(refused)
        }
    }
}
