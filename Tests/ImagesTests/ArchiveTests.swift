import Core
import Images
import LinuxSystem
import Testing

@Suite("Sources that come as archives")
struct ArchiveTests {
    private let scratch: Scratch
    private let store: ImageStore

    init() throws {
        scratch = try Scratch()
        store = try scratch.store(owners: .own)
    }

    /// An entry as tar(1) writes it; kinds are ustar's, pax's `x` and GNU's `L`.
    private func entry(
        _ name: String, _ kind: Character = "0", target: String = "", mode: String = "0000644",
        content: [UInt8] = []
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
        }
        put(String(name.prefix(100)), 0)
        put(mode, 100)
        let size = String(content.count, radix: 8)
        put(String(repeating: "0", count: 11 - size.count) + size, 124)
        put("00000000001", 136)
        put(String(kind), 156)
        put(target, 157)
        put("ustar", 257)
        put("00", 263)
        put("        ", 148)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum, 148)
        header[154] = 0
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    private func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count + 1
        while "\(length)\(rest)".utf8.count != length { length += 1 }
        return Array("\(length)\(rest)".utf8)
    }

    private var archive: [UInt8] {
        let long = "deep/" + String(repeating: "long-", count: 40)
        let big = [UInt8](repeating: 7, count: 3000)
        return entry("request.json", content: Array("{}".utf8)) + entry("./", "5", mode: "0000755")
            + entry("./bin/", "5", mode: "0000750")
            + entry("./bin/hello", mode: "0004755", content: Array("#!hello".utf8))
            + entry("PaxHeader", "x", content: record("path", long) + record("mtime", "5.25"))
            + entry("short", content: Array("long".utf8))
            + entry("././@LongLink", "L", content: Array(("gnu/" + long).utf8) + [0])
            + entry("short", content: big) + entry("./etc/link", "2", target: "/etc/passwd")
            + entry("./second", "1", target: "./bin/hello") + entry("./empty")
            + [UInt8](repeating: 0, count: 1024)
    }

    private func unpack(_ bytes: [UInt8], pieces: Int) async throws -> (ContentDigest, [UInt8]) {
        let upload = store.upload()
        do {
            for start in stride(from: 0, to: bytes.count, by: pieces) {
                try await upload.write(Array(bytes[start..<min(bytes.count, start + pieces)]))
            }
            let request = try await upload.finish()
            var spec = FunctionSpec()
            spec.command = ["/bin/hello"]
            let content = try await store.importContent(.rootfs(path: upload.path), spec: spec)
            await upload.remove()
            return (content.rootfs, request)
        } catch {
            await upload.remove()
            throw error
        }
    }

    @Test(
        "however it is cut into pieces, the same files come out",
        arguments: [1, 7, 511, 512, 513, 4096, 1 << 20])
    func pieces(size: Int) async throws {
        let whole = try await unpack(archive, pieces: 1 << 20).0
        let (digest, request) = try await unpack(archive, pieces: size)
        #expect(digest == whole)
        #expect(request == Array("{}".utf8))
        let rootfs = store.rootfsPath(digest)
        let long = String(repeating: "long-", count: 40)
        #expect(try scratch.text("\(rootfs)/bin/hello") == "#!hello")
        #expect(try scratch.text("\(rootfs)/second") == "#!hello")
        #expect(try scratch.text("\(rootfs)/deep/\(long)") == "long")
        #expect(try File.read("\(rootfs)/gnu/deep/\(long)").count == 3000)
        let status = try Directory(path: "\(rootfs)/bin").status(FileName("hello"))
        #expect(status.mode == 0o4755 && status.links == 2)
        #expect(try Directory(path: rootfs).status(FileName("bin")).mode == 0o750)
        #expect(try scratch.names(in: "\(scratch.path)/state/images/staging").isEmpty)
    }

    @Test("wherever it is cut off, it is refused, and nothing is left")
    func truncated() async throws {
        let end = archive.count - 1024
        for length in [1, 100, 512, 513, 1024, 1500, end - 513, end - 1] where length % 512 != 0 {
            await #expect(throws: InvalidInput.self, "\(length)") {
                _ = try await unpack(Array(archive.prefix(length)), pieces: 4096)
            }
        }
        #expect(try scratch.names(in: "\(scratch.path)/state/images/staging").isEmpty)
    }

    @Test("headers before one entry are bounded together, however many they are")
    func endlessHeaders() async throws {
        let half = entry(
            "x", "x", content: record("SCHILY.xattr.user.a", String(repeating: "a", count: 600_000)))
        let file = entry("request.json", content: Array("{}".utf8))
        let rest = entry("./", "5", mode: "0000755") + [UInt8](repeating: 0, count: 1024)
        await #expect(throws: InvalidInput.self) {
            _ = try await unpack(file + half + half + rest, pieces: 1 << 16)
        }
        #expect(try scratch.names(in: "\(scratch.path)/state/images/staging").isEmpty)
    }

    @Test("bytes that are changed anywhere never reach outside, and never crash")
    func mutated() async throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var bytes = archive
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = try? await unpack(bytes, pieces: 4096)
        }
        #expect(try scratch.names(in: "\(scratch.path)/state/images/staging").isEmpty)
        #expect(try scratch.names(in: scratch.path) == ["state"])
    }
}
