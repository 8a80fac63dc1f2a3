internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

struct Invoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Call a function through the gateway and show its answer.",
        discussion: """
            The body is -d DATA, --file FILE, else standard input when it is not a terminal. What is empty is no body.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.", completion: Completion.functions) var name: String
    @Option(name: [.short, .long], help: "The body.") var data: String?
    @Option(help: "The body is this file.") var file: String?
    @Option(name: [.customShort("X"), .long], help: "The method (default: POST with a body, else GET).")
    var method: String?
    @Option(name: [.customShort("H"), .long], help: "A header 'Name: value'; may be repeated.")
    var header: [String] = []
    @Option(help: "Path and query that the function sees.") var path = "/"
    @Flag(name: [.short, .long], help: "Show status and headers on stderr.") var verbose = false
    @Flag(help: .hidden) var async = false

    func validate() throws {
        if async {
            throw ValidationError("--async is not supported yet: leave it out to wait for the answer")
        }
        if data != nil, file != nil { throw ValidationError("--data and --file exclude each other") }
        if let method, !method.allSatisfy({ $0.isASCII && $0.isUppercase }) || method.isEmpty {
            throw ValidationError("--method: '\(method)' is no method (upper-case letters)")
        }
        guard path.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw ValidationError(
                "--path: a path has no blanks and no bytes beyond ASCII (percent-encode them)")
        }
    }

    func run() async throws {
        let key = try FunctionArgument.parse(name).key
        let headers = try header.map(Self.parse)
        let gateway = try await gateway()
        let body = try await body()
        let hasBody = if case .none = body { false } else { true }
        let target = "/function/\(key)" + (path.hasPrefix("/") ? path : "/" + path)
        let request = OutgoingRequest(
            method ?? (hasBody ? "POST" : "GET"), target, headers: headers, body: body)
        let verbose = verbose
        let status = try await gateway.perform(request, headTimeout: nil) { head, chunks in
            try await Self.show(head, &chunks, verbose: verbose)
        }
        guard (200..<300).contains(status) else { throw try await failure(status, key) }
    }

    private func gateway() async throws -> HTTPExchange {
        if let remote = global.remote {
            return HTTPExchange(.dialled(remote.description)) { try remote.dial(.gateway) }
        }
        let address = try await global.client.systemInfo().gateway
        guard let gateway = Endpoint(listenAddress: address) else {
            throw ToolFailure("the daemon's gateway listens on '\(address)', which is no host:port")
        }
        return HTTPExchange(gateway)
    }

    /// A 404 may be the gateway's: then the name is probably wrong.
    private func failure(_ status: Int, _ key: FunctionKey) async throws -> ToolFailure {
        if status == 404 {
            let client = global.client
            _ = try await Explanation.suggesting(key, client) { try await client.describe(key) }
        }
        return ToolFailure("\(key) answered \(status)")
    }

    private static func parse(_ header: String) throws -> (String, String) {
        guard let colon = header.firstIndex(of: ":"), colon != header.startIndex else {
            throw ValidationError("--header: '\(header)' is no header (Name: value)")
        }
        let value = header[header.index(after: colon)...].drop { $0 == " " }
        guard header.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            throw ValidationError("--header: control characters are not allowed")
        }
        return (String(header[..<colon]), String(value))
    }

    private func body() async throws -> OutgoingRequest.Body {
        if let data { return .bytes(ByteBuffer(string: data)) }
        let context = ToolContext.current
        let read: @Sendable () throws -> [UInt8]?
        if let file {
            guard let handle = FileHandle(forReadingAtPath: context.absolute(file)) else {
                throw ToolFailure("\(file) cannot be opened")
            }
            read = { try handle.read(upToCount: 64 << 10).map { [UInt8]($0) } }
        } else if context.inputIsTerminal() {
            return .none
        } else {
            read = context.input
        }
        // Files and terminals block: on NIO's thread pool, as everything else here must not.
        let next: @Sendable () async throws -> ByteBuffer? = {
            let bytes = try await NIOThreadPool.singleton.runIfActive { try read() }
            guard let bytes, !bytes.isEmpty else { return nil }
            return ByteBuffer(bytes: bytes)
        }
        // What ends before it begins is no body: standard input of cron, and of many other callers.
        guard let start = try await next() else { return .none }
        let first = Mutex<ByteBuffer?>(start)
        return .stream {
            let held = first.withLock { held in
                defer { held = nil }
                return held
            }
            if let held { return held }
            return try await next()
        }
    }

    /// The body goes to stdout, or to stderr when the status is not 2xx.
    private static func show(
        _ head: HTTPResponseHead, _ chunks: inout ResponseChunks, verbose: Bool
    ) async throws -> Int {
        let context = ToolContext.current
        let status = Int(head.status.code)
        if verbose {
            let headers = head.headers.map { "< \($0.name): \($0.value)\n" }.joined()
            context.errorOutput("< \(status) \(head.status.reasonPhrase)\n\(headers)")
        }
        let isGood = (200..<300).contains(status)
        while let chunk = try await chunks.next() {
            if isGood {
                try context.outputBytes([UInt8](chunk.readableBytesView))
            } else {
                context.errorOutput(String(decoding: chunk.readableBytesView, as: UTF8.self))
            }
        }
        return status
    }
}
