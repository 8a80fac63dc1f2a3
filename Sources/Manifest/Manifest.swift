package import Core
internal import Yams

/// One function as a manifest declares it.
package struct ManifestFunction: Sendable, Hashable {
    package var key: FunctionKey
    /// With an absolute path, when the manifest's directory is absolute.
    package var source: RevisionSource
    package var spec: FunctionSpec
    /// Where its name stands, from 1.
    package var line: Int
}

/// What is wrong with a manifest, and where.
package struct ManifestError: Error, Sendable, Equatable, CustomStringConvertible {
    package var file: String
    /// From 1; 0 is the file as a whole.
    package var line: Int
    package var problem: InvalidInput
    /// What else is wrong, in other functions.
    package var further: [ManifestError] = []

    package var description: String {
        let own = line > 0 ? "\(file):\(line): \(problem)" : "\(file): \(problem)"
        return ([own] + further.map(\.description)).joined(separator: "\n")
    }
}

/// Reads `torpor.yaml`: a superset of OpenFaaS's `stack.yaml`. Several YAML documents may stand in one file.
package struct Manifest {
    /// Gives the content of a file that the manifest names, by its absolute path.
    package typealias FileReader = (_ path: String) throws(InvalidInput) -> [UInt8]

    private let file: String
    private let directory: String
    private let namespace: NamespaceName
    private let read: FileReader

    /// - Parameters:
    ///   - file: its name, for messages.
    ///   - directory: what relative paths in it start from.
    ///   - namespace: of functions that name none.
    ///   - read: gives `environment_file`s and the files of `configs`.
    package init(
        file: String, directory: String, namespace: NamespaceName = .default, read: @escaping FileReader
    ) {
        self.file = file
        self.directory = directory
        self.namespace = namespace
        self.read = read
    }

    /// The functions in the order of the file; at least one.
    package func functions(in text: String) throws(ManifestError) -> [ManifestFunction] {
        var functions: [ManifestFunction] = []
        var problems: [Misplaced] = []
        do throws(Misplaced) {
            for document in try YAMLDocuments.parse(text) {
                functions += try self.functions(of: document, &problems)
            }
            if let first = problems.first { throw first }
            var seen: Set<FunctionKey> = []
            for function in functions where !seen.insert(function.key).inserted {
                throw Misplaced(function.line, "functions.\(function.key.name)", "is declared twice")
            }
            guard !functions.isEmpty else { throw Misplaced(0, "functions", "the file declares no function") }
            guard functions.count <= Limits.manifestFunctions else {
                throw Misplaced(
                    0, "functions", "\(functions.count) functions",
                    allowed: "at most \(Limits.manifestFunctions)")
            }
        } catch {
            let further = problems.dropFirst().prefix(Self.furtherProblems)
            throw ManifestError(
                file: file, line: error.line, problem: error.problem,
                further: further.map { ManifestError(file: file, line: $0.line, problem: $0.problem) })
        }
        return functions
    }

    /// Enough to mend a file in one go, and no wall of text.
    private static let furtherProblems = 19

    /// - Parameter problems: gets what is wrong with single functions, which are left out.
    private func functions(
        of document: Node, _ problems: inout [Misplaced]
    ) throws(Misplaced) -> [ManifestFunction] {
        let top = try YAMLMapping(document, path: "")
        if let version = top["apiVersion"] {
            let text = version.node.scalar?.string ?? ""
            let family = text.contains("knative") ? "Knative" : "Kubernetes"
            throw Misplaced(version.line, "apiVersion", "\(family) manifests are not supported yet")
        }
        try top.refuseUnknown(known: ["functions", "provider", "version"], notBuilt: ["configuration"])
        guard let declared = top["functions"] else { return [] }
        var functions: [ManifestFunction] = []
        for entry in try YAMLMapping(declared.node, path: "functions").entries {
            let reader = FunctionReader(
                entry: entry, directory: directory, namespace: namespace, read: read)
            do throws(Misplaced) { functions.append(try reader.function()) } catch { problems.append(error) }
        }
        return functions
    }
}
