import Core
import Foundation
import Testing

@Suite struct AttachmentTests {
    private func refusal(_ edit: (inout FunctionSpec) throws -> Void) throws -> String? {
        var spec = FunctionSpec()
        try edit(&spec)
        do throws(InvalidInput) {
            try spec.validate()
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `Names can lead nowhere`() throws {
        for good in ["a", "db-password", "TLS.crt", "x_1", String(repeating: "n", count: 128)] {
            #expect(try ResourceName(good).description == good)
        }
        for bad in [
            "", ".", "..", "../x", "a/b", "/x", ".hidden", "-x", "_x", "a b", "ä", "a\0b", "a\n",
            String(repeating: "n", count: 129),
        ] {
            #expect(throws: InvalidInput.self, "\(bad)") { try ResourceName(bad) }
        }
    }

    @Test func `Volumes in short`() throws {
        let data = try ResourceName("data")
        #expect(try VolumeSpec(parsing: "data:/d") == VolumeSpec(.named(data), path: "/d"))
        #expect(try VolumeSpec(parsing: "data:/d:rw") == VolumeSpec(.named(data), path: "/d"))
        #expect(
            try VolumeSpec(parsing: "/srv:/d:ro") == VolumeSpec(.bind("/srv"), path: "/d", readOnly: true))
        #expect(try VolumeSpec(parsingTmpfs: "/t") == VolumeSpec(.tmpfs(Limits.tmpfsVolume), path: "/t"))
        #expect(try VolumeSpec(parsingTmpfs: "/t:8Mi") == VolumeSpec(.tmpfs(.mebibytes(8)), path: "/t"))
        #expect(try VolumeSpec(parsingTmpfs: "/t:size=8Mi") == VolumeSpec(.tmpfs(.mebibytes(8)), path: "/t"))
        for bad in ["", "data", "data:/d:x", "a:b:c:d", "../x:/d", ":/d"] {
            #expect(throws: InvalidInput.self, "\(bad)") { try VolumeSpec(parsing: bad) }
        }
    }

    @Test func `Paths are plain and nobody else's`() throws {
        for path in [
            "data", "", "/", "/a/../b", "/a//b", "/a/", "/proc/x", "/sys", "/dev/null", "/run/secrets",
            "/run/secrets/x", "/var/openfaas/secrets",
        ] {
            let problem = try refusal { $0.volumes = [VolumeSpec(.tmpfs(.mebibytes(1)), path: path)] }
            #expect(problem?.hasPrefix("volumes[0].path: ") == true, "\(path): \(problem ?? "accepted")")
            #expect(
                try refusal { $0.configs = [ConfigFile(path: path, content: [])] }?
                    .hasPrefix("configs[0].path: ") == true, "\(path)")
        }
        for path in ["/data", "/dev/shm", "/procession", "/run/secrets2"] {
            #expect(try refusal { $0.volumes = [VolumeSpec(.tmpfs(.mebibytes(1)), path: path)] } == nil)
        }
        #expect(
            try refusal { $0.volumes = [VolumeSpec(.bind("/srv/../etc"), path: "/x")] }?
                .hasPrefix("volumes[0].bind: ") == true)
        #expect(
            try refusal {
                $0.volumes = [VolumeSpec(.tmpfs(.mebibytes(1)), path: "/x")]
                $0.configs = [ConfigFile(path: "/x", content: [])]
            }?.contains("'/x'") == true)
    }

    @Test func `Everything has a limit`() throws {
        let volumes = (0...Limits.volumesPerFunction).map {
            VolumeSpec(.tmpfs(.mebibytes(1)), path: "/v\($0)")
        }
        #expect(try refusal { $0.volumes = volumes.dropLast() } == nil)
        #expect(try refusal { $0.volumes = volumes }?.contains("at most") == true)
        let configs = (0...Limits.configsPerFunction).map { ConfigFile(path: "/c\($0)", content: []) }
        #expect(try refusal { $0.configs = configs.dropLast() } == nil)
        #expect(try refusal { $0.configs = configs }?.contains("at most") == true)
        let secrets = try (0...Limits.secretsPerFunction).map { try ResourceName("s\($0)") }
        #expect(try refusal { $0.secrets = secrets.dropLast() } == nil)
        #expect(try refusal { $0.secrets = secrets }?.contains("at most") == true)
        #expect(try refusal { $0.secrets = [secrets[0], secrets[0]] }?.contains("twice") == true)
        let large = [UInt8](repeating: 0, count: Limits.configBytes + 1)
        #expect(
            try refusal { $0.configs = [ConfigFile(path: "/c", content: large)] }?.contains("bytes") == true)
        for size in [ByteCount(1), ByteCount(1 << 41)] {
            #expect(try refusal { $0.volumes = [VolumeSpec(.tmpfs(size), path: "/t")] } != nil)
        }
        #expect(
            try refusal { $0.volumes = [VolumeSpec(.tmpfs(.mebibytes(1)), path: "/t", readOnly: true)] }
                != nil)
        // Descriptors that torpor-init takes with a plan.
        #expect(5 + ContainerPath.secrets.count + Limits.volumesPerFunction + Limits.configsPerFunction <= 32)
    }

    @Test func `A spec goes through JSON and back, content of any bytes`() throws {
        var spec = FunctionSpec()
        spec.secrets = [try ResourceName("db")]
        spec.volumes = [
            VolumeSpec(.named(try ResourceName("data")), path: "/data", readOnly: true),
            VolumeSpec(.bind("/srv/x"), path: "/x"), VolumeSpec(.tmpfs(.mebibytes(8)), path: "/t"),
        ]
        spec.configs = [ConfigFile(path: "/etc/text", content: Array("a = 1\n".utf8), mode: 0o440)]
        for count in 0..<64 {
            spec.configs = Array(spec.configs.prefix(1))
            spec.configs.append(
                ConfigFile(path: "/etc/bytes", content: (0..<count).map { UInt8(255 - $0 * 3) }))
            let json = try JSONEncoder().encode(spec)
            #expect(try JSONDecoder().decode(FunctionSpec.self, from: json) == spec)
        }
        let plain = String(decoding: try JSONEncoder().encode(FunctionSpec()), as: UTF8.self)
        #expect(!plain.contains("secrets") && !plain.contains("volumes") && !plain.contains("configs"))
        for bad in [
            #"{"volumes": [{"path": "/x"}]}"#, #"{"volumes": [{"name": "a", "bind": "/b", "path": "/x"}]}"#,
            #"{"configs": [{"path": "/x"}]}"#, #"{"configs": [{"path": "/x", "base64": "a"}]}"#,
            #"{"configs": [{"path": "/x", "base64": "QQ=="}, {"path": "/y", "base64": "QR=="}]}"#,
            #"{"configs": [{"path": "/x", "content": "", "mode": "0999"}]}"#, #"{"secrets": ["../x"]}"#,
        ] {
            #expect(throws: InvalidInput.self, "\(bad)") {
                try JSONDecoder().decode(FunctionSpec.self, from: Data(bad.utf8))
            }
        }
    }
}
