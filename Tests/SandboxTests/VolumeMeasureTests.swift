import Core
import LinuxSystem
import Sandbox
import Testing

/// Volumes with more in them than a daemon may have in its memory, or than it may follow.
@Suite struct VolumeMeasureTests {
    private let data: ResourceKey

    init() throws { data = ResourceKey(name: try ResourceName("data")) }

    private func withVolume(
        _ body: (_ volumes: VolumeDirectories, _ root: Directory) throws -> Void
    ) throws {
        let name = "torpor-volumes-\(HostIdentity.processID)-\(UInt32.random(in: 0 ... .max))"
        let volumes = VolumeDirectories(path: "/tmp/\(name)")
        try volumes.prepare()
        defer { try? Directory(path: "/tmp").removeTree(FileName(name)) }
        try FileTree.makeDirectories(volumes.path(of: data), mode: 0o755)
        try body(volumes, try Directory(path: volumes.path(of: data)))
    }

    @Test func `Counting stops where it is told to, and has read no further`() throws {
        try withVolume { volumes, root in
            for number in 0..<20_000 { try root.makeFifo(FileName("\(number)")) }
            var asked = 0
            // Asked for each name: what a listing had been read whole would be asked for all.
            let sizes = volumes.sizes(of: [data]) {
                asked += 1
                if asked == 2 { for number in 0..<20_000 { try? root.removeTree(FileName("\(number)")) } }
                return false
            }
            #expect((2...1000).contains(asked), "\(asked)")
            #expect(sizes.count == 1 && !sizes[0].isMore)
            asked = 0
            for number in 0..<1000 { try root.makeFifo(FileName("\(number)")) }
            let late = volumes.sizes(of: [data]) {
                asked += 1
                return asked == 10
            }
            #expect(asked == 10 && late[0].isMore)
        }
    }

    @Test func `A volume is removed however deep it is, and however many names it has`() throws {
        try withVolume { volumes, root in
            #expect(try volumes.tooDeep() == nil)
            for number in 0..<5000 { try root.makeFifo(FileName("\(number)")) }
            #expect(try volumes.tooDeep() == nil)
            var place = root
            for _ in 0..<(Limits.volumeDepth + 200) {
                try place.makeDirectory(FileName("d"))
                place = try place.directory(FileName("d"))
            }
            for number in 0..<1000 { try place.makeDirectory(FileName("\(number)")) }
            #expect(try volumes.tooDeep() == data)
            #expect(try volumes.remove(data))
            #expect(try volumes.list().isEmpty)
            let left = try Directory(path: "\(volumes.path)/.removed").names(limit: 10)
            #expect(left.isEmpty)
            #expect(try !volumes.remove(data))
        }
    }
}
