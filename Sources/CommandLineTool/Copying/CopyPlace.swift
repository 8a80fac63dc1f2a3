internal import ArgumentParser
internal import ControlAPI
internal import Core

/// One of the two places of `torpor cp`.
enum CopyPlace: Sendable, Hashable {
    /// `FUNCTION:PATH`; the path is absolute.
    case function(String, path: String)
    case path(String)
    /// `-`: standard input or output.
    case stream

    /// A colon makes it a function's, unless it begins as paths do.
    init(_ text: String, _ argument: String) throws {
        let isPath = text.hasPrefix("/") || text.hasPrefix(".")
        guard !text.isEmpty else { throw ValidationError("\(argument): is empty") }
        if text == "-" {
            self = .stream
        } else if !isPath, let colon = text.firstIndex(of: ":") {
            let path = text[text.index(after: colon)...]
            guard !path.isEmpty else {
                throw ValidationError("\(argument): '\(text)' has no path, such as \(text)/tmp")
            }
            self = .function(String(text[..<colon]), path: path.hasPrefix("/") ? String(path) : "/\(path)")
        } else {
            self = .path(text)
        }
    }

    var isFunction: Bool { if case .function = self { true } else { false } }

    /// What a source is called where it is put into a directory; nil where it tells itself, as an archive does.
    var name: String? {
        switch self {
        case .function(_, let path), .path(let path): Self.lastName(path)
        case .stream: nil
        }
    }

    /// The last part of a path; `.` where that names no one thing, but what a directory has.
    static func lastName(_ path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? "."
        return last == ".." ? "." : last
    }
}

/// What one `torpor cp` is to do.
struct CopyPlan: Sendable {
    let request: AttachRequest
    let local: CopyPlace
    let isInto: Bool
    /// What the source is called, or `.`.
    let name: String
    /// Inside of the container.
    let path: String
    let followsLink: Bool
    let keepsOwners: Bool

    /// The function, for people.
    var label: String { Explanation.reference(request.function.name, request.function.namespace) }
    /// `FUNCTION:PATH`.
    var place: String { "\(request.function):\(path)" }
}
