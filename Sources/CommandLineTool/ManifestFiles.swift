internal import ArgumentParser
internal import Core
internal import Foundation
internal import Manifest

/// The manifests that a command is about.
struct ManifestOption: ParsableArguments {
    @Option(
        name: [.short, .customLong("file")],
        help: "A manifest, a directory of them, or - for stdin; may be repeated.")
    var file: [String]

    func read() throws -> [ManifestFunction] { try ManifestFiles.read(file) }
}

/// Manifests as users name them.
enum ManifestFiles {
    /// The functions of all of them, in their order.
    /// - Throws: `ToolFailure`, also for a function that two of them declare.
    static func read(_ names: [String]) throws -> [ManifestFunction] {
        var all: [ManifestFunction] = []
        var places: [FunctionKey: String] = [:]
        for name in names {
            for (file, functions) in try read(name) {
                for function in functions {
                    if let first = places.updateValue(file, forKey: function.key) {
                        throw ToolFailure(
                            "\(function.key) is declared twice: in \(first) and in \(file):\(function.line)")
                    }
                }
                all += functions
            }
        }
        return all
    }

    /// A file, a directory of them, or standard input.
    private static func read(_ name: String) throws -> [(file: String, functions: [ManifestFunction])] {
        let context = ToolContext.current
        guard name != "-" else {
            let text: String
            do throws(InvalidInput) { text = try standardInput() } catch {
                throw ToolFailure("stdin: \(error)")
            }
            return [("stdin", try functions(in: text, file: "stdin", directory: context.directory))]
        }
        let path = context.absolute(name)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw ToolFailure("\(name): there is no such file or directory")
        }
        guard isDirectory.boolValue else { return [(name, try functions(atPath: path, shown: name))] }
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter {
            $0.hasSuffix(".yaml") || $0.hasSuffix(".yml")
        }.sorted()
        guard !names.isEmpty else { throw ToolFailure("\(name): no file in it ends with .yaml or .yml") }
        return try names.map { inner in
            ("\(name)/\(inner)", try functions(atPath: "\(path)/\(inner)", shown: "\(name)/\(inner)"))
        }
    }

    private static func functions(atPath path: String, shown: String) throws -> [ManifestFunction] {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let text: String
        do throws(InvalidInput) { text = try checked(try contents(of: path)) } catch {
            throw ToolFailure("\(shown): \(error)")
        }
        return try functions(in: text, file: shown, directory: directory)
    }

    private static func functions(
        in text: String, file: String, directory: String
    ) throws -> [ManifestFunction] {
        let manifest = Manifest(
            file: file, directory: directory, namespace: try CurrentNamespace.named() ?? .default
        ) { path throws(InvalidInput) in
            try Self.bytes(atPath: path)
        }
        do {
            return try manifest.functions(in: text)
        } catch {
            // It names the file and the line itself.
            throw ToolFailure("\(error)")
        }
    }

    /// What a manifest or an option names: problems tell the path.
    static func bytes(atPath path: String) throws(InvalidInput) -> [UInt8] {
        do { return try contents(of: path) } catch {
            throw InvalidInput("", "\(path) \(error.problem)", allowed: error.allowed)
        }
    }

    private static func contents(of path: String) throws(InvalidInput) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw InvalidInput("", "cannot be opened")
        }
        // One byte more than allowed tells a file that is too large from one that just fits.
        guard let data = try? handle.read(upToCount: Limits.manifestBytes + 1) ?? Data() else {
            throw InvalidInput("", "cannot be read")
        }
        guard data.count <= Limits.manifestBytes else { throw tooLarge }
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
        guard bytes.count <= Limits.manifestBytes else { throw tooLarge }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InvalidInput("", "is not UTF-8")
        }
        return text
    }

    private static let tooLarge = InvalidInput(
        "", "is too large", allowed: "at most \(Limits.manifestBytes) bytes")
}
