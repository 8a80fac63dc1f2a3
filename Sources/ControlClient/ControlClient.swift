package import ControlAPI
package import Core
internal import FoundationEssentials
package import NIOCore
internal import NIOHTTP1

/// The control API as calls. Each makes a connection of its own.
package struct ControlClient: Sendable {
    private let exchange: HTTPExchange
    /// Bytes of a JSON answer at most: every function of a full host.
    private static let answerBytes = 64 << 20
    private let shortTimeout: Duration
    private let peer = PeerVersion()

    /// - Parameters:
    ///   - socket: path of the daemon's control socket.
    ///   - shortTimeout: time for an answer that needs no work of the daemon's.
    package init(socket: String, shortTimeout: Duration = .seconds(30)) {
        exchange = HTTPExchange(.unixSocket(path: socket))
        self.shortTimeout = shortTimeout
    }

    /// - Parameters:
    ///   - shown: the other end, for messages.
    ///   - dial: makes a connection to it; the descriptor is the client's then.
    package init(
        reaching shown: String, shortTimeout: Duration = .seconds(60),
        dial: @escaping @Sendable () throws -> Int32
    ) {
        exchange = HTTPExchange(.dialled(shown), dial: dial)
        self.shortTimeout = shortTimeout
    }

    package var endpoint: Endpoint { exchange.endpoint }

    /// Without `wait` the import of the files still takes its time.
    package func deploy(_ request: DeployRequest) async throws -> FunctionView {
        try await call(.deployFunction, body: request, isShort: false)
    }

    /// The archive is `request.json` and then the source: see `ControlBackend.deploy(archive:)`.
    package func deploy(archive: @escaping @Sendable () async throws -> ByteBuffer?) async throws
        -> FunctionView
    {
        try await send(archive, to: .deployFunction)
    }

    package func plan(archive: @escaping @Sendable () async throws -> ByteBuffer?) async throws
        -> FunctionPlan
    {
        try await send(archive, to: .planFunction)
    }

    private func send<Answer: Decodable & Sendable>(
        _ archive: @escaping @Sendable () async throws -> ByteBuffer?, to route: ControlRoute
    ) async throws -> Answer {
        let request = OutgoingRequest(
            route.method, route.path(), headers: [("Content-Type", "application/x-tar")],
            body: .stream(archive))
        return try decode(Answer.self, try await perform(request, timeout: nil))
    }

    package func list(namespace: NamespaceName?) async throws -> [FunctionView] {
        let query = namespace.map { "?namespace=\($0)" } ?? ""
        return try await call(as: FunctionList.self, .listFunctions, query: query).functions
    }

    package func describe(_ function: FunctionKey) async throws -> FunctionDetail {
        try await call(.describeFunction, function)
    }

    /// May wait behind somebody's deployment, and so has as much time.
    package func remove(_ function: FunctionKey, ifGeneration: Int? = nil) async throws {
        let query = ifGeneration.map { "?ifGeneration=\($0)" } ?? ""
        let request = OutgoingRequest("DELETE", ControlRoute.removeFunction.path(function) + query)
        _ = try await perform(request, timeout: nil)
    }

    package func scale(_ function: FunctionKey, to target: ScaleTarget) async throws -> FunctionView {
        try await call(.scaleFunction, function, body: ScaleRequest(scale: target))
    }

    /// What instances use, of one function or of all.
    package func stats(_ function: FunctionKey?) async throws -> StatsList {
        try await call(function == nil ? .stats : .functionStats, function)
    }

    /// Measures and removes whole trees, and so has its time.
    package func prune(_ request: PruneRequest) async throws -> PruneResult {
        try await call(.systemPrune, body: request, isShort: false)
    }

    package func systemInfo() async throws -> SystemInfo { try await call(.systemInfo) }

    package func reload() async throws -> ReloadReport { try await call(.reloadConfiguration) }

    /// Gives the backup to `receive` as it comes.
    /// - Throws: when it does not come to its end; what was received is no backup then.
    package func backup(_ receive: @Sendable ([UInt8]) async throws -> Void) async throws {
        let request = OutgoingRequest("GET", ControlRoute.backup.path())
        try await exchange.perform(request, headTimeout: nil) { head, chunks in
            peer.note(head)
            guard head.status.code == 200 else { throw try await refusal(head, &chunks) }
            while let chunk = try await chunks.next() { try await receive(Array(chunk.readableBytesView)) }
        }
    }

    /// - Parameter read: gives the backup's next bytes, nil at its end.
    package func restore(
        replacing: Bool, _ read: @escaping @Sendable () throws -> [UInt8]?
    ) async throws -> RestoreReport {
        let request = OutgoingRequest(
            ControlRoute.restore.method, ControlRoute.restore.path() + (replacing ? "?replace=true" : ""),
            body: .stream { try read().map { ByteBuffer(bytes: $0) } })
        return try decode(RestoreReport.self, try await perform(request, timeout: nil))
    }

    package func systemCheck() async throws -> [CheckItem] {
        try await call(as: CheckList.self, .systemCheck).checks
    }

    /// Gives each line to `receive` as it comes; returns when the log ends, which a followed one does with
    /// its function or the daemon.
    package func logs(
        _ function: FunctionKey, _ query: LogQuery, _ receive: @Sendable (LogLine) async throws -> Void
    ) async throws {
        try await lines(ControlRoute.functionLogs.path(function) + Self.text(of: query), receive)
    }

    /// Gives each event to `receive` as it comes; returns when there are no more, which followed ones do with the
    /// daemon.
    package func events(
        _ request: EventRequest, _ receive: @Sendable (EventView) async throws -> Void
    ) async throws {
        try await lines(ControlRoute.events.path() + Self.text(of: request), receive)
    }

    /// What a deploy would do.
    package func plan(_ request: DeployRequest) async throws -> FunctionPlan {
        try await call(.planFunction, body: request, isShort: false)
    }

    package func undo(_ function: FunctionKey, _ request: UndoRequest) async throws -> FunctionView {
        try await call(.undoFunction, function, body: request, isShort: false)
    }

    private func lines<Line: Decodable & Sendable>(
        _ target: String, _ receive: @Sendable (Line) async throws -> Void
    ) async throws {
        try await exchange.perform(OutgoingRequest("GET", target), headTimeout: shortTimeout) {
            head, chunks in
            peer.note(head)
            guard head.status.code == 200 else { throw try await refusal(head, &chunks) }
            var rest = ByteBuffer()
            while var chunk = try await chunks.next() {
                rest.writeBuffer(&chunk)
                while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = rest.readBytes(length: end - rest.readerIndex) ?? []
                    rest.moveReaderIndex(forwardBy: 1)
                    try await receive(decode(Line.self, Data(line)))
                }
                rest.discardReadBytes()
                guard rest.readableBytes <= Limits.controlBodyBytes else {
                    throw ClientError.notUnderstood(endpoint, "a line without end")
                }
            }
        }
    }

    private static func text(of request: EventRequest) -> String {
        let query = request.query
        var parts = ["follow=\(request.follow)", "tail=\(query.limit)"]
        if let namespace = query.namespace { parts.append("namespace=\(namespace)") }
        if let function = query.function { parts.append("function=\(function)") }
        if let kind = query.kind { parts.append("kind=\(kind.rawValue)") }
        if let since = query.since { parts.append("since=\(Timestamp(unixNanoseconds: since))") }
        return "?" + parts.joined(separator: "&")
    }

    private static func text(of query: LogQuery) -> String {
        var parts = ["follow=\(query.follow)"]
        if let instance = query.instance { parts.append("instance=\(instance)") }
        if let tail = query.tail { parts.append("tail=\(tail)") }
        if let since = query.since { parts.append("since=\(since)") }
        return "?" + parts.joined(separator: "&")
    }

    func call<Answer: Decodable & Sendable>(
        as type: Answer.Type = Answer.self, _ route: ControlRoute, _ function: FunctionKey? = nil,
        query: String = ""
    ) async throws -> Answer {
        let request = OutgoingRequest(route.method, route.path(function) + query)
        let answer = try await perform(request, timeout: shortTimeout)
        return try decode(type, answer)
    }

    private func call<Answer: Decodable & Sendable>(
        as type: Answer.Type = Answer.self, _ route: ControlRoute, _ function: FunctionKey? = nil,
        body: some Encodable, isShort: Bool = true
    ) async throws -> Answer {
        let json = ByteBuffer(bytes: try ControlCoding.encode(body))
        let request = OutgoingRequest(
            route.method, route.path(function), headers: [("Content-Type", "application/json")],
            body: .bytes(json))
        let answer = try await perform(request, timeout: isShort ? shortTimeout : nil)
        return try decode(type, answer)
    }

    func perform(_ request: OutgoingRequest, timeout: Duration?) async throws -> Data {
        return try await exchange.perform(request, headTimeout: timeout) { head, chunks in
            peer.note(head)
            guard (200..<300).contains(head.status.code) else {
                throw try await refusal(head, &chunks)
            }
            return Data(try await chunks.collect(limit: Self.answerBytes).readableBytesView)
        }
    }

    private func refusal(
        _ head: HTTPResponseHead, _ chunks: inout ResponseChunks
    ) async throws -> ClientError {
        let body = Data(try await chunks.collect(limit: Self.answerBytes).readableBytesView)
        do {
            let error = try ControlCoding.decode(ErrorBody.self, from: body).error
            // This client asks for nothing that its own version does not have.
            guard error.kind == .unknownPath || error.kind == .methodNotAllowed else {
                return peer.explain(.refused(error))
            }
            return .otherVersion(endpoint, peer.version)
        } catch {
            return peer.explain(
                .notUnderstood(endpoint, "status \(head.status.code) without a reason"))
        }
    }

    func decode<T: Decodable>(_ type: T.Type, _ data: Data) throws -> T {
        do {
            return try ControlCoding.decode(type, from: data)
        } catch {
            throw peer.explain(.notUnderstood(endpoint, "\(error)"))
        }
    }
}
