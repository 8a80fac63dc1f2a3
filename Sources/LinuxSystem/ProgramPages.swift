internal import CLinux

/// The pages of the program's own files in this process's memory: most were needed by its start alone.
package enum ProgramPages {
    /// A mapping of smaps (proc_pid_smaps(5)).
    package struct Mapping: Hashable {
        package var start: UInt64
        package var end: UInt64
        /// Backed by a file, not writable, and without a page of the process's own.
        package var isClean: Bool
    }

    /// Gives up what is mapped of files and was never changed; what is used again comes back from the page cache, by
    /// minor faults. Some milliseconds, any thread.
    package static func release() {
        guard let content = try? File.read("/proc/self/smaps", limit: 8 << 20) else { return }
        let text = String(decoding: content, as: UTF8.self)
        // One that cannot be released stays as it is.
        for mapping in mappings(text) where mapping.isClean {
            _ = clinux_release_pages(mapping.start, mapping.end)
        }
    }

    package static func mappings(_ smaps: String) -> [Mapping] {
        var found: [Mapping] = []
        for line in smaps.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            if let mapping = header(fields) {
                found.append(mapping)
            } else if fields.first == "Anonymous:", fields.dropFirst().first != "0", !found.isEmpty {
                // Relocated data that was made read-only afterwards, above all.
                found[found.count - 1].isClean = false
            }
        }
        return found
    }

    /// `55d0c8a00000-55d0c8a21000 r-xp 00002000 08:01 1234   /usr/bin/torpord`
    private static func header(_ fields: [Substring]) -> Mapping? {
        guard fields.count >= 5, !fields[0].hasSuffix(":") else { return nil }
        let ends = fields[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
        guard ends.count == 2 else { return nil }
        let isFile = fields.count > 5 && fields[5].hasPrefix("/") && fields[4] != "0"
        let isReadOnlyPrivate = fields[1].hasPrefix("r-") && fields[1].hasSuffix("p")
        return Mapping(start: ends[0], end: ends[1], isClean: isFile && isReadOnlyPrivate)
    }
}
