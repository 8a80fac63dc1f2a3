import ControlAPI
import ControlClient
import Core
import Foundation
import Synchronization
import Testing

/// Secrets and volumes over the socket.
@Suite struct ResourceTests {
    @Test func `A secret's bytes arrive as they are, and go no further`() async throws {
        let backend = FakeBackend()
        try await ServerFixture.with(backend) { server in
            let client = server.client
            let key = ResourceKey(name: try ResourceName("tls.crt"), namespace: try NamespaceName("team"))
            let value = (0..<Limits.secretBytes).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await client.setSecret(key, to: value).name == key.name)
            #expect(backend.kept.withLock { $0[key] } == value)
            #expect(try await client.secrets(namespace: key.namespace).map(\.name) == [key.name])
            #expect(try await client.secrets(namespace: .default).isEmpty)
            #expect(try await client.volumes(namespace: nil).map(\.path) == ["/volumes/team/tls.crt"])
            await #expect { try await client.setSecret(key, to: value + [0]) } throws: {
                guard case ClientError.refused(let error) = $0 else { return false }
                return error.kind == .tooLarge && error.allowed == "at most \(Limits.secretBytes) bytes"
            }
            await #expect { try await client.removeVolume(key) } throws: {
                guard case ClientError.refused(let error) = $0 else { return false }
                return error.kind == .conflict
            }
            try await client.removeSecret(key)
            await #expect { try await client.removeSecret(key) } throws: {
                guard case ClientError.refused(let error) = $0 else { return false }
                return error.kind == .notFound
            }
        }
    }

    @Test func `What crosses matches its schema`() throws {
        let key = ResourceKey(name: try ResourceName("db"))
        let values: [(String, any Encodable)] = [
            ("SecretList", SecretList(secrets: [Sample.secret(key)])),
            ("SecretView", Sample.secret(key)),
            ("NamespaceList", NamespaceList(namespaces: [Sample.namespace(.default)])),
            ("NamespaceRequest", NamespaceRequest(NamespaceRecord(name: .default))),
            ("VolumeList", VolumeList(volumes: [Sample.volume(key)])),
        ]
        for (schema, value) in values {
            let json = try ControlCoding.decode(JSONValue.self, from: ControlCoding.encode(value))
            #expect(Schema.reference(schema).problem(with: json) == nil, "\(schema)")
        }
        var spec = FunctionSpec()
        spec.secrets = [key.name]
        spec.volumes = [VolumeSpec(.named(key.name), path: "/a", readOnly: true)]
        spec.configs = [ConfigFile(path: "/b", content: [255], mode: 0o400)]
        let json = try ControlCoding.decode(JSONValue.self, from: ControlCoding.encode(spec))
        #expect(Schema.reference("FunctionSpec").problem(with: json) == nil)
    }

    @Test func `Namespaces cross unchanged`() async throws {
        try await ServerFixture.with { server in
            let client = server.client
            let sample = Sample.namespace(.default)
            #expect(try await client.namespaces() == [sample])
            #expect(try await client.namespace(.default) == sample)
            let record = NamespaceRecord(
                name: try NamespaceName("team"), limits: sample.limits, defaults: sample.defaults)
            let made = try await client.createNamespace(record)
            #expect(made.limits == sample.limits && made.defaults == sample.defaults)
            #expect(made.usage.cpu == CPUQuantity(millicores: 0) && made.createdAt == nil)
            #expect(try await client.changeNamespace(record) == made)
            for (kind, call) in [
                (.conflict, { _ = try await client.createNamespace(NamespaceRecord(name: .default)) }),
                (.notFound, { _ = try await client.namespace(record.name) }),
                (.conflict, { try await client.removeNamespace(record.name) }),
            ] as [(ControlError.Kind, () async throws -> Void)] {
                await #expect { try await call() } throws: {
                    guard case ClientError.refused(let error) = $0 else { return false }
                    return error.kind == kind
                }
            }
        }
    }

    @Test func `A key that a volume does not know is refused`() throws {
        let body =
            #"{"name": "a", "source": {"rootfs": "/r"}, "spec": {"volumes": [{"nam": "x", "path": "/x"}]}}"#
        #expect {
            try ControlCoding.decode(DeployRequest.self, from: Data(body.utf8))
        } throws: {
            "\($0)".contains("nam") && "\($0)".contains("readOnly")
        }
    }
}
