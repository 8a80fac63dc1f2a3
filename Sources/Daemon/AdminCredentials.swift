internal import Core
internal import FoundationEssentials
internal import LinuxSystem

/// Who may use the platform's own paths on the gateway: `admin` with a password that is made at first start and kept in
/// a file that root alone may read. Also taken as a bearer token, as Prometheus and curl send both.
struct AdminCredentials: Sendable {
    /// What stands behind `Basic ` and `Bearer `.
    private let basic: [UInt8]
    private let bearer: [UInt8]

    init(password: String) {
        basic = Array(Data("admin:\(password)".utf8).base64EncodedString().utf8)
        bearer = Array(password.utf8)
    }

    /// Reads the password, and makes one where there is none. Blocks: for the daemon's start.
    /// - Throws: `StartError` when the file may be read by others, or cannot be written.
    init(file path: String) throws(StartError) {
        do {
            let found = try RootOnlyFile.read(path).map { String(decoding: $0, as: UTF8.self) }
            let password = found.map { String($0.filter { !$0.isWhitespace }) } ?? ""
            guard password.isEmpty else {
                self.init(password: password)
                return
            }
            let made = Self.makePassword()
            try RootOnlyFile.write(Array("\(made)\n".utf8), to: path)
            self.init(password: made)
        } catch {
            throw .adminPassword(error)
        }
    }

    private static func makePassword() -> String {
        var random = SystemRandomNumberGenerator()
        return Hexadecimal.text((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// - Parameter authorization: the value of an `Authorization` line (RFC 9110, section 11.6.2).
    func allows(_ authorization: [UInt8]) -> Bool {
        guard let blank = authorization.firstIndex(of: UInt8(ascii: " ")) else { return false }
        let token = authorization[blank...].drop { $0 == UInt8(ascii: " ") }
        switch String(decoding: authorization[..<blank], as: UTF8.self).lowercased() {
        case "basic": return Self.areEqual(token, basic)
        case "bearer": return Self.areEqual(token, bearer)
        default: return false
        }
    }

    /// In a time that tells nothing but the lengths.
    private static func areEqual(_ given: ArraySlice<UInt8>, _ expected: [UInt8]) -> Bool {
        guard given.count == expected.count else { return false }
        return zip(given, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
