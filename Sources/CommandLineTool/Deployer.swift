internal import ControlAPI
internal import ControlClient
internal import Core
internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Deploys and plans: with paths where the daemon sees the same files, with the files themselves where it does not.
struct Deployer: Sendable {
    let client: ControlClient
    /// Whether the daemon is on another host.
    let isRemote: Bool

    func deploy(_ request: DeployRequest) async throws -> FunctionView {
        let function = try await deployed(request)
        for warning in function.warnings {
            ToolContext.current.errorOutput("torpor: warning: \(request.key): \(warning)\n")
        }
        return function
    }

    private func deployed(_ request: DeployRequest) async throws -> FunctionView {
        let reference = Explanation.reference(request.key.name, request.key.namespace)
        // What is not yet sent cannot go on.
        let fate = isRemote ? "what became of the deploy" : "the deploy goes on"
        return try await Interruption.telling(
            "\ntorpor: interrupted; \(fate): torpor rollout status \(reference)\n"
        ) {
            try await Progress.during("deploying \(request.key)") { progress in
                guard isRemote else { return try await client.deploy(request) }
                let archive = try SourceArchive(request, progress)
                return try await client.deploy(archive: { try await archive.next() })
            }
        }
    }

    func plan(_ request: DeployRequest) async throws -> FunctionPlan {
        try await Progress.during("comparing \(request.key)") { progress in
            guard isRemote else { return try await client.plan(request) }
            let archive = try SourceArchive(request, progress)
            return try await client.plan(archive: { try await archive.next() })
        }
    }
}

/// A request and its source as one tar archive, piece by piece: tar(1) writes the source.
private final class SourceArchive: Sendable {
    private enum State {
        case request
        case source
        case over
    }

    private let key: FunctionKey
    private let json: [UInt8]
    private let process = Process()
    private let output = Pipe()
    private let state = Mutex(State.request)
    private let sent = Atomic<Int>(0)
    private let progress: Progress

    init(_ request: DeployRequest, _ progress: Progress) throws {
        key = request.key
        self.progress = progress
        json = [UInt8](try ControlCoding.encode(request))
        let path =
            switch request.source {
            case .bundle(let path), .rootfs(let path): path
            }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue
        else {
            throw ToolFailure("\(path): there is no such directory")
        }
        guard let tar = Programs.find("tar") else { throw ToolFailure("tar is not in PATH: install it") }
        process.executableURL = URL(fileURLWithPath: tar)
        process.arguments = [
            "--create", "--file=-", "--format=pax", "--numeric-owner", "--xattrs",
            "--xattrs-include=security.capability", "--xattrs-include=user.*", "--directory=\(path)", ".",
        ]
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw ToolFailure("\(tar) cannot be run: \(error.localizedDescription)")
        }
    }

    /// Nobody reads any more: tar ends by itself, or waits for a pipe that is closed.
    deinit { if process.isRunning { process.terminate() } }

    func next() async throws -> ByteBuffer? {
        let now = state.withLock { state in
            defer { if case .request = state { state = .source } }
            return state
        }
        switch now {
        case .over: return nil
        case .request: return ByteBuffer(bytes: TarEntry.file(named: "request.json", content: json))
        case .source: return try await NIOThreadPool.singleton.runIfActive { [self] in try read() }
        }
    }

    private func read() throws -> ByteBuffer? {
        let piece = try output.fileHandleForReading.read(upToCount: 256 << 10) ?? Data()
        if !piece.isEmpty {
            let all = sent.wrappingAdd(piece.count, ordering: .relaxed).newValue
            progress.update("sending \(key): \(Size.text(UInt64(all)))")
            return ByteBuffer(bytes: piece)
        }
        state.withLock { $0 = .over }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ToolFailure("tar ended with status \(process.terminationStatus): nothing was deployed")
        }
        progress.update("deploying \(key)")
        return nil
    }
}

/// One entry of a tar archive, as it is written (POSIX.1-1988, ustar).
enum TarEntry {
    static func file(named name: String, content: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
        }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        put(name, 0)
        put(octal(0o600, 7), 100)
        put(octal(0, 7), 108)
        put(octal(0, 7), 116)
        put(octal(content.count, 11), 124)
        put(octal(0, 11), 136)
        put("0", 156)
        put("ustar", 257)
        put("00", 263)
        // The sum counts its own field as blanks.
        put(String(repeating: " ", count: 8), 148)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6), 148)
        header[154] = 0
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
