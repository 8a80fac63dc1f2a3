internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Foundation
internal import Manifest

struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Deploy a function: make a new revision and bring it up.",
        usage: "torpor deploy NAME (--bundle DIR | --rootfs DIR) [options] [-- COMMAND ...]",
        discussion: "What is not named has its default, also where an earlier revision named it.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "NAME or NAME.NAMESPACE.") var name: String
    @Option(help: "An OCI bundle: a directory with config.json and its root filesystem.") var bundle: String?
    @Option(help: "A root filesystem; needs a command.") var rootfs: String?
    @Option(name: [.short, .long], help: "An environment variable K=V; may be repeated.") var env: [String] =
        []
    @Option(help: "A file of environment variables, NAME=VALUE each; may be repeated.")
    var envFile: [String] = []
    @OptionGroup var attachments: AttachmentOptions
    @Option(help: "Memory at most: 128Mi.") var memory: String?
    @Option(help: "Cores at most: 0.5 or 500m.") var cpus: String?
    @Option(help: "Processes and threads at most.") var pids: Int?
    @Option(help: "Bytes at most that it writes to its root, and to /tmp and /run: 64Mi.") var disk: String?
    @Option(help: "Instances that stay ready.") var min: Int?
    @Option(help: "Instances at most.") var max: Int?
    @Option(help: "Requests in flight per instance at most; 0 is no limit.") var concurrency: Int?
    @Option(help: "The port that the function listens on.") var port: Int?
    @Option(help: "Time for a request until its response begins: 60s.") var timeout: String?
    @Option(help: "How requests reach the function: http, or exec to run the command for each.")
    var mode: String?
    @Flag(help: "In mode exec, the command writes the response's head itself (CGI).") var cgi = false
    @Option(help: "What it may reach: default or none.") var network: String?
    @Option(help: "Where its connections may go: open, none, or NETWORK[:PORTS]; may be repeated.")
    var egress: [String] = []
    @Option(help: "Idle time until an instance is frozen: 10s, or never.") var freezeAfter: String?
    @Option(help: "Idle time until an instance is stopped: 5m, or never.") var stopAfter: String?
    @Flag(help: "Do not wait until the revision takes requests.") var noWait = false
    @Option(help: .hidden) var image: String?
    @Option(help: .hidden) var runtime: String?
    @Option(help: .hidden) var handler: String?
    @Argument(parsing: .postTerminator, help: "The command to run.") var command: [String] = []

    func run() async throws {
        var request = try request()
        let client = global.client
        // Whoever deploys it between here and there is not overruled: this deploy is refused, and says so.
        let before = try await ThereAlready(client, namespaces: [request.key.namespace])
            .generation(of: request.key)
        request.ifGeneration = before
        let function = try await Rollouts.explaining(request.key, client) { [request] in
            try await global.deployer.deploy(request)
        }
        try global.show(function) { Self.text(function, request.key, before: before) }
    }

    private static func text(_ function: FunctionView, _ key: FunctionKey, before: Int) -> String {
        "\(key): \(Rollouts.outcome(function, before: before))\n"
            + "call it with: torpor invoke \(Explanation.reference(key.name, key.namespace))\n"
    }

    func request() throws -> DeployRequest {
        for (option, value) in [("--image", image), ("--runtime", runtime), ("--handler", handler)]
        where value != nil {
            throw ValidationError("\(option) is not supported yet: use --bundle or --rootfs")
        }
        let request = DeployRequest(
            key: try FunctionArgument.parse(name).key, source: try source(), spec: try spec(), wait: !noWait)
        do throws(InvalidInput) {
            try request.validate()
        } catch {
            throw ValidationError("\(Self.option(for: error.path)): \(error.problem)\(Self.allowed(error))")
        }
        return request
    }

    private static func allowed(_ problem: InvalidInput) -> String {
        problem.allowed.map { " (\($0))" } ?? ""
    }

    private func source() throws -> RevisionSource {
        let context = ToolContext.current
        switch (bundle, rootfs) {
        case (let path?, nil):
            let bundle = context.absolute(path)
            if Self.isRootfs(bundle) {
                throw ValidationError(
                    "--bundle: \(path) has no config.json and looks like a root filesystem: --rootfs \(path) -- COMMAND"
                )
            }
            return .bundle(path: bundle)
        case (nil, let path?):
            if command.isEmpty {
                throw ValidationError("--rootfs needs a command: -- COMMAND [ARGUMENT ...]")
            }
            return .rootfs(path: context.absolute(path))
        case (nil, nil): throw ValidationError("say what to run: --bundle DIR, or --rootfs DIR -- COMMAND")
        default: throw ValidationError("--bundle and --rootfs exclude each other")
        }
    }

    private static func isRootfs(_ path: String) -> Bool {
        let isThere = { (name: String) in FileManager.default.fileExists(atPath: "\(path)/\(name)") }
        return !isThere("config.json") && ["bin", "usr", "etc"].contains(where: isThere)
    }

    private func spec() throws -> FunctionSpec {
        var spec = FunctionSpec()
        if !command.isEmpty { spec.command = command }
        for file in envFile {
            let variables = try usage("--env-file") { () throws(InvalidInput) in
                try EnvironmentFile.parse(
                    try ManifestFiles.bytes(atPath: ToolContext.current.absolute(file)), name: file)
            }
            spec.environment.merge(variables) { _, later in later }
        }
        try attachments.read(into: &spec)
        for variable in env {
            guard let sign = variable.firstIndex(of: "="), sign != variable.startIndex else {
                throw ValidationError("--env: '\(variable)' is no variable (K=V)")
            }
            spec.environment[String(variable[..<sign])] = String(variable[variable.index(after: sign)...])
        }
        spec.limits.memory = try parsed("--memory", memory) { text throws(InvalidInput) in
            try ByteCount(parsing: text)
        }
        spec.limits.cpu = try parsed("--cpus", cpus) { text throws(InvalidInput) in
            try CPUQuantity(parsing: text)
        }
        spec.limits.pids = pids
        spec.limits.disk = try parsed("--disk", disk) { text throws(InvalidInput) in
            try ByteCount(parsing: text)
        }
        if let min { spec.scale.min = min }
        if let max { spec.scale.max = max }
        if let concurrency { spec.concurrency = concurrency }
        if let port { spec.port = port }
        let duration = { (text: String) throws(InvalidInput) in try DurationText.parse(text) }
        let idleTime = { (text: String) throws(InvalidInput) in try IdleTime(parsing: text) }
        spec.timeout = try parsed("--timeout", timeout, duration) ?? spec.timeout
        spec.scale.freezeAfter = try parsed("--freeze-after", freezeAfter, idleTime) ?? spec.scale.freezeAfter
        spec.scale.stopAfter = try parsed("--stop-after", stopAfter, idleTime) ?? spec.scale.stopAfter
        if let mode {
            guard let value = FunctionMode(rawValue: mode) else {
                throw ValidationError("--mode: '\(mode)' is no mode (http, exec)")
            }
            spec.mode = value
        }
        spec.cgi = cgi
        if let network {
            guard let value = NetworkMode(rawValue: network) else {
                throw ValidationError("--network: '\(network)' is no network (default, none)")
            }
            spec.network = value == .none ? .none : .default
        }
        if !egress.isEmpty {
            guard network != NetworkMode.none.rawValue else {
                throw ValidationError("--egress: needs a network, and --network none has none")
            }
            if egress.count == 1, let word = EgressWord(rawValue: egress[0]) {
                spec.network = word.network
            } else {
                spec.network = .egress(
                    try egress.map { text in
                        try usage("--egress") { () throws(InvalidInput) in try EgressRule(parsing: text) }
                    })
            }
        }
        return spec
    }

    /// The option that sets a field of the spec.
    private static func option(for path: String) -> String {
        let field = path.hasPrefix("spec.") ? String(path.dropFirst(5)) : path
        let options = [
            "limits.memory": "--memory", "limits.cpu": "--cpus", "limits.pids": "--pids",
            "limits.disk": "--disk",
            "scale.min": "--min",
            "scale.max": "--max", "scale.freezeAfter": "--freeze-after", "scale.stopAfter": "--stop-after",
            "concurrency": "--concurrency", "port": "--port", "timeout": "--timeout", "command": "-- COMMAND",
            "source.bundle": "--bundle", "source.rootfs": "--rootfs", "mode": "--mode", "cgi": "--cgi",
        ]
        if field.hasPrefix("network.egress") { return "--egress" }
        if field.hasPrefix("environment") { return "--env" }
        return options[field] ?? field
    }
}
