internal import Core
internal import Glibc
internal import LinuxSystem
internal import TarFormat

/// Makes files of an archive's entries below one directory, and nowhere else: every name is walked from there without
/// following a link, `..` is refused, and a hard link leads only to what was made here. Blocks.
final class TarUnpack {
    /// A directory's attributes are set last: making entries changes its time, and its mode may forbid them.
    private struct Finished {
        let path: [FileName]
        let header: TarHeader
    }

    private struct OpenEntry {
        let file: OpenFile
        let header: TarHeader
        let attributes: [KeptAttributes.Attribute]
        var offset: Int64 = 0
    }

    /// A file that was made and gets its content and attributes.
    private final class OpenFile {
        private let file: ContentFile
        init(_ file: consuming ContentFile) { self.file = file }

        func write(_ piece: ArraySlice<UInt8>, at offset: Int64) throws(KernelError) {
            try file.write(piece, at: offset)
        }

        /// Owner first, since changing it takes away set-uid bits and file capabilities; the time last.
        func finish(
            _ header: TarHeader, _ attributes: [KeptAttributes.Attribute], _ owners: OwnerPolicy
        ) throws(KernelError) {
            if owners == .kept { try file.setOwner(user: header.user, group: header.group) }
            try KeptAttributes.write(attributes, to: file, owners: owners)
            try file.setMode(header.mode)
            try file.setTime(header.time)
        }
    }

    private let root: Directory
    private let owners: OwnerPolicy
    private var reader = TarReader()
    private var directories: [Finished] = []
    private var open: OpenEntry?
    /// The archive's first entry, which is not a file.
    private var request: [UInt8] = []
    private var requestLeft: Int64?
    private var entries = 0
    private var bytes: Int64 = 0

    init(into root: Directory, owners: OwnerPolicy) {
        self.root = root
        self.owners = owners
    }

    /// - Throws: `InvalidInput` for what is wrong with the archive, `KernelError` for what the disk refused.
    func feed(_ piece: [UInt8]) throws {
        do {
            try reader.feed(piece) { step in
                switch step {
                case .entry(let header, let given): try begin(header, given)
                case .bytes(let bytes): try write(bytes)
                case .endEntry: try endEntry()
                }
            }
        } catch let error as TarError {
            throw InvalidInput("archive", error.description)
        }
    }

    /// - Returns: the bytes of the first entry.
    func finish() throws -> [UInt8] {
        guard reader.isComplete, requestLeft == 0 else { throw InvalidInput("archive", "ends in the middle") }
        for directory in directories.reversed() {
            let file = OpenFile(try walk(directory.path[...]).asFile())
            try file.finish(directory.header, [], owners)
        }
        return request
    }

    private func begin(_ header: TarHeader, _ given: TarOverrides) throws {
        guard requestLeft != nil else {
            guard header.kind == .regular, header.path == Array(ArchiveUpload.requestName.utf8),
                header.size <= Limits.controlBodyBytes
            else {
                throw InvalidInput(
                    "archive", "does not begin with a request",
                    allowed: "a file \(ArchiveUpload.requestName) of at most \(Limits.controlBodyBytes) bytes"
                )
            }
            requestLeft = header.size
            return
        }
        let path = try Self.components(header.path)
        entries += 1
        guard entries <= Limits.rootfsFiles else {
            throw refusal(header.path, "is one file too many", "at most \(Limits.rootfsFiles) files")
        }
        guard header.size <= Limits.rootfsBytes - bytes else {
            throw refusal(header.path, "makes the tree too large", "at most \(ByteCount(Limits.rootfsBytes))")
        }
        bytes += header.size
        try requireOwner(header)
        guard let name = path.last else {
            // The root itself.
            guard header.kind == .directory else { throw refusal(header.path, "is not a name", nil) }
            return directories.append(Finished(path: [], header: header))
        }
        let parent = try parent(of: path, header)
        do {
            try make(name, in: parent, path, header, given)
        } catch let error as KernelError where error.code == EEXIST {
            throw refusal(header.path, "stands twice in the archive", nil)
        } catch let error as KernelError where error.code == ENAMETOOLONG {
            throw refusal(header.path, "has a name that is too long", "at most 255 bytes between two slashes")
        }
    }

