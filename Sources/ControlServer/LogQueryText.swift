internal import ControlAPI
internal import Core

/// Reads the query part of a URI. Keys that are not known are refused.
enum LogQueryText {
    static func read(_ query: String?) throws(ControlError) -> LogQuery {
        let values = try parameters(query, known: ["instance", "tail", "since", "follow"])
        var result = LogQuery()
        if let text = values["instance"] {
            guard let id = InstanceID(text) else {
                throw invalid("instance", text, "twelve lower-case hexadecimal digits")
            }
            result.instance = id
        }
        if let text = values["tail"] {
            guard let count = Int(text), (0...Limits.logQueryLines).contains(count) else {
                throw invalid("tail", text, "0 to \(Limits.logQueryLines)")
            }
            result.tail = count
        }
        if let text = values["since"] { result.since = try time("since", text) }
        if let text = values["follow"] { result.follow = try flag("follow", text) }
        return result
    }

    static func events(_ query: String?) throws(ControlError) -> EventRequest {
        let values = try parameters(
            query, known: ["namespace", "function", "kind", "tail", "since", "follow"])
        var result = EventRequest(query: EventQuery())
        do throws(InvalidInput) {
            if let text = values["namespace"] { result.query.namespace = try NamespaceName(text) }
            if let text = values["function"] { result.query.function = try FunctionKey(reference: text) }
        } catch {
            throw ControlError(error)
        }
        if let text = values["kind"] {
            guard let kind = EventKind(rawValue: text) else {
                throw invalid("kind", text, EventKind.allCases.map(\.rawValue).joined(separator: ", "))
            }
            result.query.kind = kind
        }
        if let text = values["tail"] {
            guard let count = Int(text), (0...Limits.eventsKept).contains(count) else {
                throw invalid("tail", text, "0 to \(Limits.eventsKept)")
            }
            result.query.limit = count
        }
        if let text = values["since"] { result.query.since = try time("since", text).unixNanoseconds }
        if let text = values["follow"] { result.follow = try flag("follow", text) }
        return result
    }

    private static func time(_ name: String, _ text: String) throws(ControlError) -> Timestamp {
        guard let time = Timestamp(text) else { throw invalid(name, text, "2026-11-21T01:48:42Z") }
        return time
    }

    private static func flag(_ name: String, _ text: String) throws(ControlError) -> Bool {
        guard let flag = Bool(text) else { throw invalid(name, text, "true or false") }
        return flag
    }

    static func namespace(in query: String?) throws(ControlError) -> NamespaceName? {
        guard let text = try parameters(query, known: ["namespace"])["namespace"] else { return nil }
        do throws(InvalidInput) { return try NamespaceName(text) } catch { throw ControlError(error) }
    }

    static func generation(in query: String?) throws(ControlError) -> Int? {
        guard let text = try parameters(query, known: ["ifGeneration"])["ifGeneration"] else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw invalid("ifGeneration", text, "a function's generation, or 0 for one that is not there")
        }
        return number
    }

    private static func parameters(
        _ query: String?, known: [String]
    ) throws(ControlError) -> [String: String] {
        var result: [String: String] = [:]
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = String(parts[0])
            guard known.contains(key) else {
                throw ControlError(
                    .invalid, "is not a parameter of this operation", path: String(key.prefix(60)),
                    allowed: known.joined(separator: ", "))
            }
            result[key] = parts.count == 2 ? percentDecoded(parts[1]) : ""
        }
        return result
    }

    /// Bytes that are not UTF-8 are replaced; they are no value that is allowed.
    private static func percentDecoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func invalid(_ path: String, _ text: String, _ allowed: String) -> ControlError {
        ControlError(.invalid, "'\(text.prefix(40))' is not allowed", path: path, allowed: allowed)
    }
}
