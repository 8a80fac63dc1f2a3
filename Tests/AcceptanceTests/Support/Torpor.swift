import ControlAPI
import Core
import Foundation
import Glibc
import Synchronization

/// A daemon of a test's own, and how to speak to it.
final class Torpor: Sendable {
    /// Everything of it is below this: `state`, `run`, its configuration and its log.
    let directory: String
    let bridge: String
    let subnet: String
    let port: Int
    private let process = Mutex<ChildProcess?>(nil)

    var stateDirectory: String { "\(directory)/s" }
    var runDirectory: String { "\(directory)/r" }
    var socket: String { "\(runDirectory)/torpor.sock" }
    var configurationPath: String { "\(directory)/torpord.yaml" }
    var logPath: String { "\(directory)/torpord.log" }
    var log: String { Host.text(logPath) }

    /// - Parameter configuration: lines of `torpord.yaml`.
    init(configuration: String = "") throws {
        directory = try Scratch.makeDirectory("t")
        var generator = SystemRandomNumberGenerator()
        let number = Int.random(in: 0..<(1 << 14), using: &generator)
        bridge = "tt\(String(UInt32.random(in: 0..<(1 << 24), using: &generator), radix: 16))"
        subnet = "10.\(64 + number >> 8).\(number & 0xfc).0/22"
        port = try freePort()
        try configuration.write(toFile: configurationPath, atomically: false, encoding: .utf8)
    }

    /// The bridge's address, at which functions find the gateway.
    var gateway: String { subnet.replacing(".0/22", with: ".1") }

    var arguments: [String] {
        [
            "--config", configurationPath, "--state-dir", stateDirectory, "--run-dir", runDirectory,
            "--listen",
            "127.0.0.1:\(port)", "--bridge", bridge, "--subnet", subnet,
        ]
    }

    var pid: pid_t { process.withLock { $0?.pid ?? 0 } }
    var isRunning: Bool { process.withLock { $0.map { $0.exit == nil } ?? false } }

    /// Starts it and waits until its control socket answers.
    func start(
        limit: Duration = .seconds(20), environment: [String: String] = [:], extra: [String] = []
    ) throws {
        try start(
            ChildProcess(
                Programs.daemon, arguments + extra, environment: environment, output: .file(logPath)),
            limit: limit)
    }

    /// The same, with a listening socket as service managers pass it.
    func start(listener: Int32, limit: Duration = .seconds(20)) throws {
        let script = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=gateway exec \"$@\""
        try start(
            ChildProcess(
                "/bin/sh", ["-c", script, "sh", Programs.daemon] + arguments, output: .file(logPath),
                passing: listener), limit: limit)
    }

    /// The same on a host with another /etc/resolv.conf: it sees this file there.
    func start(resolvConf path: String, limit: Duration = .seconds(20)) throws {
        let script = "mount --bind '\(path)' /etc/resolv.conf && exec \"$@\""
        try start(
            ChildProcess(
                "unshare", ["--mount", "/bin/sh", "-c", script, "sh", Programs.daemon] + arguments,
                output: .file(logPath)), limit: limit)
    }

    private func start(_ child: ChildProcess, limit: Duration) throws {
        process.withLock { $0 = child }
        try becomesTrue("the daemon's control socket", within: limit) {
            if let status = child.exit { throw Ended(status: status) }
            return try control(.systemInfo).status == 200
        }
    }

    private struct Ended: Error { let status: Int32 }

    /// SIGTERM; returns its exit status.
    func stop(limit: Duration = .seconds(30)) throws -> Int32 {
        guard let child = process.withLock({ $0 }) else { return 0 }
        child.signal(SIGTERM)
        return try child.wait(limit)
    }

    func signal(_ number: Int32) { process.withLock { $0 }?.signal(number) }

    func waitForEnd(_ limit: Duration = .seconds(30)) throws -> Int32 {
        try process.withLock { $0 }?.wait(limit) ?? 0
    }

    /// kill -9.
    func kill() throws {
        signal(SIGKILL)
        _ = try waitForEnd()
    }

    // MARK: The gateway

    func connect() throws -> Connection { try .tcp(port) }

    /// One request on a connection of its own.
    func request(
        _ method: String, _ target: String, _ fields: [(String, String)] = [], body: [UInt8] = []
    ) throws -> Response {
        let connection = try connect()
        let length = body.isEmpty ? [] : [("Content-Length", "\(body.count)")]
        try connection.send(Array(requestHead(method, target, fields + length).utf8) + body)
        return try connection.response(to: method)
    }

    func get(_ target: String, _ fields: [(String, String)] = []) throws -> Response {
        try request("GET", target, fields)
    }

    // MARK: The control socket

    func control(
        _ route: ControlRoute, _ function: FunctionKey? = nil, query: String = "", body: Data = Data()
    ) throws -> Response {
        try control(route.method, route.path(function) + query, body: Array(body))
    }

    func control(_ method: String, _ target: String, body: [UInt8] = []) throws -> Response {
        let connection = try Connection.unix(socket)
        let head = requestHead(
            method, target,
            [
                ("Content-Length", "\(body.count)"), ("Content-Type", "application/json"),
                ("Connection", "close"),
            ])
        try connection.send(Array(head.utf8) + body)
        return try connection.response(to: method)
    }

    func decoded<Value: Decodable>(_ type: Value.Type, _ response: Response) throws -> Value {
        guard (200..<300).contains(response.status) else {
            throw try ControlCoding.decode(ErrorBody.self, from: Data(response.body)).error
        }
        return try ControlCoding.decode(type, from: Data(response.body))
    }

    func info() throws -> SystemInfo { try decoded(SystemInfo.self, control(.systemInfo)) }

    func list() throws -> [FunctionView] { try decoded(FunctionList.self, control(.listFunctions)).functions }

    func describe(_ name: String) throws -> FunctionDetail {
        try decoded(FunctionDetail.self, control(.describeFunction, FunctionKey(reference: name)))
    }

    func scale(_ name: String, _ target: ScaleTarget) throws {
        let body = try ControlCoding.encode(ScaleRequest(scale: target))
        _ = try decoded(FunctionView.self, control(.scaleFunction, FunctionKey(reference: name), body: body))
    }

    func remove(_ name: String) throws {
        let response = try control(.removeFunction, FunctionKey(reference: name))
        if response.status >= 300 {
            throw try ControlCoding.decode(ErrorBody.self, from: Data(response.body)).error
        }
    }

    func logs(_ name: String, query: String = "") throws -> [LogLine] {
        let response = try control(.functionLogs, FunctionKey(reference: name), query: query)
        return try response.body.split(separator: 10).map {
            try ControlCoding.decode(LogLine.self, from: Data($0))
        }
    }
}

/// A port of loopback that is free now.
func freePort() throws -> Int {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(fd) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let done = withUnsafeMutableBytes(of: &address) { bytes -> Bool in
        let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
        return bind(fd, pointer, size) == 0 && getsockname(fd, pointer.unsafelyUnwrapped, &size) == 0
    }
    guard done else { throw TestFailure("no free port: \(String(cString: strerror(errno)))") }
    return Int(in_port_t(bigEndian: address.sin_port))
}
