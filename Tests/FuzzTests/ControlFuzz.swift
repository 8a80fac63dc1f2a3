import ControlAPI
import Core
import FoundationEssentials

/// A request that is taken says the same when it is written and read again.
enum ControlFuzz {
    /// The first byte says which.
    static func run(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let body = Data(bytes.dropFirst())
        switch kind % 8 {
        case 0: check(DeployRequest.self, body)
        case 1: check(ScaleRequest.self, body)
        case 2: check(UndoRequest.self, body)
        case 3: check(PruneRequest.self, body)
        case 4: check(NamespaceRequest.self, body)
        case 5: check(AttachSignal.self, body)
        case 6: check(ControlError.self, body)
        default:
            guard let request = check(AttachRequest.self, body) else { return }
            _ = try? request.validate()
        }
    }

    @discardableResult
    private static func check<Request: Codable & Equatable>(_ type: Request.Type, _ body: Data) -> Request? {
        guard let request = accepted({ try ControlCoding.decode(type, from: body) }) else { return nil }
        guard let written = accepted({ try ControlCoding.encode(request) }) else {
            preconditionFailure("what was read can be written")
        }
        expectThat(
            accepted { try ControlCoding.decode(type, from: written) } == request, "it reads the same again")
        return request
    }
}
