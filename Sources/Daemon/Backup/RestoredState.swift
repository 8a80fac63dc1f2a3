package import LinuxSystem

/// Puts a checked backup in the place of the state, before the daemon opens any of it. Each step may be repeated: a crash
/// in between is made good by the next start.
package enum RestoredState {
    private static let place = FileName("restore")
    private static let previous = FileName("before-restore")
    private static let content = FileName("content")
    private static let secrets = FileName("secrets")
    private static let key = FileName("key")
    /// The old state is moved out first, then the new one in.
    private static let (outMark, inMark) = (FileName("ready"), FileName("emptied"))

    /// From here on the backup takes the place of the state at the next start. Durable when it returns.
    static func mark(_ configuration: Configuration) throws(KernelError) {
        let state = try Directory(path: configuration.stateDirectory)
        // One that could not be moved would leave the state in two halves.
        for name in BackupFormat.items.map({ FileName($0) }) where exists(name, in: state) {
            guard try !state.status(name).isMountPoint else {
                throw .busy("rename a mount point", subject: "\(configuration.stateDirectory)/\(name)")
            }
        }
        try state.removeTree(place)
        try state.removeTree(previous)
        let staging = try Directory(path: configuration.restoreStaging)
        try staging.makeDirectory(outMark)
        try state.synchroniseFileSystem()
        try state.rename(FileName("restore-staging"), to: state, as: place)
        do { try state.synchronise() } catch {
            // Who is told that nothing has changed must not find it changed at the next start.
            try state.rename(place, to: state, as: FileName("restore-staging"))
            throw error
        }
    }

    /// - Parameter step: called before each change; where it throws, nothing more is done, as at a crash.
    /// - Returns: whether there was one.
    package static func apply(
        _ configuration: Configuration, step: () throws(KernelError) -> Void = {}
    ) throws(KernelError) -> Bool {
        let state = try Directory(path: configuration.stateDirectory)
        guard exists(place, in: state) else { return false }
        let restore = try state.directory(place)
        if exists(outMark, in: restore) {
            if !exists(previous, in: state) {
                try step()
                try state.makeDirectory(previous)
            }
            let old = try state.directory(previous)
            let logs = ["-wal", "-shm"].map { BackupFormat.database + $0 }
            for name in (BackupFormat.items + logs).map({ FileName($0) }) where exists(name, in: state) {
                try step()
                try state.rename(name, to: old, as: name)
            }
            try state.synchronise()
            try step()
            try restore.rename(outMark, to: restore, as: inMark)
            try restore.synchronise()
        }
        // Without it everything is in its place, and a crash came while the rest was removed.
        if exists(content, in: restore) {
            let content = try restore.directory(content)
            for name in BackupFormat.items.map({ FileName($0) }) where exists(name, in: content) {
                try step()
                try content.rename(name, to: state, as: name)
            }
        }
        try keepKey(state, step)
        try state.synchronise()
        try step()
        try state.removeTree(place)
        return true
    }

    /// The key of the secrets is this host's, not the backup's.
    private static func keepKey(
        _ state: Directory, _ step: () throws(KernelError) -> Void
    ) throws(KernelError) {
        guard exists(previous, in: state) else { return }
        let old = try state.directory(previous)
        guard exists(secrets, in: old) else { return }
        let from = try old.directory(secrets)
        guard exists(key, in: from) else { return }
        try step()
        if !exists(secrets, in: state) { try state.makeDirectory(secrets) }
        let to = try state.directory(secrets)
        try step()
        if !exists(key, in: to) { try from.rename(key, to: to, as: key) }
    }

    private static func exists(_ name: FileName, in directory: borrowing Directory) -> Bool {
        (try? directory.status(name)) != nil
    }
}
