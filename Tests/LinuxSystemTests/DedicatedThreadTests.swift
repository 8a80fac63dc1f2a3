import Foundation
import LinuxSystem
import Testing

@Suite struct DedicatedThreadTests {
    /// A thread that nobody waits for leaves no stack behind.
    @Test func whoIsNotWaitedForGoesWhole() throws {
        func mappings() throws -> Int {
            try String(contentsOfFile: "/proc/self/maps", encoding: .utf8).split(separator: "\n").count
        }
        let before = try mappings()
        for _ in 0..<500 {
            let thread = try DedicatedThread(name: "dropped") {}
            withExtendedLifetime(thread) {}
        }
        for _ in 0..<500 where try mappings() > before + 200 { usleep(10_000) }
        #expect(try mappings() <= before + 200)
    }
}
