import Core
import Manifest
import Testing

/// The table of keys and the reader mean the same.
@Suite struct ManifestKeyTests {
    /// A function with nothing but what this key needs beside it.
    private func function(_ key: ManifestKey, _ value: String) -> String {
        let keys = ["\(key.name): \(value)"]
        var beside = ["bundle: ./b"]
        switch key.path {
        case "bundle": beside = []
        case "rootfs": beside = ["command: [/x]"]
        case "cgi": beside.append("mode: exec")
        default: break
        }
        let inner: [String]
        switch key.path {
        case "volumes.name", "volumes.bind", "volumes.tmpfs": inner = keys + ["path: /p"]
        case "volumes.path", "volumes.readOnly": inner = keys + ["name: x"]
        case "configs.path": inner = keys + ["content: x"]
        case "configs.mode": inner = keys + ["content: x", "path: /p"]
        default: inner = keys + (key.group == "configs" ? ["path: /p"] : [])
        }
        let complete = key.path == "volumes.readOnly" ? inner + ["path: /p"] : inner
        let map = "{\(complete.joined(separator: ", "))}"
        let own =
            switch key.group {
            case "": keys[0]
            case "volumes", "configs": "\(key.group): [\(map)]"
            default: "\(key.group): \(map)"
            }
        return (beside + [own]).map { "    \($0)\n" }.joined()
    }

    private func read(_ key: ManifestKey, _ value: String) throws -> ManifestFunction {
        let manifest = Manifest(file: "torpor.yaml", directory: "/w") { path throws(InvalidInput) in
            path.hasSuffix(".env") ? Array("FROM=file".utf8) : Array("content".utf8)
        }
        return try #require(try manifest.functions(in: "functions:\n  f:\n" + function(key, value)).first)
    }

    @Test(arguments: ManifestKeys.all) func anExampleIsAccepted(key: ManifestKey) throws {
        _ = try read(key, key.example)
    }

    /// A value of another kind is refused, on its line, by its own name.
    @Test(arguments: ManifestKeys.all) func whatIsNoneOfItsValuesIsRefused(key: ManifestKey) throws {
        let wrong = key.type.hasPrefix("map") || key.type.hasPrefix("list") ? "-3" : "[[]]"
        let error = #expect(throws: ManifestError.self) { try read(key, wrong) }
        #expect(
            error?.line == (["bundle"].contains(key.path) ? 3 : key.path == "cgi" ? 5 : 4), "\(error as Any)")
        #expect(error?.problem.path.hasPrefix("functions.f.\(key.group)") == true, "\(error as Any)")
        #expect(error?.problem.path.contains(key.name) == true, "\(error as Any)")
    }

    /// Each key of the specification can be written down, and a default that is told is the one that is meant.
    @Test func noneIsMissing() {
        let own = ManifestKeys.all.filter { $0.group.isEmpty }.map(\.name)
        let told = FunctionSpec.CodingKeys.allCases.map(\.rawValue)
        #expect(Set(told).isSubset(of: own))
        #expect(
            Set(own).subtracting(told)
                == ["namespace", "bundle", "rootfs", "environment_file"])
        func names(_ group: String) -> Set<String> {
            Set(ManifestKeys.all.filter { $0.group == group }.map(\.name))
        }
        #expect(names("scale") == Set(ScaleSpec.CodingKeys.allCases.map(\.rawValue)))
        #expect(names("volumes") == Set(VolumeSpec.CodingKeys.allCases.map(\.rawValue)))
        #expect(names("limits") == ["memory", "cpu", "pids", "disk"])
        #expect(Set(ManifestKeys.all.map(\.path)).count == ManifestKeys.all.count)
        #expect(Set(ManifestKeys.all.map(\.path)).isDisjoint(with: ManifestKeys.notBuilt))
    }

    @Test(arguments: ManifestKeys.all.filter { $0.fallback.map { !$0.contains(" ") } ?? false })
    func aDefaultThatIsToldIsTheOneThatIsMeant(key: ManifestKey) throws {
        // What stands in a list is not there without it.
        if key.group == "volumes" || key.group == "configs" { return }
        let said = try read(key, try #require(key.fallback)).spec
        var silent = try read(ManifestKey.bundle, "./b").spec
        if key.path == "cgi" { silent.mode = said.mode }
        #expect(said == silent)
    }
}

extension ManifestKey {
    fileprivate static var bundle: ManifestKey {
        get throws { try #require(ManifestKeys.all.first { $0.path == "bundle" }) }
    }
}
