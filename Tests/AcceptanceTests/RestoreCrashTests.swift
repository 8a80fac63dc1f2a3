import ControlAPI
import Core
import Foundation
import Glibc
import Testing

extension AcceptanceTests {
    /// kill -9 of the daemon while a restore takes the place of its state: the next start finds the one or the other, whole.
    @Suite struct RestoreCrashTests {
        /// When the daemon is killed; each is left at the end of the restore at the latest.
        private enum Moment: CaseIterable {
            case whileItIsReceived, whenItIsMarked, whileTheOldOneGoes, whileTheNewOneComes, whenItIsOver

            func hasCome(_ state: String) -> Bool {
                func isThere(_ name: String) -> Bool { access("\(state)/\(name)", F_OK) == 0 }
                return switch self {
                case .whileItIsReceived: isThere("restore-staging")
                case .whenItIsMarked: isThere("restore")
                case .whileTheOldOneGoes: isThere("restore") && isThere("before-restore")
                case .whileTheNewOneComes: isThere("restore/emptied")
                case .whenItIsOver: false
                }
            }
        }

        private enum Version: String { case old, new }

        /// A state that says everywhere which one it is, and a backup of it.
        private func make(_ version: Version, _ torpor: Torpor) throws -> String {
            try torpor.deploy("hello", environment: ["HELLO": version.rawValue])
            if version == .old { try torpor.deploy("later") }
            let volume = "\(torpor.stateDirectory)/volumes/default/data"
            try FileManager.default.createDirectory(atPath: volume, withIntermediateDirectories: true)
            try version.rawValue.write(toFile: "\(volume)/file", atomically: false, encoding: .utf8)
            // So that it takes its time.
            try Data(count: 16 << 20).write(to: URL(filePath: "\(volume)/filler"))
            let file = Scratch.path("backup-\(version)")
            try torpor.succeeding("system", "backup", file)
            return file
        }

        /// Which state it is.
        /// - Throws: `TestFailure` where parts of it are of the other.
        private func version(_ torpor: Torpor) throws -> Version {
            let names = try torpor.list().map(\.name)
            let version: Version = names == ["hello"] ? .new : .old
            let answer = try torpor.get("/function/hello")
            let volume = Host.text("\(torpor.stateDirectory)/volumes/default/data/file")
            let left = ["restore", "restore-staging"].filter {
                FileManager.default.fileExists(atPath: "\(torpor.stateDirectory)/\($0)")
            }
            let isWhole =
                (version == .new || names == ["hello", "later"]) && answer.status == 200
                && answer.text.hasPrefix(version.rawValue) && volume == version.rawValue
            guard isWhole, left.isEmpty else {
                throw TestFailure(
                    "functions \(names), hello says '\(answer.text.prefix(40))', the volume '\(volume)', left \(left)"
                )
            }
            return version
        }

        @Test func theOldStateOrTheNewOneWhole() throws {
            let seed = seed("TORPOR_SEED", 1)
            var generator = SeededGenerator(seed: seed)
            try TorporFixture.with { torpor in
                let new = try make(.new, torpor)
                let old = try make(.old, torpor)
                defer { for file in [new, old] { unlink(file) } }
                var seen: [Version] = []
                for moment in Moment.allCases + Moment.allCases.reversed() {
                    let output = Scratch.path("out")
                    defer { unlink(output) }
                    let restore = try torpor.startCLI(
                        ["system", "restore", "--replace", new], output: output, errors: output)
                    // Without a pause: some of these are over in less than a millisecond.
                    while !moment.hasCome(torpor.stateDirectory), restore.exit == nil {}
                    usleep(UInt32.random(in: 0...400, using: &generator))
                    try torpor.kill()
                    if Bool.random(using: &generator) {
                        // Once more, while the next one does what the first one did not.
                        let next = try torpor.launch()
                        usleep(UInt32.random(in: 0...40_000, using: &generator))
                        next.signal(SIGKILL)
                        try next.wait()
                    }
                    try torpor.start()
                    _ = try restore.wait()
                    do { seen.append(try version(torpor)) } catch {
                        throw TestFailure("killed \(moment), seed \(seed): \(error)")
                    }
                    if seen.last == .old { continue }
                    try torpor.succeeding("system", "restore", "--replace", old)
                    try becomesTrue("the old state again") { try torpor.list().count == 2 }
                }
                #expect(seen.contains(.old) && seen.contains(.new), "\(seen)")
            }
        }
    }
}
