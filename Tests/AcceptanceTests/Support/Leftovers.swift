import Foundation
import Glibc

/// What a daemon left: processes, cgroups, interfaces, nft tables, mounts, directories of instances.
enum Leftovers {
    /// One line for each thing.
    static func of(_ torpor: Torpor) -> [String] {
        reapOrphans()
        return orphans().map { "process \($0.pid) (\($0.name))" } + cgroups(torpor).map { "cgroup \($0)" }
            + interfaces(torpor).map { "interface \($0)" } + tables(torpor).map { "nft table \($0)" }
            + mounts(torpor).map { "mount \($0)" } + directories(torpor).map { "directory \($0)" }
    }

    /// Orphans of a killed daemon become children of this process, so that they are found (PR_SET_CHILD_SUBREAPER).
    static func adoptOrphans() {
        typealias Prctl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
        guard let symbol = dlsym(nil, "prctl") else { return }
        _ = unsafeBitCast(symbol, to: Prctl.self)(36, 1, 0, 0, 0)
    }

    struct Process {
        let pid: pid_t
        let parent: pid_t
        let name: String
        let state: String
    }

    static func processes() -> [Process] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { entry in pid_t(entry).flatMap(process) }
    }

    /// proc_pid_stat(5); nil when there is no such process.
    static func process(_ pid: pid_t) -> Process? {
        let stat = Host.text("/proc/\(pid)/stat")
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return Process(
            pid: pid, parent: parent, name: String(stat[stat.index(after: open)..<close]),
            state: String(fields[0]))
    }

    /// Whether it runs: what has ended and was not waited for yet does not.
    static func isAlive(_ pid: Int) -> Bool {
        process(pid_t(pid)).map { $0.state != "Z" && $0.state != "X" } ?? false
    }

    /// Children of this process that no `ChildProcess` started. The tests run one after the other, and each ends what
    /// it starts before it looks.
    private static func orphans() -> [Process] {
        processes().filter {
            $0.parent == getpid() && $0.state != "Z" && !ChildProcess.isKnown($0.pid)
                && !ignored.contains($0.name)
        }
    }

    /// What Foundation or the test runner may start.
    private static let ignored: Set<String> = ["llvm-symbolizer", "swift-backtrace"]

    private static func reapOrphans() {
        for process in processes()
        where process.parent == getpid() && process.state == "Z" && !ChildProcess.isKnown(process.pid) {
            var status: Int32 = 0
            waitpid(process.pid, &status, WNOHANG)
        }
    }

    private static func cgroups(_ torpor: Torpor) -> [String] {
        let roots = Host.mounts().filter { $0.type == "cgroup2" || $0.type == "cgroup" }.map(\.path)
        return Set(roots).sorted().flatMap { root -> [String] in
            guard let all = FileManager.default.enumerator(atPath: root) else { return [] }
            return all.compactMap { $0 as? String }.filter {
                $0.contains(torpor.bridge) && isDirectory("\(root)/\($0)")
            }.map { "\(root)/\($0)" }
        }
    }

    private static func interfaces(_ torpor: Torpor) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net")) ?? []).filter {
            $0.hasPrefix(torpor.bridge)
        } + links(torpor)
    }

    /// As ip(8) sees them: /sys may belong to another network namespace.
    private static func links(_ torpor: Torpor) -> [String] {
        let text = (try? ChildProcess.run("ip", ["-o", "link"])) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 1, words[1].hasPrefix(torpor.bridge) else { return nil }
            return String(words[1].prefix { $0 != ":" && $0 != "@" })
        }
    }

    private static func tables(_ torpor: Torpor) -> [String] {
        let text = (try? ChildProcess.run("nft", ["list", "tables"])) ?? ""
        return text.split(separator: "\n").filter { $0.contains(torpor.bridge) }.map(String.init)
    }

    private static func mounts(_ torpor: Torpor) -> [String] {
        Host.mounts().filter { $0.line.contains("\(torpor.directory)/") }.map(\.path)
    }

    private static func directories(_ torpor: Torpor) -> [String] {
        let path = "\(torpor.runDirectory)/instances"
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).map { "\(path)/\($0)" }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var answer: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &answer) && answer.boolValue
    }

    /// Removes what is left, as far as that is possible.
    static func remove(_ torpor: Torpor) {
        for process in orphans() { kill(process.pid, SIGKILL) }
        usleep(20_000)
        reapOrphans()
        for path in cgroups(torpor).reversed() {
            try? "1".write(toFile: "\(path)/cgroup.kill", atomically: false, encoding: .utf8)
            usleep(10_000)
            rmdir(path)
        }
        for link in links(torpor) { _ = try? ChildProcess.run("ip", ["link", "delete", link]) }
        for table in tables(torpor) {
            _ = try? ChildProcess.run("nft", ["delete"] + table.split(separator: " ").map(String.init))
        }
        for mount in mounts(torpor).reversed() { umount2(mount, 2) }
        reapOrphans()
    }
}
