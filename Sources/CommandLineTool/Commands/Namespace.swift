internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Namespace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, change, list and remove namespaces.",
        discussion: """
            Names of functions, secrets and volumes are of a namespace. TORPOR_NAMESPACE names the one that is meant
            where none is said.
            """,
        subcommands: [
            NamespaceCreate.self, NamespaceSet.self, NamespaceListCommand.self, NamespaceDescribe.self,
            NamespaceRemove.self,
        ], aliases: ["namespaces", "ns"])
}

/// What a namespace may have.
struct NamespaceLimitOptions: ParsableArguments {
    @Option(help: "Functions at most.") var functions: Int?
    @Option(help: "Living instances at most, of all functions together.") var instances: Int?
    @Option(help: "Memory at most, of all living instances together: 4Gi.") var memory: String?
    @Option(help: "Cores at most, of all living instances together: 2.5.") var cpus: String?
    @Option(help: "Memory of an instance whose function names none.") var defaultMemory: String?
    @Option(help: "Cores of an instance whose function names none.") var defaultCpus: String?
    @Option(help: "Processes of an instance whose function names none.") var defaultPids: Int?

    func record(_ name: NamespaceName) throws -> NamespaceRecord {
        let bytes = { (text: String) throws(InvalidInput) in try ByteCount(parsing: text) }
        let cores = { (text: String) throws(InvalidInput) in try CPUQuantity(parsing: text) }
        let record = NamespaceRecord(
            name: name,
            limits: NamespaceLimits(
                functions: functions, instances: instances, memory: try parsed("--memory", memory, bytes),
                cpu: try parsed("--cpus", cpus, cores)),
            defaults: LimitSpec(
                memory: try parsed("--default-memory", defaultMemory, bytes),
                cpu: try parsed("--default-cpus", defaultCpus, cores), pids: defaultPids))
        try usage("limits") { () throws(InvalidInput) in try record.validate() }
        return record
    }
}

extension NamespaceName {
    fileprivate static func argument(_ text: String) throws -> NamespaceName {
        try usage("NAME") { () throws(InvalidInput) in try NamespaceName(text) }
    }
}

struct NamespaceCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a namespace, with what it may use.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The namespace's name.") var name: String
    @OptionGroup var limits: NamespaceLimitOptions

    func run() async throws {
        let record = try limits.record(try .argument(name))
        let namespace = try await global.client.createNamespace(record)
        try global.show(namespace) { "\(namespace.name): created\n" }
    }
}

struct NamespaceSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Replace limits and defaults of a namespace; what is not named is none.",
        discussion: "What is deployed and lives goes on; limits count from the next deploy and start.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The namespace's name.") var name: String
    @OptionGroup var limits: NamespaceLimitOptions

    func run() async throws {
        let record = try limits.record(try .argument(name))
        let namespace = try await global.client.changeNamespace(record)
        try global.show(namespace) { NamespaceDescribe.text(namespace) }
    }
}

struct NamespaceListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List namespaces, with what they use and may use.", aliases: ["ls"])

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let namespaces = try await global.client.namespaces()
        try global.show(NamespaceList(namespaces: namespaces)) { Self.table(namespaces) }
    }

    static func table(_ namespaces: [NamespaceView]) -> String {
        var table = Table(["NAME", "FUNCTIONS", "INSTANCES", "MEMORY", "CPU"])
        for namespace in namespaces {
            table.append([namespace.name.description] + usage(namespace).map(\.1))
        }
        return table.text
    }

    /// `3 of 10`, or `3` without a limit.
    static func usage(_ namespace: NamespaceView) -> [(String, String)] {
        let (usage, limits) = (namespace.usage, namespace.limits)
        let facts: [(String, String, String?)] = [
            ("Functions", "\(usage.functions)", limits.functions.map { "\($0)" }),
            ("Instances", "\(usage.instances)", limits.instances.map { "\($0)" }),
            ("Memory", "\(usage.memory)", limits.memory.map { "\($0)" }),
            ("CPU", "\(usage.cpu)", limits.cpu.map { "\($0)" }),
        ]
        return facts.map { label, used, most in (label, most.map { "\(used) of \($0)" } ?? used) }
    }
}

struct NamespaceDescribe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Show a namespace: what it uses, may use, and gives by default.")

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The namespace's name.") var name: String

    func run() async throws {
        let namespace = try await global.client.namespace(try .argument(name))
        try global.show(namespace) { Self.text(namespace) }
    }

    static func text(_ namespace: NamespaceView) -> String {
        let defaults = namespace.defaults
        let named = [
            defaults.memory.map { "memory \($0)" }, defaults.cpu.map { "cpu \($0)" },
            defaults.pids.map { "pids \($0)" }, defaults.disk.map { "disk \($0)" },
        ].compactMap { $0 }
        let facts =
            [("Name", namespace.name.description)] + NamespaceListCommand.usage(namespace)
            + [
                ("Defaults", named.isEmpty ? "none" : named.joined(separator: ", ")),
                ("Created", namespace.createdAt.map { "\($0)" } ?? "with the daemon"),
            ]
        return facts.map { label, value in
            "\(label):" + String(repeating: " ", count: 11 - label.count) + value + "\n"
        }.joined()
    }
}

struct NamespaceRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove namespaces that have no functions, secrets and volumes.",
        aliases: ["rm", "delete"])

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Names of namespaces.") var names: [String]

    func run() async throws {
        let client = global.client
        try await ResourceRemoval.run(names.map { try NamespaceName.argument($0) }, global) { name in
            try await client.removeNamespace(name)
        }
    }
}
