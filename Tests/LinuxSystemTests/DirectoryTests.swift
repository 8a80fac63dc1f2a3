import LinuxSystem
import Testing

@Suite struct DirectoryTests {
    @Test func `The mode of what a link points to is never changed`() throws {
        let path = "/tmp/torpor-directory-\(HostIdentity.processID)-\(UInt32.random(in: 0 ... .max))"
        try FileTree.makeDirectory(path)
        let directory = try Directory(path: path)
        defer {
            for name in ["link", "pipe", "kept"] { try? directory.removeTree(FileName(name)) }
            try? FileTree.removeDirectory(path)
        }
        try directory.makeDirectory(FileName("kept"), mode: 0o755)
        try directory.makeLink(FileName("link"), content: Array("kept".utf8))
        try directory.makeFifo(FileName("pipe"))
        let error = #expect(throws: KernelError.self) { try directory.setMode(0o700, of: FileName("link")) }
        #expect(error?.code == 40, "ELOOP")
        #expect(try directory.status(FileName("kept")).mode & 0o7777 == 0o755)
        for name in ["kept", "pipe"] {
            try directory.setMode(0o700, of: FileName(name))
            #expect(try directory.status(FileName(name)).mode & 0o7777 == 0o700)
        }
    }
}
