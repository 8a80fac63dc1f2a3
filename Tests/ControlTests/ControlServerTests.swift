import ControlAPI
import ControlClient
import Core
import Foundation
import NIOCore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct ControlServerTests {
    private func request(_ name: String, namespace: NamespaceName = .default) throws -> DeployRequest {
        var spec = FunctionSpec()
        spec.environment = ["GREETING": "hi"]
        spec.scale.freezeAfter = .never
        return DeployRequest(
            key: try FunctionKey(name: name, namespace: namespace), source: .bundle(path: "/srv/hello"),
            spec: spec, wait: false)
    }

    @Test func everyOperationCrossesTheSocketUnchanged() async throws {
        let backend = FakeBackend()
        try await ServerFixture.with(backend) { server in
            let request = try request("hello")
            let view = try await server.client.deploy(request)
            #expect(view == Sample.view(request.key, source: .bundle(path: "/srv/hello")))
            #expect(backend.deployed(request.key) == request)
            _ = try await server.client.deploy(
                try self.request("other", namespace: try NamespaceName("team")))
            #expect(try await server.client.list(namespace: nil).map(\.name) == ["hello", "other"])
            #expect(try await server.client.list(namespace: .default).map(\.name) == ["hello"])
            #expect(try await server.client.describe(request.key) == Sample.detail(view))
            #expect(try await server.client.scale(request.key, to: .count(0)).scale == .count(0))
            #expect(try await server.client.scale(request.key, to: .auto).scale == .auto)
            #expect(try await server.client.systemInfo() == Sample.info)
            #expect(try await server.client.systemCheck() == Sample.checks)
            #expect(try await server.client.reload() == Sample.reload)
            try await server.client.remove(request.key, ifGeneration: view.generation)
            #expect(backend.deployed(request.key) == nil)
        }
    }

    @Test func errorsComeBackAsTheyWereThrown() async throws {
        try await ServerFixture.with { server in
            let key = try FunctionKey(name: "nobody")
            await #expect(throws: ClientError.refused(.noSuchFunction(key))) {
                try await server.client.describe(key)
            }
            await #expect(throws: ClientError.refused(.noSuchFunction(key))) {
                try await server.client.remove(key)
            }
            await #expect(throws: ClientError.refused(ControlError(Sample.failure))) {
                try await server.client.deploy(try self.request("broken"))
            }
        }
    }

    @Test(arguments: [
        ("GET", "/v2/functions", nil, 404, "unknownPath"), ("GET", "/", nil, 404, "unknownPath"),
        ("PATCH", "/v1/functions", nil, 405, "methodNotAllowed"),
        ("GET", "/v1/functions/default/UPPER", nil, 422, "invalid"),
        ("GET", "/v1/functions/default/..%2f..", nil, 422, "invalid"),
        ("GET", "/v1/functions?namespace=A", nil, 422, "invalid"),
        ("GET", "/v1/functions?nonsense=1", nil, 422, "invalid"),
        ("POST", "/v1/functions", "not json", 400, "malformed"),
        ("POST", "/v1/functions", "", 400, "malformed"),
        ("POST", "/v1/functions", "[]", 400, "malformed"), ("POST", "/v1/functions", "{}", 400, "malformed"),
        ("POST", "/v1/functions", #"{"name":"a"}"#, 400, "source"),
        ("POST", "/v1/functions", #"{"name":"a","source":{"bundle":"rel"}}"#, 422, "source.bundle"),
        ("POST", "/v1/functions", #"{"name":"a","source":{}}"#, 422, "either bundle or rootfs"),
        ("POST", "/v1/functions", #"{"name":"a","source":{"rootfs":"/r"}}"#, 422, "spec.command"),
        ("POST", "/v1/functions", #"{"name":"A","source":{"bundle":"/b"}}"#, 422, "not a valid name"),
        (
            "POST", "/v1/functions", #"{"name":"a","source":{"bundle":"/b"},"spec":{"port":0}}"#, 422,
            "spec.port"
        ),
        (
            "POST", "/v1/functions", #"{"name":"a","source":{"bundle":"/b"},"spec":{"prot":1}}"#, 422,
            #""path":"spec.prot""#
        ),
        (
            "POST", "/v1/functions", #"{"name":"a","source":{"bundle":"/b"},"spec":{"limits":{"mem":1}}}"#,
            422,
            "spec.limits.mem"
        ),
        ("POST", "/v1/functions", #"{"name":"a","source":{"bundle":"/b"},"extra":1}"#, 422, "extra"),
        (
            "POST", "/v1/functions", #"{"name":"a","source":{"bundle":"/b"},"spec":{"port":"x"}}"#, 400,
            #""path":"spec.port""#
        ),
        (
            "POST", "/v1/functions", #"{"name":"a","source":{"bundle":"/b"},"spec":{"timeout":"x"}}"#, 422,
            "not a duration"
        ),
        ("PUT", "/v1/functions/default/a/scale", #"{"scale":-1}"#, 422, "scale"),
        ("PUT", "/v1/functions/default/a/scale", #"{"scale":"few"}"#, 422, "scale"),
        ("PUT", "/v1/functions/default/a/scale", #"{"scale":1,"ifGenration":1}"#, 422, "ifGenration"),
        ("POST", "/v1/functions/default/a/undo", #"{"ifGenration":1}"#, 422, "ifGenration"),
        ("POST", "/v1/system/prune", #"{"revisions":true,"dryrun":true}"#, 422, "dryrun"),
        ("DELETE", "/v1/functions/default/a?ifGeneration=x", nil, 422, "ifGeneration"),
        ("DELETE", "/v1/functions/default/a?generation=1", nil, 422, "generation"),
        ("DELETE", "/v1/functions/default/a?ifGeneration=2", nil, 409, "changed by somebody else"),
        ("GET", "/v1/functions/default/a/logs?tail=-1", nil, 422, "tail"),
        ("GET", "/v1/functions/default/a/logs?since=yesterday", nil, 422, "since"),
        ("GET", "/v1/functions/default/a/logs?follow=maybe", nil, 422, "follow"),
        ("GET", "/v1/functions/default/a/logs?instance=x", nil, 422, "instance"),
    ])
    func whatIsWrongIsAnsweredInJSON(
        method: String, target: String, body: String?, status: Int, contains text: String
    ) async throws {
        try await ServerFixture.with { server in
            let answer = try await server.raw(method, target, body: body)
            #expect(answer.status == status, "\(answer)")
            #expect(answer.body.contains(text), "\(answer)")
            let error = try ControlCoding.decode(ErrorBody.self, from: Data(answer.body.utf8)).error
            #expect(error.kind.status == status)
        }
    }

    @Test func anUploadMayPauseAndIsCutWhenItStalls() async throws {
        #expect(Limits.controlIdleTimeout >= .seconds(300), "a disk may stall for minutes")
        func upload(pausing pause: Duration) async throws -> FunctionView {
            let sent = Atomic<Int>(0)
            return try await ServerFixture.with(idleTimeout: .seconds(4)) { server in
                try await server.client.deploy {
                    let number = sent.wrappingAdd(1, ordering: .relaxed).newValue
                    if number > 1 { try await Task.sleep(for: pause) }
                    return number > 3 ? nil : ByteBuffer(string: "12345")
                }
            }
        }
        #expect(
            try await upload(pausing: .milliseconds(1500)).name == "bytes-15", "longer than the limit in all")
        await #expect(throws: ClientError.self) { try await upload(pausing: .seconds(15)) }
    }

    @Test func aBodyThatIsTooLargeIsRefused() async throws {
        try await ServerFixture.with { server in
            let large = String(repeating: " ", count: Limits.controlBodyBytes + 1)
            let refused = try await server.raw("POST", "/v1/functions", body: large)
            #expect(refused.status == 413)
            // And one of exactly the limit is only malformed.
            let fits = String(repeating: " ", count: Limits.controlBodyBytes)
            let malformed = try await server.raw("POST", "/v1/functions", body: fits)
            #expect(malformed.status == 400)
        }
    }

    @Test func theSocketIsPrivate() async throws {
        try await ServerFixture.with { server in
            let attributes = try FileManager.default.attributesOfItem(atPath: server.socket)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            let group = attributes[.groupOwnerAccountName] as? String
            #expect(mode == (group == "torpor" ? 0o660 : 0o600))
            let directory = URL(fileURLWithPath: server.socket).deletingLastPathComponent().path
            let around = try FileManager.default.attributesOfItem(atPath: directory)
            #expect(around[.posixPermissions] as? Int == 0o750)
        }
    }

    @Test func manyAtOnceAreAnswered() async throws {
        try await ServerFixture.with { server in
            _ = try await server.client.deploy(try request("hello"))
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<64 { group.addTask { try await server.client.list(namespace: nil).count } }
                for try await count in group { #expect(count == 1) }
            }
        }
    }

    @Test func theDescriptionNamesEveryOperation() async throws {
        try await ServerFixture.with { server in
            let answer = try await server.raw("GET", "/v1/openapi.json")
            let document = try ControlCoding.decode(JSONValue.self, from: Data(answer.body.utf8))
            for route in ControlRoute.allCases {
                let operation = document["paths"]?[route.template]?[route.method.lowercased()]
                #expect(operation?["operationId"] == .string(route.rawValue))
            }
        }
    }

    @Test func aPathThatIsTooLongIsAnError() async throws {
        let path = "/tmp/" + String(repeating: "x", count: 120) + "/torpor.sock"
        await #expect(throws: (any Error).self) { try await ControlClient(socket: path).systemInfo() }
    }
}
