internal import CLinux
internal import LinuxSystem

/// The file that an engine reads a process's number from.
enum PidFile {
    /// At one moment: who waits for the file finds the number in it.
    static func write(_ pid: Int32, to file: String) throws(KernelError) {
        let new = file + ".torpor"
        try? FileTree.remove(new)
        try FileTree.makeFile(new, content: Array("\(pid)".utf8))
        try check(clinux_rename(new, file), "rename", subject: file)
    }
}
