import CopyProgram
import Foundation
import Glibc
import LinuxSystem
import Testing

/// A folder of a test's own, and the program that copies on files of it.
struct CopyFixture {
    struct Result {
        let status: Int32
        let output: [UInt8]
        let errors: String
    }

    let folder: String

    static func with(_ body: (CopyFixture) throws -> Void) throws {
        var template = Array("/tmp/torpor-copy.XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(CopyFixture(folder: folder))
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ text: String, to name: String) throws {
        let parent = URL(fileURLWithPath: path(name)).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
    }

    func text(_ name: String) -> String? { try? String(contentsOfFile: path(name), encoding: .utf8) }

    /// Names in a directory, sorted; nil where there is none.
    func names(_ name: String) -> [String]? {
        try? FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
    }

    func run(_ work: CopyWork, input: [UInt8] = []) throws -> Result {
        let (stdin, stdout, stderr) = (path(".in"), path(".out"), path(".err"))
        defer { for path in [stdin, stdout, stderr] { unlink(path) } }
        try Data(input).write(to: URL(fileURLWithPath: stdin))
        let made = O_WRONLY | O_CREAT | O_TRUNC
        let streams = try [
            SharedFD(File.open(stdin, flags: O_RDONLY)),
            SharedFD(File.open(stdout, flags: made, mode: 0o600)),
            SharedFD(File.open(stderr, flags: made, mode: 0o600)),
        ]
        let status = try withExtendedLifetime(streams) {
            try CopyProgram.run(
                work, input: streams[0].raw, output: streams[1].raw, errors: streams[2].raw
            ).wait()
        }
        return Result(
            status: status, output: [UInt8](try Data(contentsOf: URL(fileURLWithPath: stdout))),
            errors: try String(contentsOfFile: stderr, encoding: .utf8))
    }

    func create(_ name: String, top: String = ".", follows: Bool = false) throws -> Result {
        try run(.create(path: path(name), top: top, followsLink: follows))
    }

    func extract(_ name: String, as given: String? = nil, _ input: [UInt8]) throws -> Result {
        try run(
            .extract(path: path(name), name: given, keepsOwners: false, keepsSetID: false), input: input)
    }

    /// What a shell with GNU tar makes of it, in the folder.
    func shell(_ script: String, input: [UInt8] = []) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-ec", script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let (stdin, output) = (path(".shell"), Pipe())
        try Data(input).write(to: URL(fileURLWithPath: stdin))
        defer { unlink(stdin) }
        process.standardInput = FileHandle(forReadingAtPath: stdin)
        process.standardOutput = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script)")
        return String(decoding: said, as: UTF8.self)
    }
}

/// One entry of an archive; kinds are ustar's: 0 a file, 1 a hard link, 2 a link, 3 a device, 5 a directory.
func tarEntry(
    _ name: String, _ kind: Character = "0", target: String = "", mode: Int = 0o755, content: String = "",
    size: Int? = nil
) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
        header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
    }
    func octal(_ value: Int, _ width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
    }
    let bytes = Array(content.utf8)
    put(name, 0)
    put(octal(mode, 7), 100)
    put(octal(size ?? bytes.count, 11), 124)
    put(String(kind), 156)
    put(target, 157)
    put("ustar", 257)
    put("00", 263)
    put("        ", 148)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6), 148)
    header[154] = 0
    return header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
}

let tarEnd = [UInt8](repeating: 0, count: 1024)
