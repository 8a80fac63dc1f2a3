internal import Core
internal import LinuxSystem

/// The host's directories that functions may have, as `torpord.yaml` allows them.
struct BindDirectories: Sendable {
    let allowed: [String]

    /// - Throws: `InvalidInput` when no allowed directory is above `source`, or the same.
    func check(_ source: String) throws(InvalidInput) {
        guard base(of: source) == nil else { return }
        throw InvalidInput(
            "", "torpord.yaml does not allow '\(source.prefix(200))' as a volume",
            allowed: allowed.isEmpty
                ? "none: bind-volumes names none, nor does allow.binds"
                : "below " + allowed.joined(separator: ", "))
    }

    /// Below the allowed directory no link is followed: a function that may write there could have made it.
    func open(_ source: String) throws -> Directory {
        guard let base = base(of: source) else {
            throw AttachmentFailure("torpord.yaml does not allow '\(source)' as a volume")
        }
        let top = try Directory(path: base)
        let rest = source.dropFirst(base.count).drop { $0 == "/" }
        return rest.isEmpty ? top : try top.directory(beneath: String(rest))
    }

    /// A detached copy of what is at an allowed path, a directory or a file.
    func mount(_ source: String, recursive: Bool) throws -> DetachedMount {
        let (top, rest) = try split(source)
        return try top.detachedMount(beneath: rest, recursive: recursive)
    }

    /// Whether what is there is no directory.
    func isFile(_ source: String) throws -> Bool {
        let (top, rest) = try split(source)
        return try top.status(FileName(rest)).kind != .directory
    }

    private func split(_ source: String) throws -> (top: Directory, rest: String) {
        guard let base = base(of: source) else {
            throw AttachmentFailure("torpord.yaml does not allow '\(source)'")
        }
        return (try Directory(path: base), String(source.dropFirst(base.count).drop { $0 == "/" }))
    }

    /// The shortest: below it functions may write, also on the way to another one that is allowed.
    private func base(of source: String) -> String? {
        allowed.filter { ContainerPath.isAtOrBelow(source, $0) }.min { $0.utf8.count < $1.utf8.count }
    }
}
