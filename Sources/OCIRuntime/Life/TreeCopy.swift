internal import Core
internal import LinuxSystem

/// Copies what is in one directory into another, with owners, modes and times; hard links become files of their own. What
/// somebody changes meanwhile is copied as it was found; no link is followed.
enum TreeCopy {
    /// - Parameter keepsOwn: whether `to` gets owner and mode of `from`, too.
    static func copy(from: Directory, to: Directory, keepsOwn: Bool, depth: Int = 0) throws {
        guard depth <= Limits.rootfsDepth else {
            throw RuntimeFailure("there are more than \(Limits.rootfsDepth) levels of directories")
        }
        for name in try from.names(limit: Limits.rootfsFiles) {
            let status = try from.status(name)
            switch status.kind {
            case .directory:
                try to.makeDirectory(name)
                try copy(from: from.directory(name), to: to.directory(name), keepsOwn: true, depth: depth + 1)
            case .regular:
                try to.createFile(name).copyContent(of: from.file(name), size: status.size)
            case .link: try to.makeLink(name, content: from.linkContent(name))
            case .fifo: try to.makeFifo(name)
            // Of a process, and of the host.
            case .socket, .characterDevice, .blockDevice: continue
            }
            try to.setOwner(name, user: status.user, group: status.group)
            if status.kind != .link { try to.setMode(status.mode, of: name) }
            try to.setTime(status.modified, of: name)
        }
        guard keepsOwn else { return }
        let own = try from.status()
        try to.setOwner(user: own.user, group: own.group)
        try to.setMode(own.mode)
    }
}
