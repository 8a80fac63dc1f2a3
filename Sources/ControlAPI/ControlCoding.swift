internal import Core
package import FoundationEssentials

/// How the control API writes and reads JSON: sorted keys, and errors that say where the mistake is.
package enum ControlCoding {
    package static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// - Throws: `ControlError` of kind `malformed` for what is no JSON or lacks a key, `invalid` for what is
    ///   not allowed.
    package static func decode<T: Decodable>(_ type: T.Type, from data: Data) throws(ControlError) -> T {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let problem as InvalidInput {
            throw ControlError(problem)
        } catch let problem as DecodingError {
            throw explain(problem)
        } catch {
            throw ControlError(.malformed, "the body cannot be read: \(error)")
        }
    }

    private static func explain(_ problem: DecodingError) -> ControlError {
        switch problem {
        case .typeMismatch(let type, let context):
            ControlError(
                .malformed, "has the wrong type", path: context.codingPath.dotted,
                allowed: "\(type)".lowercased())
        case .valueNotFound(_, let context):
            ControlError(.malformed, "is null or missing", path: context.codingPath.dotted)
        case .keyNotFound(let key, let context):
            ControlError(.malformed, "is missing", path: (context.codingPath + [key]).dotted)
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            ControlError(.malformed, "the body is not JSON")
        case .dataCorrupted(let context):
            ControlError(.malformed, context.debugDescription, path: context.codingPath.dotted)
        @unknown default: ControlError(.malformed, "the body cannot be read")
        }
    }
}

/// The body of every response that is not 2xx.
package struct ErrorBody: Sendable, Hashable, Codable {
    package var error: ControlError
    package init(error: ControlError) { self.error = error }
}

package struct FunctionList: Sendable, Hashable, Codable {
    package var functions: [FunctionView]
    package init(functions: [FunctionView]) { self.functions = functions }
}

package struct CheckList: Sendable, Hashable, Codable {
    package var checks: [CheckItem]
    package init(checks: [CheckItem]) { self.checks = checks }
}
