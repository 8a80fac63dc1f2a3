import Core
import Glibc
import LinuxSystem
import Logs
import Testing

/// A collector over a directory of its own, removed when the test ends; and the writing ends of instances' pipes.
struct LogFixture {
    let directory: String
    let collector: LogCollector
    let function: FunctionKey

    /// Whether this process has CAP_SYS_ADMIN (21, capabilities(7)).
    static let canMount: Bool = {
        let status = (try? File.text("/proc/self/status")) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let mask = line.flatMap { UInt64($0.dropFirst(7).drop { $0 == "\t" }, radix: 16) } ?? 0
        return mask & 1 << 21 != 0
    }()

    static func with(_ body: (LogFixture) async throws -> Void) async throws {
        var template = Array("/tmp/torpor-logs-XXXXXX".utf8CString)
        let directory = try #require(
            template.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
            })
        let fixture = LogFixture(
            directory: directory, collector: try LogCollector(directory: "\(directory)/logs"),
            function: try FunctionKey(name: "hello"))
        do { try await body(fixture) } catch {
            await fixture.finish()
            throw error
        }
        await fixture.finish()
    }

    private func finish() async {
        await collector.stop()
        _ = try? run("rm -rf '\(directory)'")
    }

    @discardableResult
    func run(_ command: String) throws -> Int32 {
        guard let pipe = popen(command, "r") else { throw KernelError("popen", code: errno) }
        return pclose(pipe)
    }

    /// Begins to collect an instance; returns what stands for the function's stdout and stderr.
    func collect(_ instance: String) throws -> (out: SharedFD, err: SharedFD) {
        let (out, err) = (try Self.pipe(), try Self.pipe())
        collector.collect(
            instance: instance, function: function.description,
            stdout: try out.read.duplicate(), stderr: try err.read.duplicate())
        return (out.write, err.write)
    }

    struct Pipe {
        let read: Reading
        let write: SharedFD
    }
    struct Reading {
        let fd: SharedFD
        func duplicate() throws -> OwnedFD { try File.open("/proc/self/fd/\(fd.raw)", flags: O_RDONLY) }
    }

    private static func pipe() throws -> Pipe {
        var ends: [Int32] = [-1, -1]
        guard pipe2(&ends) == 0 else { throw KernelError("pipe", code: errno) }
        return Pipe(
            read: Reading(fd: SharedFD(OwnedFD(owning: ends[0]))), write: SharedFD(OwnedFD(owning: ends[1])))
    }

    private static func pipe2(_ ends: inout [Int32]) -> Int32 { Glibc.pipe(&ends) }

    /// Writes all of it; the pipe may be full for a while.
    func write(_ text: String, to fd: SharedFD) { write(Array(text.utf8), to: fd) }
    func write(_ bytes: [UInt8], to fd: SharedFD) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(fd.raw, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            offset += count
        }
    }

    /// All that is kept.
    func read(instance: InstanceID? = nil, tail: Int? = nil, since: LogTime? = nil) async throws -> [LogEntry]
    {
        try await all(collector.read(function: function, instance: instance, tail: tail, since: since))
    }

    func all(_ pages: LogPages) async throws -> [LogEntry] {
        try await pages.reduce(into: []) { $0 += $1 }
    }

    func eventually(_ what: Comment, _ holds: () async throws -> Bool) async throws {
        for _ in 0..<500 {
            if try await holds() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(what)
    }
}
