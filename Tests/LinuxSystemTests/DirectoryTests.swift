import LinuxSystem
import Testing

@Suite struct DirectoryTests {
    private func withDirectory(_ body: (Directory) throws -> Void) throws {
        let path = "/tmp/torpor-directory-\(HostIdentity.processID)-\(UInt32.random(in: 0 ... .max))"
        try FileTree.makeDirectory(path)
        let parent = try Directory(path: "/tmp")
        defer { try? parent.removeTree(FileName(String(path.dropFirst("/tmp/".count)))) }
        try body(try Directory(path: path))
    }

    @Test func `However many names there are, few are in memory at a time`() throws {
        try withDirectory { directory in
            for number in 0..<20_000 { try directory.makeFifo(FileName("\(number)")) }
            #expect(try directory.names(limit: 20_000).count == 20_000)
            let error = #expect(throws: KernelError.self) { try directory.names(limit: 19_999) }
            #expect(error?.code == 75, "EOVERFLOW")
            var seen: Set<FileName> = []
            try directory.eachName { name in
                seen.insert(name)
                return true
            }
            #expect(seen.count == 20_000)
            // What is removed while it is read is only told as far as it had been read.
            var told = 0
            try directory.eachName { name throws(KernelError) in
                if told == 0 {
                    for other in seen where other != name { try directory.removeTree(other) }
                }
                told += 1
                return true
            }
            #expect((1...1000).contains(told), "\(told)")
            try directory.eachName { _ in
                told = 0
                return false
            }
            #expect(told == 0, "it is read from its beginning")
        }
    }

    @Test func `A tree with many names on each level is removed whole`() throws {
        try withDirectory { directory in
            try directory.makeDirectory(FileName("tree"))
            let tree = try directory.directory(FileName("tree"))
            for number in 0..<3000 { try tree.makeDirectory(FileName("\(number)")) }
            let inner = try tree.directory(FileName("1500"))
            for number in 0..<3000 { try inner.makeFifo(FileName("\(number)")) }
            try directory.removeTree(FileName("tree"))
            #expect(try directory.names(limit: 10).isEmpty)
        }
    }

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
