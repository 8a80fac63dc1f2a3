import Core
import Manifest
import Testing

func parse(_ text: String, files: [String: String] = [:]) throws(ManifestError) -> [ManifestFunction] {
    let manifest = Manifest(file: "torpor.yaml", directory: "/work/app") { path throws(InvalidInput) in
        guard let text = files[path] else { throw InvalidInput("", "\(path) cannot be opened") }
        return Array(text.utf8)
    }
    return try manifest.functions(in: text)
}

/// The error's text, or nil when the manifest is accepted.
func refusal(_ text: String, files: [String: String] = [:]) -> String? {
    do throws(ManifestError) {
        _ = try parse(text, files: files)
        return nil
    } catch {
        return error.description
    }
}

@Suite struct ManifestTests {
    static let full = """
        version: 1.0
        provider: {name: openfaas, gateway: http://127.0.0.1:8080}
        functions:
          hello:
            namespace: team
            rootfs: ./rootfs
            mode: http
            command: ["/bin/hello", "-v"]
            port: 9000
            environment: {GREETING: hi, COUNT: 3, EMPTY: }
            concurrency: 20
            timeout: 30s
            queueTimeout: 1m
            startTimeout: 5s
            stopGrace: 2s
            scale: {min: 1, max: 5, freezeAfter: never, stopAfter: 1h}
            limits: {memory: 128Mi, cpu: 500m, pids: 64}
            network: none
            labels: {owner: me}
            annotations: {note: "for people"}
        """

    @Test func everyKeyIsRead() throws {
        let function = try #require(try parse(Self.full).first)
        #expect(function.key.description == "hello.team")
        #expect(function.line == 4)
        #expect(function.source == .rootfs(path: "/work/app/rootfs"))
        let spec = function.spec
        #expect(spec.command == ["/bin/hello", "-v"])
        #expect(spec.port == 9000)
        #expect(spec.environment == ["GREETING": "hi", "COUNT": "3", "EMPTY": ""])
        #expect(spec.concurrency == 20)
        #expect(spec.timeout == .seconds(30))
        #expect(spec.queueTimeout == .seconds(60))
        #expect(spec.startTimeout == .seconds(5))
        #expect(spec.stopGrace == .seconds(2))
        #expect(spec.scale.min == 1 && spec.scale.max == 5)
        #expect(spec.scale.freezeAfter == .never)
        #expect(spec.scale.stopAfter == .after(.seconds(3600)))
        #expect(spec.limits.memory == .mebibytes(128))
        #expect(spec.limits.cpu == CPUQuantity(millicores: 500))
        #expect(spec.limits.pids == 64)
        #expect(spec.network == .none)
    }

    @Test func defaultsAreTheContracts() throws {
        let function = try #require(try parse("functions: {a: {bundle: b}}").first)
        #expect(function.spec == FunctionSpec())
        #expect(function.source == .bundle(path: "/work/app/b"))
    }

    @Test func pathsAreRelativeToTheManifest() throws {
        for (written, meant) in [
            ("./x", "/work/app/x"), ("x/./y/", "/work/app/x/y"), ("/abs", "/abs"),
            ("../up", "/work/app/../up"),
        ] {
            let function = try #require(try parse("functions: {a: {bundle: \(written)}}").first)
            #expect(function.source == .bundle(path: meant))
        }
    }

    @Test func severalDocumentsAreOneManifest() throws {
        let text = "functions: {a: {bundle: x}}\n---\n# nothing\n---\nfunctions: {b: {bundle: y}}\n"
        #expect(try parse(text).map(\.key.name) == ["a", "b"])
        #expect(
            refusal("functions: {a: {bundle: x}}\n---\nfunctions:\n  a: {bundle: y}\n")
                == "torpor.yaml:4: functions.a: is declared twice")
    }

    @Test func environmentFilesStandUnderTheInlineOnes() throws {
        let files = [
            "/work/app/one.yml": "environment: {A: file, B: file}", "/abs.yml": "environment:\n  C: last\n",
        ]
        let text = """
            functions:
              a: {bundle: x, environment_file: [one.yml, /abs.yml], environment: {A: inline}}
            """
        let environment = try parse(text, files: files).first?.spec.environment
        #expect(environment == ["A": "inline", "B": "file", "C": "last"])
        #expect(refusal(text)?.contains("/work/app/one.yml cannot be opened") == true)
        let wrong = ["/work/app/one.yml": "environment: {A: [1]}", "/abs.yml": ""]
        #expect(
            refusal(text, files: wrong)?.contains("one.yml:1: environment.A: must be a text, and is a list")
                == true)
    }

    @Test func mergeKeysAndAliasesWork() throws {
        let text = """
            functions:
              a: &base
                bundle: x
                port: 9000
                environment: &env {K: v}
              b:
                <<: *base
                port: 9001
              c: {bundle: y, environment: *env}
            """
        let functions = try parse(text)
        #expect(functions.map(\.spec.port) == [9000, 9001, 8080])
        #expect(functions.map { $0.spec.environment["K"] } == ["v", "v", "v"])
    }
}