    private func make(
        _ name: FileName, in parent: Directory, _ path: [FileName], _ header: TarHeader, _ given: TarOverrides
    ) throws {
        switch header.kind {
        case .directory:
            try makeDirectory(name, in: parent)
            directories.append(Finished(path: path, header: header))
        case .regular:
            let attributes = given.attributes.map {
                KeptAttributes.Attribute(name: FileName(bytes: $0.name), value: $0.value)
            }.filter { KeptAttributes.isKept($0.name) }
            let file = try parent.createFile(name)
            open = OpenEntry(file: OpenFile(file), header: header, attributes: attributes)
        case .link:
            guard !header.target.isEmpty, header.target.count <= Limits.pathBytes, !header.target.contains(0)
            else { throw refusal(header.path, "links to no path", nil) }
            try parent.makeLink(name, content: header.target)
            if owners == .kept { try parent.setOwner(name, user: header.user, group: header.group) }
            try parent.setTime(header.time, of: name)
        case .hardLink: try makeHardLink(name, in: parent, header)
        case .fifo:
            try parent.makeFifo(name)
            if owners == .kept { try parent.setOwner(name, user: header.user, group: header.group) }
            try parent.setMode(header.mode, of: name)
        case .device:
            // An instance has a /dev of its own; elsewhere a node could not work.
            guard path.first == FileName("dev") else {
                throw refusal(header.path, "is a device node", "device nodes in /dev alone")
            }
        }
    }

    private func makeDirectory(_ name: FileName, in parent: Directory) throws(KernelError) {
        do {
            try parent.makeDirectory(name)
        } catch {
            // Made for what stood before it in the archive.
            guard error.code == EEXIST else { throw error }
            _ = try parent.directory(name)
        }
    }

    /// To a file of this archive: its directory is reached without links, so that none leads elsewhere.
    private func makeHardLink(_ name: FileName, in parent: Directory, _ header: TarHeader) throws {
        let target = try Self.components(header.target)
        guard let last = target.last else { throw refusal(header.path, "links to no file", nil) }
        do {
            let folder = try walk(target.dropLast())
            guard try folder.status(last).kind == .regular else {
                throw refusal(header.path, "links to what is no file", nil)
            }
            try parent.makeHardLink(name, to: last, under: folder)
        } catch let error as KernelError where error.code != EEXIST {
            throw refusal(
                header.path, "links to '\(FileName(bytes: header.target))', which is not there", nil)
        }
    }

    private func write(_ piece: ArraySlice<UInt8>) throws {
        if let left = requestLeft, left > 0 {
            request += piece
            requestLeft = left - Int64(piece.count)
            return
        }
        guard let entry = open else { return }
        try entry.file.write(piece, at: entry.offset)
        open?.offset += Int64(piece.count)
    }

    private func endEntry() throws {
        guard let entry = open else { return }
        open = nil
        try entry.file.finish(entry.header, entry.attributes, owners)
    }

    // MARK: names

    /// The directory that an entry stands in; what is missing of it is made.
    private func parent(of path: [FileName], _ header: TarHeader) throws -> Directory {
        do throws(KernelError) {
            return try made(path.dropLast())
        } catch {
            guard error.code == ENOTDIR || error.code == ELOOP else { throw error }
            throw refusal(header.path, "leads through what is no directory", nil)
        }
    }

    private func made(_ path: ArraySlice<FileName>) throws(KernelError) -> Directory {
        var directory = root
        for name in path {
            do {
                directory = try directory.directory(name)
            } catch {
                guard error.code == ENOENT else { throw error }
                try directory.makeDirectory(name, mode: 0o755)
                directory = try directory.directory(name)
            }
        }
        return directory
    }

    private static func components(_ path: [UInt8]) throws -> [FileName] {
        guard !path.isEmpty, path.count <= Limits.pathBytes, !path.contains(0),
            path.first != UInt8(ascii: "/")
        else {
            throw InvalidInput(
                "archive", "'\(FileName(bytes: Array(path.prefix(80))))' is no name for an entry",
                allowed: "a relative path of at most \(Limits.pathBytes) bytes")
        }
        let names = path.split(separator: UInt8(ascii: "/")).map { FileName(bytes: Array($0)) }
            .filter { $0 != FileName(".") }
        guard !names.contains(FileName("..")), names.count <= Limits.rootfsDepth else {
            throw InvalidInput(
                "archive", "'\(FileName(bytes: Array(path.prefix(80))))' is no name for an entry",
                allowed: "no '..', at most \(Limits.rootfsDepth) levels")
        }
        return names
    }

    /// A directory that is there, reached without following a link.
    private func walk(_ path: ArraySlice<FileName>) throws(KernelError) -> Directory {
        var directory = root
        for name in path { directory = try directory.directory(name) }
        return directory
    }

    private func requireOwner(_ header: TarHeader) throws {
        let highest = max(header.user, header.group)
        guard owners == .own || highest < Limits.containerIDs else {
            throw refusal(
                header.path, "belongs to id \(highest), outside the function's range of ids",
                "owners 0 to \(Limits.containerIDs - 1)")
        }
    }

    private func refusal(_ path: [UInt8], _ problem: String, _ allowed: String?) -> InvalidInput {
        InvalidInput("archive: \(FileName(bytes: Array(path.prefix(200))))", problem, allowed: allowed)
    }
}

extension TarHeader {
    fileprivate var time: FileStatus.Time { FileStatus.Time(seconds: modified, nanoseconds: 0) }
}
