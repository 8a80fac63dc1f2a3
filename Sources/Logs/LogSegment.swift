internal import Core
internal import Glibc
internal import LinuxSystem

/// One file of an instance's log as it was when a query began. It holds no descriptor: the file is found again by the
/// time of its first entry, which no other has, under whatever name a rotation has given it meanwhile.
struct LogSegment: Sendable {
    private let place: LogPlace
    private let identity: [UInt8]
    /// Bytes when the query began.
    let size: Int
    /// Its place among the instance's files; it only grows.
    private var age: Int

    /// What there is of an instance, the oldest first.
    static func all(of place: LogPlace) -> [LogSegment] {
        // The newest first, so that a rotation in between shows one twice instead of none; the same is one.
        let found = (0..<Limits.logFiles).compactMap { LogSegment(place: place, age: $0) }
        var known: Set<[UInt8]> = []
        return found.filter { known.insert($0.identity).inserted }.reversed()
    }

    private init?(place: LogPlace, age: Int) {
        var status = stat()
        guard let file = try? File.open(place.path(age), flags: O_RDONLY | O_NOFOLLOW),
            fstat(file.raw, &status) == 0, let identity = LogSegment.identity(of: file)
        else { return nil }
        self.place = place
        self.age = age
        self.identity = identity
        size = Int(status.st_size)
    }

    private static func identity(of file: borrowing OwnedFD) -> [UInt8]? {
        guard let bytes = try? File.read(file, at: 0, count: LogTime.length), bytes.count == LogTime.length
        else { return nil }
        return bytes
    }

    /// - Returns: fewer bytes at the end; none when the file is gone.
    mutating func read(at offset: Int, count: Int) -> [UInt8] {
        let count = min(count, size - offset)
        while count > 0, age < Limits.logFiles {
            if let file = try? File.open(place.path(age), flags: O_RDONLY | O_NOFOLLOW),
                LogSegment.identity(of: file) == identity
            {
                return (try? File.read(file, at: offset, count: count)) ?? []
            }
            age += 1
        }
        return []
    }
}
