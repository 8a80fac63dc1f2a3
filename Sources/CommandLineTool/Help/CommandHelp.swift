internal import ArgumentParser
internal import ControlAPI
internal import Core
internal import Foundation

/// A command as its declaration tells it: what help, manual pages and the reference are made of.
struct CommandHelp {
    struct Argument {
        /// As it is typed: `-f, --file <file>`, `<name>`.
        var usage: String
        var text: String
        /// Of an option: whether the command needs it.
        var isRequired = false
    }

    /// `["torpor", "rollout", "undo"]`.
    var path: [String]
    var abstract: String
    var discussion: String
    var aliases: [String]
    /// Those of every command, such as `--socket`, are not among them.
    var arguments: [Argument]
    var subcommands: [CommandHelp]

    var name: String { path.joined(separator: " ") }

    /// This command and all below it, each before its own.
    var all: [CommandHelp] { [self] + subcommands.flatMap(\.all) }

    /// `torpor logs [OPTIONS] <names> ...`.
    var synopsis: String {
        if !subcommands.isEmpty { return "\(name) COMMAND" }
        let required = arguments.filter(\.isRequired).map { " " + $0.longUsage }.joined()
        let isOption = { (argument: Argument) in argument.usage.hasPrefix("-") && !argument.isRequired }
        let options = required + (arguments.contains(where: isOption) ? " [OPTIONS]" : "")
        let positional = arguments.map(\.usage).filter { !$0.hasPrefix("-") && $0 != commandAfterDashes }
        let command = arguments.contains { $0.usage == commandAfterDashes } ? " [-- COMMAND ...]" : ""
        return ([name + options] + positional).joined(separator: " ") + command
    }

    private var commandAfterDashes: String { "<command> ..." }

    /// What `torpor` itself declares.
    static func ofTool() throws -> CommandHelp {
        let json = try ControlCoding.decode(JSONValue.self, from: Data(TorporCommand._dumpHelp().utf8))
        guard let command = json["command"], let help = CommandHelp(command, above: []) else {
            throw ToolFailure("the description of the commands cannot be read")
        }
        return help
    }

    /// - Returns: nil for what is not shown.
    private init?(_ json: JSONValue, above: [String]) {
        guard case .string(let name)? = json["commandName"], json["shouldDisplay"] != .bool(false),
            name != "help"
        else { return nil }
        path = above + [name]
        abstract = json["abstract"]?.plainText ?? ""
        discussion = json["discussion"]?.plainText ?? ""
        aliases = json["aliases"]?.elements.map(\.plainText) ?? []
        arguments = (json["arguments"]?.elements ?? []).compactMap(Self.argument)
        let path = path
        subcommands = (json["subcommands"]?.elements ?? []).compactMap { CommandHelp($0, above: path) }
    }

    /// Options of every command: described once.
    private static let common: Set = ["socket", "output", "host", "help", "version"]

    private static func argument(_ json: JSONValue) -> Argument? {
        guard json["shouldDisplay"] != .bool(false) else { return nil }
        let names = json["names"]?.elements ?? []
        if names.contains(where: { common.contains($0["name"]?.plainText ?? "") }) { return nil }
        var text = json["abstract"]?.plainText ?? ""
        if let values = json["allValues"]?.elements, !values.isEmpty {
            text += " One of: \(values.map(\.plainText).joined(separator: ", "))."
        }
        if let value = json["defaultValue"]?.plainText, !value.isEmpty { text += " (default: \(value))" }
        let value = json["valueName"].map { "<\($0.plainText)>" } ?? ""
        let repeats = json["isRepeating"] == .bool(true) ? " ..." : ""
        guard json["kind"]?.plainText != "positional" else {
            return Argument(
                usage: json["isOptional"] == .bool(true) && repeats.isEmpty ? "[\(value)]" : value + repeats,
                text: text)
        }
        let typed = names.map { name in
            (name["kind"]?.plainText == "short" ? "-" : "--") + (name["name"]?.plainText ?? "")
        }.joined(separator: ", ")
        let isFlag = json["kind"]?.plainText == "flag"
        return Argument(
            usage: isFlag ? typed : "\(typed) \(value)", text: text,
            isRequired: !isFlag && json["isOptional"] == .bool(false))
    }
}

extension CommandHelp.Argument {
    /// `--file <file>` of `-f, --file <file>`.
    fileprivate var longUsage: String { usage.split(separator: ", ").last.map(String.init) ?? usage }
}

extension JSONValue {
    fileprivate var elements: [JSONValue] { if case .array(let values) = self { values } else { [] } }
}
