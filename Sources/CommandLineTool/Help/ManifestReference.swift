internal import Core
internal import Manifest

/// The reference of `torpor.yaml` as Markdown: docs/manifest.md.
enum ManifestReference {
    static func text() -> String {
        var text = """
            # torpor.yaml

            Made by `torpor manual --manifest`. `torpor apply -f FILE` deploys what it declares, `torpor diff -f FILE` tells what
            that would change, `torpor config check -f FILE` checks it without a daemon.

            ```yaml
            \(example)
            ```

            At the top stands `functions`: a map from a function's name, a DNS label, to its keys. `provider` and `version` are
            accepted, as OpenFaaS's `stack.yaml` has them. A file may have several YAML documents, aliases and merge keys (`<<`),
            and declares at most \(Limits.manifestFunctions) functions; a directory stands for its `*.yaml` and `*.yml`.
            Relative paths start from the file's directory.

            Durations are written `250ms`, `60s`, `5m`, `1h30m`; sizes `64Ki`, `128Mi`, `1Gi`, `500M`. A key that is not known is an
            error that names the nearest one; so is a value out of its range, with the line.

            """
        for group in groups {
            text += "\n## \(group.title)\n\n| key | takes | default | allowed | what it does | example |\n"
            text += "| --- | --- | --- | --- | --- | --- |\n"
            text += ManifestKeys.all.filter { group.contains($0) }.map(row).joined()
        }
        return text + """

            ## Not yet

            Known and refused by name, never ignored: \(ManifestKeys.notBuilt.map { "`\($0)`" }.joined(separator: ", ")); the modes
            `tcp` and `job`; egress rules in `network`; labels and annotations that tell OpenFaaS what to do; documents with an
            `apiVersion` (Knative, Kubernetes).

            """
    }

    /// A manifest as people write it: a test reads it.
    private static let example = """
        functions:
          hello:
            rootfs: ./rootfs
            command: ["/bin/hello"]
            environment: {GREETING: hi}
            secrets: [db-password]
            volumes: ["data:/data"]
            scale: {max: 5, freezeAfter: 10s, stopAfter: 5m}
            limits: {memory: 64Mi, cpu: 500m}
        """

    private struct Group {
        var title: String
        var names: Set<String>

        /// A key stands where the one that it stands in does.
        func contains(_ key: ManifestKey) -> Bool {
            names.contains(key.group.isEmpty ? key.path : key.group)
        }
    }

    private static let groups = [
        Group(title: "What runs", names: ["namespace", "bundle", "rootfs", "mode", "cgi", "command"]),
        Group(title: "What it finds", names: ["port", "environment", "environment_file", "network"]),
        Group(
            title: "Requests",
            names: ["concurrency", "timeout", "queueTimeout", "startTimeout", "stopGrace"]),
        Group(title: "Instances", names: ["scale", "limits"]),
        Group(title: "Files", names: ["secrets", "volumes", "configs"]),
        Group(title: "For people", names: ["labels", "annotations"]),
    ]

    private static func row(_ key: ManifestKey) -> String {
        let fallback = key.fallback.map { $0.contains(" ") || $0.contains("`") ? $0 : "`\($0)`" } ?? "–"
        return "| `\(key.path)` | \(key.type) | \(fallback) | \(key.allowed ?? "–") | \(key.text) "
            + "| `\(key.name): \(key.example)` |\n"
    }
}
