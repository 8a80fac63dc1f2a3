/// One key of `torpor.yaml`: what the reader takes, what its errors name, and what docs/manifest.md tells.
package struct ManifestKey: Sendable, Hashable {
    /// Inside of a function, with dots; in a list, that of its elements: `scale.max`, `volumes.path`.
    package let path: String
    /// What stands behind it: `text`, `whole number`, `duration`, `list of texts`, ….
    package let type: String
    /// Nil where there is none, or where it must be given.
    package let fallback: String?
    /// The values that are accepted, where not every one of its type is.
    package let allowed: String?
    package let text: String
    /// A value that is accepted, as YAML.
    package let example: String

    init(
        _ path: String, _ type: String, default fallback: String? = nil, allowed: String? = nil,
        _ text: String, example: String
    ) {
        self.path = path
        self.type = type
        self.fallback = fallback
        self.allowed = allowed
        self.text = text
        self.example = example
    }

    /// Without those that it stands in.
    package var name: String { path.split(separator: ".").last.map(String.init) ?? path }
    /// The key that it stands in; empty directly in a function.
    package var group: String { path.split(separator: ".").dropLast().joined(separator: ".") }
}
