import Foundation
import Glibc
import LinuxSystem
import Testing

/// Terminals of containers whose /dev is not what it seems.
@Suite(.serialized, .enabled(if: SandboxFixture.isPossible, SandboxFixture.needs))
struct ContainerTerminalTests {
    /// Runs the body with the pid of a process whose root is a directory that `prepare` has filled: `$1` is the directory.
    private func within(_ prepare: String, _ body: (Int) throws -> Void) throws {
        let root = "/tmp/torpor-terminal-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
        let setUp = """
            set -e; mkdir -p '\(root)/bin' '\(root)/dev/pts'; cp /bin/busybox '\(root)/bin/'
            cd '\(root)'; \(prepare)
            """
        // Where it is a link, what it leads to is not the test's.
        let cleanUp =
            "[ -L '\(root)/dev/pts' ] || umount '\(root)/dev/pts' 2>/dev/null; rm -rf --one-file-system '\(root)'"
        defer { _ = Shell.run(cleanUp) }
        try #require(Shell.run(setUp) == 0)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/chroot")
        process.arguments = [root, "/bin/busybox", "sleep", "1000"]
        try process.run()
        defer {
            // The tests' own threads block SIGTERM, and it inherits that.
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let pid = Int(process.processIdentifier)
        for _ in 0..<5000 where (try? FileTree.linkContent("/proc/\(pid)/root")) != root { usleep(2000) }
        try #require(try FileTree.linkContent("/proc/\(pid)/root") == root)
        try body(pid)
    }

    @Test(arguments: [
        "true", "echo > dev/pts/ptmx", "mkfifo dev/pts/ptmx", "ln -s /dev/pts/ptmx dev/pts/ptmx",
        "ln -s ../../../../../../dev/pts/ptmx dev/pts/ptmx", "ln -s /proc/self/fd/0 dev/pts/ptmx",
        "ln -s /proc/1/root/dev/pts/ptmx dev/pts/ptmx", "rmdir dev/pts; ln -s /proc/1/root/dev/pts dev/pts",
        "mknod dev/pts/ptmx c 5 2 || true", "mknod dev/pts/ptmx c 1 3 || true",
        "mount --bind /dev/pts dev/pts",
    ])
    func `What is no terminal of the container's own is refused`(_ prepare: String) throws {
        try within(prepare) { pid in
            #expect(throws: KernelError.self) { try PseudoTerminal(insideOf: pid) }
        }
    }

    @Test func `Its own is used`() throws {
        try within("mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts") { pid in
            let terminal = try PseudoTerminal(insideOf: pid)
            let size = TerminalDevice.Size(rows: 12, columns: 34)
            try TerminalDevice.resize(terminal.master.raw, to: size)
            #expect(TerminalDevice.size(of: terminal.slave.raw) == size)
            try File.write(Array("typed\n".utf8), to: terminal.master.raw)
            var buffer = [UInt8](repeating: 0, count: 64)
            let count = read(terminal.slave.raw, &buffer, buffer.count)
            #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "typed\n")
            #expect(throws: KernelError.self) { try PseudoTerminal(insideOf: 999_999_999) }
        }
    }
}
