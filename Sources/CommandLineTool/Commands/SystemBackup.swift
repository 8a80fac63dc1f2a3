internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Foundation
internal import Glibc

struct SystemBackup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write everything that Torpor keeps into one file, while it serves.",
        discussion: """
            Functions with their content, volumes, and secrets without their key: keep /var/lib/torpor/secrets/key apart.
            The database is that of one moment; a volume that is written meanwhile is as tar(1) finds it. The file is a
            tar archive with a checksum behind it.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file, replaced when it is whole; - is standard output.") var file: String

    func run() async throws {
        let context = ToolContext.current
        guard file != "-" else {
            try await global.client.backup { try context.outputBytes($0) }
            return
        }
        let path = context.absolute(file)
        let partial = "\(path).partial"
        do {
            let size = try await write(partial)
            guard rename(partial, path) == 0 else { throw Self.failure(path) }
            try global.show(Made(file: path, bytes: size)) { "Backed up to \(path), \(size >> 10) KiB.\n" }
        } catch {
            // It may not even have been made.
            unlink(partial)
            throw error
        }
    }

    private struct Made: Encodable {
        var file: String
        var bytes: Int64
    }

    /// Returns how many bytes there are, when they are on the disk.
    private func write(_ path: String) async throws -> Int64 {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try await global.client.backup { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.write(handle.fileDescriptor, $0.baseAddress, $0.count)
                }
                guard count > 0 else { throw Self.failure(path) }
                rest = rest.dropFirst(count)
            }
        }
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
        return Int64(try handle.seekToEnd())
    }

    private static func failure(_ path: String) -> ToolFailure {
        let reason = String(cString: strerror(errno))
        return ToolFailure(
            "\(path) cannot be written: \(reason); nothing is left of this backup, and an earlier one stays")
    }
}

struct SystemRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup in the place of everything that Torpor keeps.",
        discussion: """
            The whole backup is checked first; one that is truncated, corrupted or too new changes nothing. Then the daemon
            starts anew with it, and this returns when it answers. What was there before is kept in
            /var/lib/torpor/before-restore.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file; - is standard input.") var file: String
    @Flag(help: "Also when functions are deployed, which are gone then.") var replace = false

    func run() async throws {
        let context = ToolContext.current
        let before = try await global.client.systemInfo()
        let report: RestoreReport
        if file == "-" {
            report = try await global.client.restore(replacing: replace) { try context.input() }
        } else {
            let path = context.absolute(file)
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw ToolFailure("\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            report = try await global.client.restore(replacing: replace) {
                let data = try handle.read(upToCount: 256 << 10)
                return data.flatMap { $0.isEmpty ? nil : [UInt8]($0) }
            }
        }
        try await Progress.during("restored; waiting for the daemon") { _ in
            try await Self.waitForStart(after: before, global.client)
        }
        try global.show(report) {
            let kept = report.previous.map { " What was there before is in \($0)." } ?? ""
            let functions = report.functions == 1 ? "1 function" : "\(report.functions) functions"
            return
                "Restored \(functions), backed up at \(report.createdAt). The daemon has started anew.\(kept)\n"
        }
    }

    /// Requests in flight end first, and instances have their `stopGrace`.
    private static let patience = Duration.seconds(120)

    /// Returns when a daemon answers that began after the one that took the backup.
    private static func waitForStart(after before: SystemInfo, _ client: ControlClient) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + patience
        while true {
            // It is away for a while, so that any failure may be of the moment.
            let info = try? await client.systemInfo()
            if let info, info.startedAt != before.startedAt { return }
            guard clock.now < deadline else {
                throw ToolFailure(
                    """
                    the backup is restored, but the daemon has not started anew within \(patience.components.seconds) s
                    look into it with: systemctl status torpord, journalctl -u torpord
                    """)
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }
}
