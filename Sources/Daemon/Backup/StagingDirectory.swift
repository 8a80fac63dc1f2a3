internal import LinuxSystem

/// A directory for what is being made, `0700`; what an earlier one left is removed first. Blocks.
struct StagingDirectory: Sendable {
    let path: String
    private let parent: String
    private let name: FileName

    init(_ path: String) throws(KernelError) {
        self.path = path
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        parent = String(path[..<slash])
        name = FileName(String(path[slash...].dropFirst()))
        let directory = try Directory(path: parent)
        try directory.removeTree(name)
        try directory.makeDirectory(name)
    }

    func remove() throws(KernelError) { try Directory(path: parent).removeTree(name) }
}

extension Configuration {
    var backupStaging: String { "\(stateDirectory)/backup-staging" }
    var restoreStaging: String { "\(stateDirectory)/restore-staging" }
    /// Where what a restore replaced is kept.
    var previousState: String { "\(stateDirectory)/before-restore" }
}
