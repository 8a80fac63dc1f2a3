import Core
import Manifest

/// A manifest is read or refused with the line; what is read has valid names and is within the limits.
enum ManifestFuzz {
    static func run(_ bytes: [UInt8]) {
        let manifest = Manifest(file: "torpor.yaml", directory: "/work/app") { path throws(InvalidInput) in
            if path.hasSuffix("missing") { throw InvalidInput("", "there is no file '\(path)'") }
            return Array("A=1\n# b\nC = 'd'\n".utf8)
        }
        do {
            let functions = try manifest.functions(in: String(decoding: bytes, as: UTF8.self))
            expectThat(
                !functions.isEmpty && functions.count <= Limits.manifestFunctions, "bounded, not empty")
            expectThat(Set(functions.map(\.key)).count == functions.count, "each function once")
        } catch {
            expectThat(!"\(error)".isEmpty, "a reason is given")
        }
    }
}
