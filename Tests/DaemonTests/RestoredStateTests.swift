import Daemon
import Foundation
import LinuxSystem
import Testing

/// A restore is put in place at the daemon's start: a crash at any step of it is made good by the next start.
@Suite struct RestoredStateTests {
    private let configuration: Configuration
    private var state: String { configuration.stateDirectory }

    init() throws {
        var configuration = Configuration()
        configuration.stateDirectory = NSTemporaryDirectory() + "torpor-restored-\(UUID().uuidString)"
        self.configuration = configuration
    }

    private func write(_ files: [String: String]) throws {
        for (name, text) in files {
            let url = URL(filePath: "\(state)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: false, encoding: .utf8)
        }
    }

    private func text(_ name: String) -> String? {
        try? String(contentsOfFile: "\(state)/\(name)", encoding: .utf8)
    }

    private let names = ["torpor.db", "images/rootfs/a/file", "volumes/default/data/file", "secrets/other"]

    /// A state, and beside it a backup that is marked to take its place.
    private func prepare() throws {
        try? FileManager.default.removeItem(atPath: state)
        var files = ["torpor.db-wal": "old", "secrets/key": "the key", "logs/x": "stays"]
        for name in names {
            files[name] = "old"
            files["restore/content/\(name)"] = "new"
        }
        files["restore/content/torpor-backup.json"] = "{}"
        files["restore/ready/.keep"] = ""
        try write(files)
        try FileManager.default.removeItem(atPath: "\(state)/restore/ready/.keep")
    }

    /// - Returns: whether it came to its end before it crashed at a step.
    private func apply(crashingAt crash: Int) throws -> Bool {
        var left = crash
        do throws(KernelError) {
            _ = try RestoredState.apply(configuration) { () throws(KernelError) in
                if left == 0 { throw KernelError("crash", code: 5) }
                left -= 1
            }
            return true
        } catch {
            try #require(error.call == "crash", "\(error)")
            return false
        }
    }

    private func expectNew(_ what: String) {
        for name in names {
            #expect(text(name) == "new", "\(name) \(what)")
            #expect(text("before-restore/\(name)") == "old", "\(name) \(what)")
        }
        #expect(text("secrets/key") == "the key", "this host's key stays: \(what)")
        #expect(text("torpor.db-wal") == nil, "a log of another database: \(what)")
        #expect(text("before-restore/torpor.db-wal") == "old", "\(what)")
        #expect(text("logs/x") == "stays", "\(what)")
        #expect(!FileManager.default.fileExists(atPath: "\(state)/restore"), "\(what)")
    }

    @Test func aCrashAtAnyStepAndAtAnyOfTheNext() throws {
        defer { try? FileManager.default.removeItem(atPath: state) }
        var first = 0
        while true {
            try prepare()
            if try apply(crashingAt: first) { break }
            var second = 0
            while true {
                try prepare()
                _ = try apply(crashingAt: first)
                let isOver = try apply(crashingAt: second)
                if !isOver { #expect(try RestoredState.apply(configuration)) }
                expectNew("after crashes at \(first) and \(second)")
                #expect(try !RestoredState.apply(configuration), "once")
                if isOver { break }
                second += 1
            }
            first += 1
        }
        expectNew("without a crash")
        #expect(first > 10, "\(first) steps")
    }

    /// What was put in place is removed piece by piece, too.
    @Test func aCrashWhileTheRestIsRemoved() throws {
        defer { try? FileManager.default.removeItem(atPath: state) }
        for gone in [["content/torpor-backup.json"], ["content"], ["emptied"], ["content", "emptied"]] {
            try prepare()
            // All but the last step.
            var last = 0
            while try !apply(crashingAt: last) {
                try prepare()
                last += 1
            }
            try prepare()
            #expect(try !apply(crashingAt: last - 1))
            for name in gone { try FileManager.default.removeItem(atPath: "\(state)/restore/\(name)") }
            #expect(try RestoredState.apply(configuration))
            expectNew("without \(gone)")
        }
    }
}
