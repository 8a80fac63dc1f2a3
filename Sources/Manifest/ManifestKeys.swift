internal import Core

/// The keys of a function that are honoured.
package enum ManifestKeys {
    /// In the order of the reference.
    package static let all: [ManifestKey] = what + process + requests + scale + limits + attachments + people

    /// Keys of this format or of OpenFaaS's that this version does not honour: refused, never ignored.
    package static let notBuilt = [
        "image", "lang", "handler", "runtime", "health", "routes", "listen", "fprocess",
        "constraints", "requests", "readonly_root_filesystem", "build_args", "build_options", "build_secrets",
        "skip_build", "copy", "platforms",
    ]

    /// Names of the keys in a group; "" is the function itself.
    static func names(in group: String) -> [String] {
        all.filter { $0.group == group }.map(\.name)
    }

    /// What is there where a manifest says nothing.
    private static let usual = FunctionSpec()

    private static let what = [
        ManifestKey(
            "namespace", "text", default: "`TORPOR_NAMESPACE`, else `default`", allowed: "a DNS label",
            "The namespace, which must exist.", example: "team"),
        ManifestKey(
            "bundle", "path", "An OCI bundle: a directory with `config.json` and its root filesystem.",
            example: "./hello"),
        ManifestKey(
            "rootfs", "path", "A root filesystem, read-only in the function; needs `command`.",
            example: "./rootfs"),
        ManifestKey(
            "mode", "text", default: usual.mode.rawValue, allowed: "`http`, `exec`",
            "How requests reach it: it listens, or its command runs once for each.", example: "exec"),
        ManifestKey(
            "cgi", "true or false", default: "\(usual.cgi)", allowed: "`true` in mode `exec` alone",
            "The command writes the head of its response itself (RFC 3875).", example: "true"),
    ]

    private static let process = [
        ManifestKey(
            "command", "list of texts", default: "the bundle's", allowed: "at most \(Limits.arguments)",
            "The program and its arguments.", example: "[\"/bin/hello\", \"-v\"]"),
        ManifestKey(
            "port", "whole number", default: "\(usual.port)", allowed: "1 to 65535",
            "Where the function listens; it is told as `$PORT`.", example: "8123"),
        ManifestKey(
            "environment", "map of texts", allowed: "at most \(Limits.environmentVariables)",
            "Variables; over those of `environment_file`, and of a bundle.", example: "{GREETING: hi}"),
        ManifestKey(
            "environment_file", "path, or list of paths",
            "Files of variables: `NAME=VALUE` lines, or `*.yml` with `environment`; later ones win.",
            example: "[app.env]"),
        ManifestKey(
            "network", "text, or map", default: "default", allowed: "`default`, `none`, or `egress`",
            "What it may reach: what the host reaches, by NAT, or loopback alone.", example: "none"),
        ManifestKey(
            "network.egress", "list of rules, or text", default: EgressWord.open.rawValue,
            allowed: "`open`, `none`, or at most \(Limits.egressRules) of `NETWORK[:PORTS]`, "
                + "or `{to: NETWORK, ports: […]}`",
            "Where connections may go beyond the gateway; no ports are all of them. "
                + "See [network.md](network.md).",
            example: "[\"10.0.0.0/8:443,8000-8999\", {to: 192.0.2.53, ports: [53]}]"),
    ]

    private static let requests: [ManifestKey] = {
        let range =
            "\(DurationText.format(Limits.shortestTimeout)) to \(DurationText.format(Limits.longestTimeout))"
        func time(_ path: String, _ value: Duration, _ text: String) -> ManifestKey {
            ManifestKey(
                path, "duration", default: DurationText.format(value), allowed: range, text, example: "5s")
        }
        return [
            ManifestKey(
                "concurrency", "whole number", default: "\(usual.concurrency)",
                allowed: "0 to \(Limits.concurrency), in mode `exec` \(Limits.commandsPerInstance)",
                "Requests in flight per instance at most; 0 is no limit.", example: "20"),
            time("timeout", usual.timeout, "Time of a request until its response begins; then 504."),
            time("queueTimeout", usual.queueTimeout, "How long a request may wait for room; then 503."),
            time("startTimeout", usual.startTimeout, "Time until its port accepts; then 502."),
            time("stopGrace", usual.stopGrace, "From SIGTERM until everything in it is killed."),
        ]
    }()

    private static let scale: [ManifestKey] = {
        let scale = usual.scale
        func idle(_ path: String, _ value: IdleTime, _ text: String) -> ManifestKey {
            ManifestKey(
                path, "duration", default: value.description, allowed: "10ms to 365d, or `never`", text,
                example: "never")
        }
        return [
            ManifestKey(
                "scale", "map", "How many instances, and how long they stay warm.", example: "{max: 5}"),
            ManifestKey(
                "scale.min", "whole number", default: "\(scale.min)", allowed: "0 to `scale.max`",
                "Instances that stay ready.", example: "1"),
            ManifestKey(
                "scale.max", "whole number", default: "\(scale.max)",
                allowed: "1 to \(Limits.instancesPerFunction)", "Instances at most.", example: "5"),
            ManifestKey(
                "scale.target", "whole number", default: "\(scale.target)",
                allowed: "1 to \(Limits.concurrency)",
                "Requests in flight per instance above which one more is started, where `concurrency` is 0.",
                example: "14"),
            idle("scale.freezeAfter", scale.freezeAfter, "Idle time until an instance is frozen."),
            idle("scale.stopAfter", scale.stopAfter, "Idle time until an instance is stopped."),
        ]
    }()

    private static let limits = [
        ManifestKey(
            "limits", "map", "What an instance may use; what is named is enforced, or the deploy is refused.",
            example: "{memory: 128Mi}"),
        ManifestKey(
            "limits.memory", "size", default: "the namespace's, else none", allowed: "1Mi to 1024Ti",
            "Memory; over it the function is killed.", example: "128Mi"),
        ManifestKey(
            "limits.cpu", "cores", default: "the namespace's, else none", allowed: "10m to 1024",
            "Processor time: `500m` and `0.5` are half of one core.", example: "500m"),
        ManifestKey(
            "limits.pids", "whole number",
            default: "the namespace's, else \(Limits.processes) where the host can",
            allowed: "4 to 4194304", "Processes and threads.", example: "64"),
        ManifestKey(
            "limits.disk", "size",
            default: "the namespace's, else \(Limits.writableLayer), at most half of limits.memory",
            allowed: "1Mi to 1024Ti",
            "What it may write to its root, and to `/tmp` and `/run` each: gone with the instance, and memory of its.",
            example: "64Mi"),
    ]

    private static let attachments = [
        ManifestKey(
            "secrets", "list of texts", allowed: "at most \(Limits.secretsPerFunction)",
            "Secrets of the namespace, as files in `/run/secrets` and `/var/openfaas/secrets`.",
            example: "[db-password]"),
        ManifestKey(
            "volumes", "list of maps, or of `NAME:PATH[:ro]`",
            allowed: "at most \(Limits.volumesPerFunction)",
            "Files that are kept, of the host, or in memory; each has one of `name`, `bind` and `tmpfs`.",
            example: "[\"data:/data\"]"),
        ManifestKey(
            "volumes.name", "text", "The namespace's volume of this name; made when it is first used.",
            example: "data"),
        ManifestKey(
            "volumes.bind", "path", allowed: "below one of `bind-volumes` in `torpord.yaml`",
            "A directory of the host.", example: "/srv/shared"),
        ManifestKey(
            "volumes.tmpfs", "size", allowed: "4Ki to 1Ti", "Memory, gone with the instance.",
            example: "64Mi"),
        ManifestKey(
            "volumes.path", "path", "Where the function finds it; must be given.", example: "/data"),
        ManifestKey(
            "volumes.readOnly", "true or false", default: "false", "Whether it cannot be written.",
            example: "true"),
        ManifestKey(
            "configs", "list of maps", allowed: "at most \(Limits.configsPerFunction)",
            "Read-only files that belong to the revision; each has one of `file` and `content`.",
            example: "[{path: /etc/app.conf, content: \"a = 1\"}]"),
        ManifestKey(
            "configs.path", "path", "Where the function finds it; must be given.", example: "/etc/app.conf"),
        ManifestKey("configs.file", "path", "The file whose content it has.", example: "./app.conf"),
        ManifestKey("configs.content", "text", "The content itself.", example: "\"a = 1\""),
        ManifestKey(
            "configs.mode", "octal digits as text", default: "0" + String(ConfigFile.defaultMode, radix: 8),
            allowed: "000 to 777", "Its permission bits; it belongs to the function's user.",
            example: "\"0440\""),
    ]

    private static let people = [
        ManifestKey(
            "labels", "map of texts",
            allowed: "at most \(Limits.metadataEntries); none that begins with `com.openfaas.`",
            "For people and their tools: kept, and shown by `torpor describe`.", example: "{tier: web}"),
        ManifestKey(
            "annotations", "map of texts",
            allowed: "at most \(Limits.metadataEntries); none of OpenFaaS's that has an effect there",
            "For people and their tools: kept, and shown by `torpor describe`.", example: "{owner: me}"),
    ]
}
