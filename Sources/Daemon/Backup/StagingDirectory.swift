internal import LinuxSystem

/// A directory for what is being made, `0700`; what an earlier one left is removed first. Blocks.
struct StagingDirectory: Sendable {
    let path: String
    private let parent: String
    private let name: FileName

    init(_ path: String) throws(KernelError) {
        self.path = path
        (parent, name) = Self.split(path)
        let directory = try Directory(path: parent)
        try directory.removeTree(name)
        try directory.makeDirectory(name)
    }

    func remove() throws(KernelError) { try Directory(path: parent).removeTree(name) }

    /// What a daemon that was killed left.
    static func remove(_ path: String) throws(KernelError) {
        let (parent, name) = split(path)
        try Directory(path: parent).removeTree(name)
    }

    private static func split(_ path: String) -> (parent: String, name: FileName) {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        return (String(path[..<slash]), FileName(String(path[slash...].dropFirst())))
    }
}

extension Configuration {
    var backupStaging: String { "\(stateDirectory)/backup-staging" }
    var restoreStaging: String { "\(stateDirectory)/restore-staging" }
    /// Where what a restore replaced is kept.
    var previousState: String { "\(stateDirectory)/before-restore" }
}
