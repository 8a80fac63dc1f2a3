internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

/// Options of `deploy` about secrets, volumes and configuration files.
struct AttachmentOptions: ParsableArguments {
    @Option(help: "A secret of the namespace, as the file /run/secrets/NAME; may be repeated.")
    var secret: [String] = []
    @Option(
        name: [.short, .long], help: "NAME:PATH or /HOST/DIR:PATH, with :ro behind to read only; repeated.")
    var volume: [String] = []
    @Option(help: "Memory at PATH, or PATH:SIZE; may be repeated.")
    var tmpfs: [String] = []
    @Option(help: "A file of configuration, FILE:PATH, read-only; may be repeated.")
    var config: [String] = []

    func read(into spec: inout FunctionSpec) throws {
        for name in secret {
            spec.secrets.append(
                try usage("--secret") { () throws(InvalidInput) in try ResourceName(name) })
        }
        for text in volume {
            spec.volumes.append(
                try usage("--volume") { () throws(InvalidInput) in try VolumeSpec(parsing: text) })
        }
        for text in tmpfs {
            spec.volumes.append(
                try usage("--tmpfs") { () throws(InvalidInput) in try VolumeSpec(parsingTmpfs: text) })
        }
        for text in config {
            spec.configs.append(try usage("--config") { () throws(InvalidInput) in try Self.config(text) })
        }
    }

    private static func config(_ text: String) throws(InvalidInput) -> ConfigFile {
        guard let colon = text.lastIndex(of: ":"), colon != text.startIndex else {
            throw InvalidInput("", "'\(text.prefix(80))' is no configuration file", allowed: "FILE:PATH")
        }
        let file = ToolContext.current.absolute(String(text[..<colon]))
        return ConfigFile(
            path: String(text[text.index(after: colon)...]), content: try ManifestFiles.bytes(atPath: file))
    }
}

/// Which namespace a name is of.
struct NamespaceOption: ParsableArguments {
    @Option(name: [.short, .long], help: "The namespace (default: TORPOR_NAMESPACE, else default).")
    var namespace: String?

    func key(_ name: String) throws -> ResourceKey {
        ResourceKey(
            name: try usage("NAME") { () throws(InvalidInput) in try ResourceName(name) },
            namespace: try named() ?? CurrentNamespace.named() ?? .default)
    }

    private func named() throws -> NamespaceName? {
        try parsed("--namespace", namespace) { name throws(InvalidInput) in try NamespaceName(name) }
    }
}

/// All namespaces, or one.
struct NamespaceFilter: ParsableArguments {
    @Option(name: [.short, .long], help: "Only this namespace.") var namespace: String?

    func name() throws -> NamespaceName? {
        try parsed("--namespace", namespace) { name throws(InvalidInput) in try NamespaceName(name) }
    }

    /// Of nothing found: whether the namespace is there at all.
    /// - Throws: `ToolFailure` where it is not.
    func requireKnown(_ client: ControlClient) async throws {
        guard let name = try name() else { return }
        do {
            _ = try await client.namespace(name)
        } catch ClientError.refused(let error) where error.kind == .notFound {
            let known = ((try? await client.namespaces()) ?? []).map(\.name.description)
            let near = Nearest.match(name.description, among: known).map { "; did you mean '\($0)'?" }
            throw ToolFailure(
                "there is no namespace '\(name)'" + (near ?? "; 'torpor namespace list' shows what there is"))
        }
    }
}
