internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core
internal import Foundation
internal import Manifest

struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Deploy the functions of a manifest.")

    @OptionGroup var global: GlobalOptions
    @Option(name: [.short, .customLong("file")], help: "A manifest, a directory of them, or - for stdin.")
    var file: String
    @Flag(help: "Do not wait until the revisions take requests.") var noWait = false
    @Flag(
        help: "Remove functions that an earlier manifest deployed to the same namespaces and this one lacks.")
    var prune = false
    @Flag(help: "Check everything, tell what would be done, and do nothing.") var dryRun = false

    func run() async throws {
        // Everything is read and checked before anything is deployed.
        let functions = try Self.read(file)
        let client = global.client
        let there = try await ThereAlready(client, namespaces: Set(functions.map(\.key.namespace)))
        let surplus = prune ? there.surplus(over: functions.map(\.key)) : []
        if dryRun {
            let plan = await ManifestPlan.make(functions, surplus, global.deployer)
            try global.show(plan) { plan.text(fields: false) }
            return try plan.check()
        }
        var result = Applied()
        var problems: [String] = []
        for function in functions {
            var request = function.request
            request.wait = !noWait
            request.ifGeneration = there.generation(of: function.key)
            do {
                result.functions.append(try await global.deployer.deploy(request))
            } catch ClientError.refused(let error) {
                problems.append("\(function.key): \(Explanation.text(of: .refused(error)))")
            }
        }
        if !problems.isEmpty, !surplus.isEmpty {
            problems.append("nothing was removed, as not everything was deployed")
        } else {
            for key in surplus {
                do {
                    try await client.remove(key)
                    result.removed.append(key.description)
                } catch ClientError.refused(let error) {
                    problems.append("\(key): \(error)")
                }
            }
        }
        try global.show(result) { result.text }
        if !problems.isEmpty { throw ToolFailure(problems.joined(separator: "\ntorpor: ")) }
    }

    private struct Applied: Encodable {
        var functions: [FunctionView] = []
        var removed: [String] = []

        var text: String {
            functions.map { "\($0.name).\($0.namespace): \($0.latestRevision)\n" }.joined()
                + removed.map { "\($0): removed\n" }.joined()
        }
    }

    static func read(_ file: String) throws -> [ManifestFunction] {
        let context = ToolContext.current
        guard file != "-" else {
            return try functions(in: try standardInput(), file: "stdin", directory: context.directory)
        }
        let path = context.absolute(file)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ToolFailure("\(file): there is no such file or directory")
        }
        guard isDirectory.boolValue else { return try functions(atPath: path, shown: file) }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter {
            $0.hasSuffix(".yaml") || $0.hasSuffix(".yml")
        }.sorted()
        guard !names.isEmpty else { throw ToolFailure("\(file): no file in it ends with .yaml or .yml") }
        let all = try names.flatMap { try functions(atPath: "\(path)/\($0)", shown: "\(file)/\($0)") }
        var seen: Set<FunctionKey> = []
        for function in all where !seen.insert(function.key).inserted {
            throw ToolFailure("\(file): \(function.key) is declared in two files")
        }
        return all
    }

    private static func functions(atPath path: String, shown: String) throws -> [ManifestFunction] {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do throws(InvalidInput) {
            return try functions(in: try text(atPath: path), file: shown, directory: directory)
        } catch {
            throw ToolFailure("\(shown): \(error)")
        }
    }

    private static func functions(
        in text: String, file: String, directory: String
    ) throws(InvalidInput) -> [ManifestFunction] {
        let manifest = Manifest(
            file: file, directory: directory, namespace: try CurrentNamespace.parsed() ?? .default
        ) { path throws(InvalidInput) in
            try Self.bytes(atPath: path)
        }
        do {
            return try manifest.functions(in: text)
        } catch {
            throw InvalidInput("", "\(error)")
        }
    }

    private static func text(atPath path: String) throws(InvalidInput) -> String {
        try checked(try bytes(atPath: path))
    }

    static func bytes(atPath path: String) throws(InvalidInput) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw InvalidInput("", "\(path) cannot be opened")
        }
        // One byte more than allowed tells a file that is too large from one that just fits.
        guard let data = try? handle.read(upToCount: Limits.manifestBytes + 1) ?? Data() else {
            throw InvalidInput("", "\(path) cannot be read")
        }
        guard data.count <= Limits.manifestBytes else {
            throw InvalidInput("", "\(path) is too large", allowed: "at most \(Limits.manifestBytes) bytes")
        }
        return [UInt8](data)
    }

    private static func standardInput() throws(InvalidInput) -> String {
        var bytes: [UInt8] = []
        while bytes.count <= Limits.manifestBytes {
            guard let chunk = try? ToolContext.current.input(), !chunk.isEmpty else { break }
            bytes += chunk
        }
        return try checked(bytes)
    }

    private static func checked(_ bytes: [UInt8]) throws(InvalidInput) -> String {
        guard bytes.count <= Limits.manifestBytes else {
            throw InvalidInput("", "is too large", allowed: "at most \(Limits.manifestBytes) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InvalidInput("", "is not UTF-8")
        }
        return text
    }
}
