internal import Core

/// Rules that many values of a configuration share.
enum TextRule {
    static func noNUL(_ text: String, at path: String) throws(InvalidInput) {
        if text.utf8.contains(0) {
            throw InvalidInput(path, "has a NUL character", allowed: "text without it")
        }
    }

    static func count(_ count: Int, at path: String, most: Int) throws(InvalidInput) {
        if count > most {
            throw InvalidInput(path, "has \(count) entries or bytes", allowed: "at most \(most)")
        }
    }

    /// A path that cannot lead out of where it starts.
    static func path(_ text: String, at path: String, absolute: Bool) throws(InvalidInput) {
        try noNUL(text, at: path)
        if text.isEmpty {
            throw InvalidInput(path, "is empty", allowed: absolute ? "an absolute path" : "a path")
        }
        try count(text.utf8.count, at: path, most: Limits.pathBytes)
        let slash = UInt8(ascii: "/")
        if absolute && text.utf8.first != slash {
            throw InvalidInput(path, "'\(text.prefix(80))' is relative", allowed: "an absolute path")
        }
        // Bytes, as the kernel has it: a slash that a combining character follows is no slash to Character.
        if absolute && text.utf8.split(separator: slash).contains(where: { $0.elementsEqual("..".utf8) }) {
            throw InvalidInput(path, "'\(text.prefix(80))' has '..' in it", allowed: "a path without '..'")
        }
    }

    static func id(_ id: UInt32?, at path: String, below end: UInt32) throws(InvalidInput) {
        if let id, id >= end {
            throw InvalidInput(path, "\(id) is outside the range of ids", allowed: "0 to \(end - 1)")
        }
    }
}
