internal import ControlAPI
internal import Core
internal import FoundationEssentials
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// Translates requests to calls of the backend, and what they return or throw to responses.
struct ControlResponder: HTTPResponder {
    let backend: any ControlBackend

    func respond(to request: Request, context: ControlContext) async throws -> Response {
        do throws(ControlError) {
            return try await answer(request, context)
        } catch {
            if error.kind == .internal {
                context.logger.error("control request failed", metadata: ["reason": "\(error)"])
            }
            return Self.response(to: error)
        }
    }

    private func answer(_ request: Request, _ context: ControlContext) async throws(ControlError) -> Response
    {
        let route: ControlRoute
        let function: FunctionKey?
        switch ControlRoute.match(method: request.method.rawValue, path: request.uri.path) {
        case .route(let found, let namespace, let name):
            if let namespace, found.namesNamespace {
                await context.audit(found, namespace)
                return try await answer(found, onNamespace: namespace, request)
            }
            if let namespace, let name, found.namesResource {
                let resource = try Self.resource(namespace: namespace, name: name)
                await context.audit(found, "\(resource)")
                return try await answer(found, on: resource, request)
            }
            route = found
            function = try Self.key(namespace: namespace, name: name)
        case .otherMethods(let methods):
            throw ControlError(
                .methodNotAllowed, "\(request.method.rawValue) is not an operation here",
                allowed: methods.joined(separator: ", "))
        case .none:
            throw ControlError(
                .unknownPath, "there is no such path; GET /v1/openapi.json lists what there is")
        }
        if request.method != .get { await context.audit(route, function?.description) }
        if let function {
            return try await answer(route, on: function, request)
        }
        return try await answer(route, request)
    }

    private func answer(_ route: ControlRoute, _ request: Request) async throws(ControlError) -> Response {
        switch route {
        case .listFunctions:
            let namespace = try LogQueryText.namespace(in: request.uri.query)
            return try Self.json(FunctionList(functions: await backend.list(namespace: namespace)))
        case .deployFunction where Self.isArchive(request):
            return try Self.json(await backend.deploy(archive: Self.archive(request)))
        case .planFunction where Self.isArchive(request):
            return try Self.json(await backend.plan(archive: Self.archive(request)))
        case .deployFunction:
            let deploy = try await Self.body(DeployRequest.self, of: request)
            do throws(InvalidInput) { try deploy.validate() } catch { throw ControlError(error) }
            return try Self.json(await backend.deploy(deploy))
        case .planFunction:
            let deploy = try await Self.body(DeployRequest.self, of: request)
            do throws(InvalidInput) { try deploy.validate() } catch { throw ControlError(error) }
            return try Self.json(await backend.plan(deploy))
        case .systemPrune:
            return try Self.json(await backend.prune(try await Self.body(PruneRequest.self, of: request)))
        case .stats: return try Self.json(await backend.stats(nil))
        case .events:
            let events = try await backend.events(LogQueryText.events(request.uri.query))
            return LineResponse.make(events, request)
        case .listNamespaces: return try Self.json(NamespaceList(namespaces: await backend.namespaces()))
        case .createNamespace: return try await createNamespace(request)
        case .listSecrets:
            let namespace = try LogQueryText.namespace(in: request.uri.query)
            return try Self.json(SecretList(secrets: await backend.secrets(namespace: namespace)))
        case .listVolumes:
            let namespace = try LogQueryText.namespace(in: request.uri.query)
            return try Self.json(VolumeList(volumes: await backend.volumes(namespace: namespace)))
        case .systemInfo: return try Self.json(await backend.systemInfo())
        case .systemCheck: return try Self.json(CheckList(checks: await backend.systemCheck()))
        case .reloadConfiguration: return try Self.json(await backend.reload())
        case .backup: return BackupExchange.response(try await backend.backup())
        case .restore:
            let sink = try await backend.restore(
                replacing: try BackupExchange.replaces(request.uri.query))
            return try Self.json(await BackupExchange.restore(request, into: sink))
        case .openAPI: return try Self.json(OpenAPI.document())
        default: preconditionFailure("\(route) is a route on a function")
        }
    }

    private func answer(
        _ route: ControlRoute, on function: FunctionKey, _ request: Request
    ) async throws(ControlError) -> Response {
        switch route {
        case .describeFunction: return try Self.json(await backend.describe(function))
        case .removeFunction:
            let generation = try LogQueryText.generation(in: request.uri.query)
            try await backend.remove(function, ifGeneration: generation)
            return Response(status: .noContent)
        case .scaleFunction:
            let scale = try await Self.body(ScaleRequest.self, of: request)
            return try Self.json(await backend.scale(function, scale))
        case .functionLogs:
            let query = try LogQueryText.read(request.uri.query)
            let lines = try await backend.logs(function, query)
            return LineResponse.make(lines, request)
        case .functionStats: return try Self.json(await backend.stats(function))
        case .undoFunction:
            let undo = try await Self.body(UndoRequest.self, of: request)
            return try Self.json(await backend.undo(function, undo))
        default: preconditionFailure("\(route) is not a route on a function")
        }
    }

    private static func isArchive(_ request: Request) -> Bool {
        request.headers[.contentType] == "application/x-tar"
    }

    /// Read as fast as it is unpacked, which bounds it too.
    private static func archive(_ request: Request) -> ArchiveBody {
        request.body.map { [UInt8]($0.readableBytesView) }
    }

    private static func key(namespace: String?, name: String?) throws(ControlError) -> FunctionKey? {
        guard let namespace, let name else { return nil }
        do throws(InvalidInput) {
            return try FunctionKey(name: name, namespace: NamespaceName(namespace))
        } catch {
            throw ControlError(error)
        }
    }

    static func body<T: Decodable>(
        _ type: T.Type, of request: Request
    ) async throws(ControlError) -> T {
        let body = try await bytes(of: request, limit: Limits.controlBodyBytes)
        return try ControlCoding.decode(type, from: Data(body.readableBytesView))
    }

    static func bytes(of request: Request, limit: Int) async throws(ControlError) -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw ControlError(.tooLarge, "the body is too large", allowed: "at most \(limit) bytes")
        } catch {
            throw ControlError(.malformed, "the body did not arrive: \(error)")
        }
    }

    static func json(_ value: some Encodable) throws(ControlError) -> Response {
        do {
            return response(.ok, try ControlCoding.encode(value))
        } catch {
            throw ControlError(.internal, "the answer cannot be written: \(error)")
        }
    }

    private static func response(to error: ControlError) -> Response {
        let data = (try? ControlCoding.encode(ErrorBody(error: error))) ?? Data()
        var response = response(.init(code: error.kind.status), data)
        if error.kind == .methodNotAllowed { response.headers[.allow] = error.allowed }
        // What is left of an oversized body would otherwise be read to keep the connection.
        if error.kind == .tooLarge { response.headers[.connection] = "close" }
        return response
    }

    private static func response(_ status: HTTPResponse.Status, _ json: Data) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
    }
}
