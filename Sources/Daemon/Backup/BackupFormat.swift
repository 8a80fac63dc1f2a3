internal import ControlAPI
internal import Core
internal import Crypto

/// The one file of a backup: a tar archive (POSIX.1-2001), which tar(1) lists and unpacks, and behind its end a block that
/// tells that it is whole. The archive begins with `torpor-backup.json`; then come the database as it was at one moment,
/// the content that its revisions own, volumes, and secrets without their key.
enum BackupFormat {
    static let headName = "torpor-backup.json"
    static let database = "torpor.db"
    /// What is put back as a whole, by its name in the state directory.
    static let items = [database, "images", "secrets", "volumes"]
    /// Of `secrets`: what makes them readable is no part of a backup.
    static let secretsKey = "secrets/key"
    static let number = 1
    static let blockBytes = 512
    private static let mark = "TORPOR-BACKUP-END"

    struct Head: Codable, Sendable {
        var format: Int
        var version: String
        var createdAt: Timestamp
        var functions: Int
    }

    /// The block behind the archive: the sum and number of all bytes before it.
    static func end(_ sum: SHA256.Digest, bytes: Int64) -> [UInt8] {
        let text = "\(mark) \(number) sha256:\(Hexadecimal.text(sum)) \(bytes)\n"
        let block = Array(text.utf8)
        return block + [UInt8](repeating: 0, count: blockBytes - block.count)
    }

    /// What is wrong with the last block of something whose other bytes have this sum; nil when nothing is.
    static func problem(_ block: [UInt8], _ sum: SHA256.Digest, bytes: Int64) -> String? {
        guard block.count == blockBytes, block.starts(with: mark.utf8) else {
            return "it is truncated: its end is missing"
        }
        return block == end(sum, bytes: bytes) ? nil : "it is corrupted: its checksum is another"
    }
}
