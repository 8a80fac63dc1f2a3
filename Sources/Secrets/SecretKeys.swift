package import Core
internal import Crypto
internal import FoundationEssentials
internal import LinuxSystem

/// The keys that secrets are encrypted with (AES-256-GCM). A sealed value tells by which, so that the key may change: new
/// values take the first key, old ones are read by any.
package struct SecretKeys: Sendable {
    private struct Key: Sendable {
        /// Tells the key without giving it away.
        let id: [UInt8]
        let key: SymmetricKey

        /// - Parameter material: anything of at least `Self.materialBytes` that nobody can guess.
        init(material: [UInt8]) {
            let input = SymmetricKey(data: material)
            key = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: input, info: Array("torpor secrets 1, key".utf8), outputByteCount: 32)
            let name = HKDF<SHA256>.deriveKey(
                inputKeyMaterial: input, info: Array("torpor secrets 1, id".utf8),
                outputByteCount: SecretKeys.idBytes)
            id = name.withUnsafeBytes { Array($0) }
        }
    }

    /// Of a sealed value: this byte, the key's id, then nonce (12 bytes), cipher text and tag (16 bytes).
    private static let format: UInt8 = 1
    private static let idBytes = 8
    private static let materialBytes = 32
    /// The credential of systemd (systemd.exec(5), LoadCredential=) that is used instead of a file of the daemon's own.
    package static let credential = "torpor.secrets-key"

    private let keys: [Key]

    /// Reads the credential if there is one, and the file `key` in `directory`, which is made where there is neither.
    /// Blocks: for the daemon's start.
    ///
    /// - Parameter credentials: the directory of the service's credentials.
    /// - Throws: `SecretKeyProblem`.
    package init(directory: String, credentials: String?) throws(SecretKeyProblem) {
        let file = "\(directory)/key"
        do throws(KernelError) {
            try FileTree.makeDirectories(directory, mode: 0o700)
            try Directory(path: directory).setMode(0o700)
        } catch {
            throw SecretKeyProblem(directory, "cannot be made: \(error.reason)")
        }
        var found: [Key] = []
        if let path = credentials.map({ "\($0)/\(Self.credential)" }), let key = try Self.read(path) {
            found.append(key)
        }
        if let key = try Self.read(file) {
            found.append(key)
        } else if found.isEmpty {
            found.append(try Self.make(file, in: directory))
        }
        keys = found
    }

    /// Nil when there is no such file.
    private static func read(_ path: String) throws(SecretKeyProblem) -> Key? {
        let material: [UInt8]
        let status: FileStatus
        do throws(KernelError) {
            let file = try File.open(path, flags: 0)
            status = try FileStatus.of(FileName(""), at: file.raw)
            material = try File.readAll(file.raw, limit: 64 << 10, subject: path)
        } catch {
            if error.isMissing { return nil }
            throw SecretKeyProblem(path, "cannot be read: \(error.reason)")
        }
        guard status.isOnlyWritable(byUser: HostIdentity.userID), status.mode & 0o007 == 0 else {
            throw SecretKeyProblem(path, "may be read or written by others than root: chmod 600 mends that")
        }
        guard material.count >= materialBytes else {
            throw SecretKeyProblem(
                path, "has \(material.count) bytes, and a key at least \(materialBytes)")
        }
        return Key(material: material)
    }

    private static func make(_ path: String, in directory: String) throws(SecretKeyProblem) -> Key {
        let material = SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        do throws(KernelError) {
            let staged = FileName("key.new")
            let place = try Directory(path: directory)
            try place.removeTree(staged)
            try FileTree.makeFile("\(directory)/\(staged)", content: material, mode: 0o600)
            try place.synchroniseFileSystem()
            try place.rename(staged, over: FileName("key"))
            try place.synchronise()
        } catch {
            throw SecretKeyProblem(path, "cannot be made: \(error.reason)")
        }
        return Key(material: material)
    }

    // MARK: Sealing

    /// - Parameter name: the secret's; a value that was sealed for another cannot be opened.
    func seal(_ value: [UInt8], for name: ResourceKey) throws -> [UInt8] {
        guard let key = keys.first else { preconditionFailure("init finds or makes a key") }
        let box = try AES.GCM.seal(
            value, using: key.key, authenticating: Array(name.description.utf8))
        guard let combined = box.combined else { preconditionFailure("a nonce of 12 bytes is combined") }
        return [Self.format] + key.id + Array(combined)
    }

    /// - Throws: `SecretUnreadable`.
    func open(_ sealed: [UInt8], for name: ResourceKey) throws(SecretUnreadable) -> [UInt8] {
        let head = 1 + Self.idBytes
        guard sealed.count > head, sealed[0] == Self.format else { throw .damaged(name) }
        guard let key = keys.first(where: { $0.id.elementsEqual(sealed[1..<head]) }) else {
            throw .otherKey(name)
        }
        do {
            let box = try AES.GCM.SealedBox(combined: sealed[head...])
            return Array(
                try AES.GCM.open(box, using: key.key, authenticating: Array(name.description.utf8)))
        } catch {
            throw .damaged(name)
        }
    }
}

/// Why there is no key. The daemon does not start without.
package struct SecretKeyProblem: Error, Sendable, CustomStringConvertible {
    package let description: String
    init(_ path: String, _ problem: String) { description = "the key of the secrets, \(path), \(problem)" }
}

/// Why a secret that is there cannot be read.
package enum SecretUnreadable: Error, Sendable, Hashable, CustomStringConvertible {
    /// By a key that the daemon has not, as after the restore of a backup without its key.
    case otherKey(ResourceKey)
    case damaged(ResourceKey)
    case unknown(ResourceKey)

    package var description: String {
        switch self {
        case .otherKey(let key):
            "'\(key)' was encrypted with another key: put that back as secrets/key, or set the secret again"
        case .damaged(let key): "'\(key)' is damaged in the database: set the secret again"
        case .unknown(let key): "there is no secret '\(key)'"
        }
    }
}
