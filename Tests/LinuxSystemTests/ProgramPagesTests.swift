import LinuxSystem
import Testing

@Suite struct ProgramPagesTests {
    @Test func `Only what a file holds and nobody has changed is given up`() {
        let smaps = """
            55d0c8a00000-55d0c8a21000 r--p 00000000 08:01 1234   /usr/bin/torpord
            Size:                132 kB
            Anonymous:             0 kB
            55d0c8a21000-55d0c8b21000 r-xp 00021000 08:01 1234   /usr/bin/torpord
            Anonymous:             0 kB
            55d0c8b21000-55d0c8b31000 r--p 00121000 08:01 1234   /usr/bin/torpord
            Anonymous:            64 kB
            55d0c8b31000-55d0c8b41000 rw-p 00131000 08:01 1234   /usr/bin/torpord
            Anonymous:             0 kB
            55d0c9000000-55d0c9100000 rw-p 00000000 00:00 0      [heap]
            Anonymous:          1024 kB
            7f0000000000-7f0000010000 r--s 00000000 08:01 99     /var/lib/torpor/torpor.db-shm
            Anonymous:             0 kB
            7f0000010000-7f0000020000 r-xp 00000000 00:00 0      [vdso]
            Anonymous:             0 kB
            """
        let clean = ProgramPages.mappings(smaps).filter(\.isClean)
        #expect(clean.map(\.start) == [0x55d0_c8a0_0000, 0x55d0_c8a2_1000])
        #expect(clean.map(\.end) == [0x55d0_c8a2_1000, 0x55d0_c8b2_1000])
    }

    @Test func `A program goes on after its pages were given up`() throws {
        let before = try resident()
        ProgramPages.release()
        let after = try resident()
        #expect(after < before)
        #expect("\(after)".count > 1)
    }

    /// kB of file pages that this process has mapped.
    private func resident() throws -> Int {
        let lines = try File.text("/proc/self/status").split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("RssFile:") })
        return try #require(Int(line.filter(\.isNumber)))
    }
}
