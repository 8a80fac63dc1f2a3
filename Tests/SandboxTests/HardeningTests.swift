import Glibc
import LinuxSystem
import Sandbox
import Testing

/// What of the program that every container begins with its build promises (Sources/TorporInit/build).
@Suite struct HardeningTests {
    /// The parts of an ELF file that matter here (elf(5)), 64 bits, in this machine's byte order.
    private struct Program {
        let type: UInt16
        let segments: [(kind: UInt32, flags: UInt32)]

        init?(_ bytes: [UInt8]) {
            guard bytes.count > 64, bytes.prefix(5).elementsEqual([0x7f, 0x45, 0x4c, 0x46, 2]) else {
                return nil
            }
            func read<Number: FixedWidthInteger>(_ type: Number.Type, _ offset: Int) -> Number {
                bytes[offset..<offset + MemoryLayout<Number>.size].withUnsafeBytes {
                    $0.loadUnaligned(as: type)
                }
            }
            self.type = read(UInt16.self, 16)
            let (table, size) = (Int(read(UInt64.self, 32)), Int(read(UInt16.self, 54)))
            segments = (0..<Int(read(UInt16.self, 56))).map { index in
                let at = table + index * size
                return (read(UInt32.self, at), read(UInt32.self, at + 4))
            }
        }
    }

    private static let (executable, writable): (UInt32, UInt32) = (1, 2)
    private static let (loaded, interpreter, stack, readOnlyLater): (UInt32, UInt32, UInt32, UInt32) = (
        1, 3, 0x6474_e551, 0x6474_e552
    )

    @Test func nothingIsWritableAndRuns() throws {
        let program = try #require(Program(SandboxRuntime.initProgram))
        #expect(!program.segments.contains { $0.kind == Self.interpreter }, "it needs no library")
        for segment in program.segments where segment.kind == Self.loaded || segment.kind == Self.stack {
            let both = Self.executable | Self.writable
            #expect(segment.flags & both != both)
        }
        let stack = try #require(program.segments.first { $0.kind == Self.stack })
        #expect(stack.flags & Self.executable == 0)
        #if arch(x86_64)
            let movable: UInt16 = 3
            #expect(program.type == movable, "it lies anywhere (ET_DYN)")
            #expect(program.segments.contains { $0.kind == Self.readOnlyLater })
        #endif
    }

    /// Each start has another place, and nothing about it is the same in the next.
    @Test func itsPlaceChanges() throws {
        #if arch(x86_64)
            let path = "/tmp/torpor-hardening-test-\(getpid())-\(UInt32.random(in: 0..<1_000_000))"
            try FileTree.makeFile(path, content: SandboxRuntime.initProgram, mode: 0o755)
            defer { try? FileTree.remove(path) }
            var places: Set<Substring> = []
            for _ in 0..<4 {
                let harness = try InitHarness(program: path)
                let maps = try File.text("/proc/\(harness.processID)/maps").split(separator: "\n")
                places.insert(try #require(maps.first { $0.hasSuffix(path) }?.split(separator: "-").first))
                try harness.send([1, 2, 3])
                _ = harness.end()
            }
            #expect(places.count > 1)
        #endif
    }
}
