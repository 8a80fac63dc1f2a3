import TarFormat

/// An archive says the same however it is split, and gives no more bytes than it has.
enum ArchiveFuzz {
    private enum Found: Equatable {
        case entry(TarHeader, TarOverrides)
        case endEntry
    }

    private struct Reading: Equatable {
        var found: [Found] = []
        var content: [UInt8] = []
        var isRefused = false
        var isComplete = false
    }

    static func run(_ bytes: [UInt8]) {
        let whole = read([bytes])
        expectThat(whole.content.count <= bytes.count, "there is no content but the archive's")
        let middle = Int(bytes.last ?? 0) * 3 % max(1, bytes.count)
        expectThat(
            read([Array(bytes[..<middle]), Array(bytes[middle...])]) == whole, "a split changes nothing")
    }

    private static func read(_ pieces: [[UInt8]]) -> Reading {
        var reader = TarReader()
        var reading = Reading()
        do {
            for piece in pieces {
                try reader.feed(piece) { step in
                    switch step {
                    case .entry(let header, let overrides): reading.found.append(.entry(header, overrides))
                    case .bytes(let part): reading.content += part
                    case .endEntry: reading.found.append(.endEntry)
                    }
                }
            }
        } catch {
            reading.isRefused = true
        }
        reading.isComplete = reader.isComplete
        return reading
    }
}
