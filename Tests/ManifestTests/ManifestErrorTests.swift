import Core
import Manifest
import Testing

@Suite struct ManifestErrorTests {
    @Test(arguments: [
        (
            "functions:\n  a:\n    bundle: x\n    memori: 1\n",
            "torpor.yaml:4: functions.a.memori: is unknown ("
        ),
        (
            "functions:\n  a:\n    bundle: x\n    concurency: 1\n",
            "torpor.yaml:4: functions.a.concurency: is unknown; did you mean 'concurrency'?"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    limits:\n      memroy: 1Mi\n",
            "torpor.yaml:5: functions.a.limits.memroy: is unknown; did you mean 'memory'?"
        ),
        ("function: {}\n", "torpor.yaml:1: function: is unknown; did you mean 'functions'?"),
        (
            "functions:\n  a:\n    image: x\n",
            "torpor.yaml:3: functions.a.image: is not supported yet (use rootfs or bundle)"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    lang: go\n",
            "torpor.yaml:4: functions.a.lang: is not supported yet"
        ),
        ("functions:\n  a:\n    bundle: x\n    routes: []\n", "functions.a.routes: is not supported yet"),
        (
            "functions:\n  a:\n    bundle: x\n    mode: job\n",
            "functions.a.mode: 'job' is not supported yet (http, exec)"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    mode: web\n",
            "must be one of http, exec, tcp, job, and is the text 'web'"
        ),
        ("functions:\n  a:\n    bundle: x\n    network: {allow: []}\n", "network.allow: is unknown"),
        ("functions:\n  a:\n    bundle: x\n    network: {}\n", "names no egress"),
        ("functions:\n  a:\n    bundle: x\n    network: {egress: closed}\n", "must be one of open, none"),
        (
            "functions:\n  a:\n    bundle: x\n    network: {egress: [10.0.0.1/8]}\n",
            "network.egress[0]: '10.0.0.1/8' has host bits set (10.0.0.0/8 is the network)"
        ),
        ("functions:\n  a:\n    bundle: x\n    network: {egress: [example.org]}\n", "is no network"),
        ("functions:\n  a:\n    bundle: x\n    network: {egress: [\"::/0\"]}\n", "is IPv6"),
        ("functions:\n  a:\n    bundle: x\n    network: {egress: [10.0.0.0/33]}\n", "is no network"),
        (
            "functions:\n  a:\n    bundle: x\n    network: {egress: [\"10.0.0.0/8:443-80\"]}\n",
            "'443-80' is no port"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    network: {egress: [{to: 10.0.0.0/8, ports: [0]}]}\n",
            "'0' is no port"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    network: {egress: [{to: 10.0.0.0/8, port: 443}]}\n",
            "did you mean 'ports'"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    network: {egress: [{to: 10.0.0.0/8, ports: []}]}\n",
            "is empty"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    network: {egress: [169.254.169.254]}\n",
            "is in 169.254.0.0/16, which no function reaches"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    labels: {com.openfaas.scale.min: 2}\n",
            "functions.a.labels.com.openfaas.scale.min: is not supported yet"
        ),
        (
            "apiVersion: serving.knative.dev/v1\nkind: Service\n",
            "torpor.yaml:1: apiVersion: Knative manifests are not supported yet"
        ),
        ("apiVersion: apps/v1\nkind: Deployment\n", "Kubernetes manifests are not supported yet"),
        (
            "functions:\n  a:\n    bundle: x\n    port: \"80\"\n",
            "torpor.yaml:4: functions.a.port: must be a whole number, and is the text '80'"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    port: 0\n",
            "torpor.yaml:4: functions.a.port: 0 is no port (1 to 65535)"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    command: run\n",
            "functions.a.command: must be a list of texts, such as [\"/bin/program\", \"-v\"], and is the text 'run'"
        ),
        ("functions:\n  a:\n    bundle: x\n    timeout: 60\n", "functions.a.timeout: '60' is not a duration"),
        (
            "functions:\n  a:\n    bundle: x\n    scale: {min: 3, max: 2}\n",
            "torpor.yaml:4: functions.a.scale.min: 3 is out"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    limits: [1]\n",
            "functions.a.limits: must be a mapping of keys to values, and is a list"
        ),
        ("functions:\n  a:\n    rootfs: x\n", "has a rootfs but no command"),
        ("functions:\n  a:\n    port: 80\n", "functions.a: does not say what to run"),
        ("functions:\n  a:\n    bundle: x\n    rootfs: y\n", "stands beside bundle"),
        ("functions:\n  a:\n    bundle: \"\"\n", "functions.a.bundle: is no path"),
        ("functions:\n  Abc: {bundle: x}\n", "'Abc' is not a valid name"),
        ("functions:\n  a-00001: {bundle: x}\n", "ends like a revision's name"),
        (
            "functions:\n  a: {bundle: x}\n  a: {bundle: y}\n",
            "torpor.yaml:3: the key 'a' stands twice: already in line 2"
        ),
        (
            "functions:\n  a:\n    bundle: x\n    scale:\n      port: 1\n    port: 80\n    \"port\": 81\n",
            "torpor.yaml:7: the key 'port' stands twice: already in line 6"
        ),
        ("functions: {a: {bundle: x, bundle: y}}\n", "torpor.yaml:1: the key 'bundle' stands twice"),
        ("functions:\n  a:\n\tbundle: x\n", "torpor.yaml:3: a tab: YAML is indented with spaces"),
        ("functions:\n  a:\n    bundle: x\n    env: {A: b}\n", "did you mean 'environment'?"),
        ("functions:\n  a:\n    bundle: x\n    replicas: 2\n", "did you mean 'scale'?"),
        ("functions:\n  a:\n    bundle: x\n    memory: 1Mi\n", "did you mean 'limits'?"),
        ("functions: []\n", "functions: must be a mapping of keys to values, and is a list"),
        ("functions:\n", "must be a mapping of keys to values, and is empty"),
        ("functions: {}\n", "the file declares no function"), ("", "the file declares no function"),
        ("just text\n", "is the text 'just text'"), ("a: [\n", "is not YAML"), ("\"\\x\"", "is not YAML"),
        ("functions:\n  a:\n    bundle: x\n    environment: {PORT: 1}\n", "set by Torpor itself"),
    ])
    func isRefusedWithPathAndLine(text: String, message: String) {
        let refusal = refusal(text) ?? "accepted"
        #expect(refusal.contains(message), "\(refusal)")
    }

    @Test func everyFunctionsMistakeIsTold() {
        let text = """
            functions:
              a: {bundle: x, port: no}
              b: {bundle: x}
              c: {bundle: x, env: {}}
              d: {command: [x]}
            """
        #expect(
            refusal(text)?.split(separator: "\n").map { $0.prefix(32) } == [
                "torpor.yaml:2: functions.a.port:", "torpor.yaml:4: functions.c.env: ",
                "torpor.yaml:5: functions.d: does",
            ])
        let many = (0..<100).map { "  f\($0): {}\n" }.joined()
        #expect(refusal("functions:\n" + many)?.split(separator: "\n").count == 20)
    }

    @Test func aManifestIsBounded() {
        let large = "functions: {a: {bundle: x}}\n" + String(repeating: "#", count: Limits.manifestBytes)
        #expect(refusal(large)?.contains("at most \(Limits.manifestBytes)") == true)
        let many = (0...Limits.manifestFunctions).map { "  f\($0): {bundle: x}\n" }.joined()
        #expect(refusal("functions:\n" + many)?.contains("at most \(Limits.manifestFunctions)") == true)
    }
}
