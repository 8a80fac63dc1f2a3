internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Foundation

struct Secret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Set, list and remove secrets.",
        discussion: "A function that names a secret finds it as the file /run/secrets/NAME.",
        subcommands: [SecretSet.self, SecretListCommand.self, SecretRemove.self], aliases: ["secrets"])
}

struct SecretSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set a secret to the bytes of standard input or of a file.",
        discussion: """
            Every byte counts, a line feed at the end, too: printf %s VALUE | torpor secret set NAME
            Instances that run have the new value at once. Nobody can read it back.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var namespace: NamespaceOption
    @Argument(help: "The secret's name.") var name: String
    @Option(name: [.short, .long], help: "The value is this file's content.") var file: String?
    @Argument(help: .hidden) var values: [String] = []

    func validate() throws {
        guard values.isEmpty else {
            throw ValidationError(
                "the value comes from standard input or --file: arguments are seen by everybody (ps)")
        }
    }

    func run() async throws {
        let key = try namespace.key(name)
        let secret = try await global.client.setSecret(key, to: try value())
        try global.show(secret) {
            secret.usedBy.isEmpty
                ? "\(key): set\n" : "\(key): set, used by \(secret.usedBy.joined(separator: ", "))\n"
        }
    }

    /// One byte more than allowed tells a value that is too large from one that just fits.
    private func value() throws -> [UInt8] {
        let context = ToolContext.current
        var bytes: [UInt8] = []
        if let file {
            guard let handle = FileHandle(forReadingAtPath: context.absolute(file)) else {
                throw ToolFailure("\(file) cannot be opened")
            }
            bytes = [UInt8](try handle.read(upToCount: Limits.secretBytes + 1) ?? Data())
        } else {
            if context.inputIsTerminal() {
                throw ToolFailure("give the value on standard input or by --file, so that it is not shown")
            }
            while bytes.count <= Limits.secretBytes, let chunk = try context.input(), !chunk.isEmpty {
                bytes += chunk
            }
        }
        guard (1...Limits.secretBytes).contains(bytes.count) else {
            throw ToolFailure(
                bytes.isEmpty
                    ? "the value is empty"
                    : "the value is too large: a secret has at most \(Limits.secretBytes) bytes")
        }
        return bytes
    }
}

struct SecretListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List secrets, without their values.", aliases: ["ls"])

    @OptionGroup var global: GlobalOptions
    @OptionGroup var filter: NamespaceFilter

    func run() async throws {
        let client = global.client
        let secrets = try await client.secrets(namespace: try filter.name())
        if secrets.isEmpty { try await filter.requireKnown(client) }
        try global.show(SecretList(secrets: secrets)) {
            Self.table(secrets, now: ToolContext.current.now())
        }
    }

    static func table(_ secrets: [SecretView], now: Timestamp) -> String {
        if secrets.isEmpty { return "no secrets; set one with: torpor secret set NAME < FILE\n" }
        var table = Table(["NAME", "NAMESPACE", "SET", "USED BY"], yielding: ["SET"])
        for secret in secrets {
            table.append([
                secret.name.description, secret.namespace.description,
                Span.text(seconds: now.unixSeconds - secret.updatedAt.unixSeconds) + " ago",
                secret.usedBy.isEmpty ? "-" : secret.usedBy.joined(separator: ", "),
            ])
        }
        return table.text
    }
}

struct SecretRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove secrets that no function uses.", aliases: ["rm", "delete"])

    @OptionGroup var global: GlobalOptions
    @OptionGroup var namespace: NamespaceOption
    @Argument(help: "Names of secrets.") var names: [String]

    func run() async throws {
        let client = global.client
        try await ResourceRemoval.run(names.map { try namespace.key($0) }, global) { key in
            try await client.removeSecret(key)
        }
    }
}

/// Removes one after the other, as far as that is possible.
enum ResourceRemoval {
    private struct Removed: Encodable { var removed: [String] }

    static func run<Key: CustomStringConvertible>(
        _ keys: [Key], _ global: GlobalOptions, _ remove: (Key) async throws -> Void
    ) async throws {
        var removed: [String] = []
        var problems: [String] = []
        for key in keys {
            do {
                try await remove(key)
                removed.append(key.description)
            } catch ClientError.refused(let error) {
                problems.append(error.description)
            }
        }
        try global.show(Removed(removed: removed)) { removed.map { "\($0): removed\n" }.joined() }
        if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\ntorpor: ")) }
    }
}
