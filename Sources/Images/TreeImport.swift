internal import Core
internal import LinuxSystem

/// One walk over a source tree: sums it up and, given a destination, copies it.
///
/// The source is held by descriptors of its directories and no link in it is followed. Files that change while they are
/// read are noticed, and the sum is made over the copy where there is one, so that the digest is always that of what is
/// stored.
struct TreeImport {
    private let sourcePath: String
    private let destinationPath: String
    private let source: Directory
    private let destination: Directory?
    private let owners: OwnerPolicy
    private var digest = TreeDigest()
    private var files = 0
    private var bytes: Int64 = 0
    /// Files with several names, and the first of them.
    private var firstNames: [FileStatus.Identity: FileName] = [:]
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)

    /// - Parameter destination: an empty directory, or nil to sum up alone.
    init(
        source: Directory, sourcePath: String, destination: Directory?, destinationPath: String,
        owners: OwnerPolicy
    ) {
        self.source = source
        self.sourcePath = sourcePath
        self.destination = destination
        self.destinationPath = destinationPath
        self.owners = owners
    }

    /// - Throws: `InvalidInput` naming the file of the source, or `ImageStoreFailure`.
    mutating func run() throws -> ContentDigest {
        let root = FileName("")
        let status = try reading(root) { () throws(KernelError) in try source.status() }
        try requireOwner(status, root)
        try directoryContent(source, destination, path: root, status: status, depth: 0)
        return digest.finish()
    }

    // MARK: directories

    private mutating func directoryContent(
        _ from: Directory, _ to: Directory?, path: FileName, status: FileStatus, depth: Int
    ) throws {
        guard depth <= Limits.rootfsDepth else {
            throw refusal(path, "is too deep", "at most \(Limits.rootfsDepth) levels of directories")
        }
        let file = try reading(path) { () throws(KernelError) in try from.asFile() }
        addEntry(.directory, path, status)
        let attributes = try addAttributes(of: file, path)
        let left = Limits.rootfsFiles - files
        let names: [FileName]
        do {
            names = try from.names(limit: left)
        } catch {
            throw refusal(path, "cannot be listed: \(error)", "at most \(Limits.rootfsFiles) files")
        }
        for name in names {
            try entry(name, in: from, to, path: path.appending(name), depth: depth)
        }
        digest.endDirectory()
        try requireUnchanged(status, try reading(path) { () throws(KernelError) in try from.status() }, path)
        guard let to else { return }
        // Last, because making entries changes the time, and needs rights that the mode may not give.
        let copy = try writing(path) { () throws(KernelError) in try to.asFile() }
        try finish(copy, path, status, attributes)
    }

    private mutating func entry(
        _ name: FileName, in from: Directory, _ to: Directory?, path: FileName, depth: Int
    ) throws {
        let status = try reading(path) { () throws(KernelError) in try from.status(name) }
        try countFile(path)
        try requireOwner(status, path)
        switch status.kind {
        case .directory:
            try subdirectory(name, in: from, to, path: path, status: status, depth: depth)
        case .regular:
            try regular(name, in: from, to, path: path)
        case .link:
            try link(name, in: from, to, path: path, status: status)
        case .fifo:
            addEntry(.fifo, path, status)
            guard let to else { return }
            try writing(path) { () throws(KernelError) in
                try to.makeFifo(name)
                if owners == .kept { try to.setOwner(name, user: status.user, group: status.group) }
                try to.setMode(status.mode, of: name)
                try to.setTime(status.modified, of: name)
            }
        case .socket:
            // It belongs to a process that is not part of the content.
            return
        case .characterDevice(let major, let minor):
            if major == 0 && minor == 0 {
                throw refusal(path, "is an overlay whiteout", "a merged tree, not one layer of an overlay")
            }
            try requireDeviceDirectory(path)
        case .blockDevice:
            try requireDeviceDirectory(path)
        }
    }

    private mutating func subdirectory(
        _ name: FileName, in from: Directory, _ to: Directory?, path: FileName, status: FileStatus, depth: Int
    ) throws {
        if status.isMountPoint {
            throw refusal(path, "is a mount point", "a tree without mounts in it; unmount it first")
        }
        let child = try reading(path) { () throws(KernelError) in try from.directory(name) }
        let opened = try reading(path) { () throws(KernelError) in try child.status() }
        try requireUnchanged(status, opened, path)
        guard let to else {
            return try directoryContent(child, nil, path: path, status: opened, depth: depth + 1)
        }
        let copy = try writing(path) { () throws(KernelError) in
            try to.makeDirectory(name)
            return try to.directory(name)
        }
        try directoryContent(child, copy, path: path, status: opened, depth: depth + 1)
    }

    // MARK: other entries

    private mutating func regular(
        _ name: FileName, in from: Directory, _ to: Directory?, path: FileName
    ) throws {
        let file = try reading(path) { () throws(KernelError) in try from.file(name) }
        let status = try reading(path) { () throws(KernelError) in try file.status() }
        guard status.kind == .regular else { throw changed(path) }
        try requireOwner(status, path)
        if status.links > 1 {
            if let first = firstNames[status.identity] {
                return try hardLink(name, to, path: path, first: first, status: status)
            }
            firstNames[status.identity] = path
        }
        bytes += status.size
        guard bytes <= Limits.rootfsBytes else {
            throw refusal(
                path, "makes the tree larger than allowed", "at most \(ByteCount(Limits.rootfsBytes))")
        }
        addEntry(.regular, path, status)
        let attributes = try addAttributes(of: file, path)
        if let to {
            let copy = try writing(path) { () throws(KernelError) in try to.createFile(name) }
            do {
                try copy.copyContent(of: file, size: status.size)
            } catch .reading(let error) {
                throw refusal(path, "cannot be read: \(error)", nil)
            } catch .writing(let error) {
                throw storeFailure(path, error)
            }
            try sum(copy, path, status)
            try finish(copy, path, status, attributes)
        } else {
            try sum(file, path, status)
        }
        try requireUnchanged(status, try reading(path) { () throws(KernelError) in try file.status() }, path)
    }

    private mutating func sum(_ file: borrowing ContentFile, _ path: FileName, _ status: FileStatus) throws {
        let (size, sum) = try reading(path) { () throws(KernelError) in
            try ContentHash.of(file, buffer: &buffer)
        }
        guard size == status.size else { throw changed(path) }
        digest.add(UInt64(size))
        digest.add(sum)
    }

    private mutating func hardLink(
        _ name: FileName, _ to: Directory?, path: FileName, first: FileName, status: FileStatus
    ) throws {
        addEntry(.hardLink, path, status)
        digest.add(first.bytes)
        guard let to, let destination else { return }
        try writing(path) { () throws(KernelError) in
            try to.makeHardLink(name, to: first, under: destination)
        }
    }

    private mutating func link(
        _ name: FileName, in from: Directory, _ to: Directory?, path: FileName, status: FileStatus
    ) throws {
        let content = try reading(path) { () throws(KernelError) in try from.linkContent(name) }
        addEntry(.link, path, status)
        digest.add(content)
        guard let to else { return }
        try writing(path) { () throws(KernelError) in
            try to.makeLink(name, content: content)
            if owners == .kept { try to.setOwner(name, user: status.user, group: status.group) }
            try to.setTime(status.modified, of: name)
        }
    }

    // MARK: what every entry has

    private mutating func addEntry(_ mark: TreeDigest.Mark, _ path: FileName, _ status: FileStatus) {
        let own = owners == .own
        digest.addEntry(
            mark, path: path, mode: mark == .link ? 0o777 : status.mode, user: own ? 0 : status.user,
            group: own ? 0 : status.group)
    }

    private mutating func addAttributes(
        of file: borrowing ContentFile, _ path: FileName
    ) throws -> [KeptAttributes.Attribute] {
        let attributes = try reading(path) { () throws(KernelError) in try KeptAttributes.read(file) }
        digest.add(UInt64(attributes.count))
        for attribute in attributes {
            digest.add(attribute.name.bytes)
            digest.add(attribute.value)
        }
        return attributes
    }

    /// Owner first, since changing it takes away set-uid bits and file capabilities; the time last.
    private func finish(
        _ copy: borrowing ContentFile, _ path: FileName, _ status: FileStatus,
        _ attributes: [KeptAttributes.Attribute]
    ) throws {
        try writing(path) { () throws(KernelError) in
            if owners == .kept { try copy.setOwner(user: status.user, group: status.group) }
            try KeptAttributes.write(attributes, to: copy, owners: owners)
            try copy.setMode(status.mode)
            try copy.setTime(status.modified)
        }
    }

    // MARK: refusing

    private mutating func countFile(_ path: FileName) throws {
        files += 1
        guard files <= Limits.rootfsFiles else {
            throw refusal(path, "is one file too many", "at most \(Limits.rootfsFiles) files")
        }
    }

    private func requireOwner(_ status: FileStatus, _ path: FileName) throws {
        guard owners == .kept else { return }
        let highest = max(status.user, status.group)
        guard highest < Limits.containerIDs else {
            throw refusal(
                path, "belongs to id \(highest), outside the function's range of ids",
                "owners 0 to \(Limits.containerIDs - 1)")
        }
    }

    /// Nodes in `/dev` are left out, because an instance has a `/dev` of its own; elsewhere they could not work.
    private func requireDeviceDirectory(_ path: FileName) throws {
        guard path.bytes.starts(with: Array("dev/".utf8)) else {
            throw refusal(path, "is a device node, which a function cannot use", "device nodes in /dev alone")
        }
    }

    private func requireUnchanged(_ before: FileStatus, _ after: FileStatus, _ path: FileName) throws {
        let same =
            before.identity == after.identity && before.kind == after.kind && before.size == after.size
            && before.modified == after.modified && before.changed == after.changed
        if !same { throw changed(path) }
    }

    private func changed(_ path: FileName) -> InvalidInput {
        refusal(path, "changed while it was imported", "a tree that nobody writes to; deploy again")
    }

    private func refusal(_ path: FileName, _ problem: String, _ allowed: String?) -> InvalidInput {
        InvalidInput("\(FileName(sourcePath).appending(path))", problem, allowed: allowed)
    }

    private func storeFailure(_ path: FileName, _ reason: KernelError) -> ImageStoreFailure {
        ImageStoreFailure(path: "\(FileName(destinationPath).appending(path))", reason: reason)
    }

    private func reading<T: ~Copyable>(_ path: FileName, _ work: () throws(KernelError) -> T) throws -> T {
        do {
            return try work()
        } catch {
            throw refusal(path, "cannot be read: \(error)", nil)
        }
    }

    private func writing<T: ~Copyable>(_ path: FileName, _ work: () throws(KernelError) -> T) throws -> T {
        do {
            return try work()
        } catch {
            throw storeFailure(path, error)
        }
    }
}
