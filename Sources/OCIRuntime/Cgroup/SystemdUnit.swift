package import Core

/// The scope that systemd makes for a container, by `linux.cgroupsPath` in the form `slice:prefix:name`. Pure.
package struct SystemdUnit: Hashable {
    /// With its suffix.
    package let scope: String
    package let slice: String

    /// - Parameters:
    ///   - id: the container's, which names the scope where nothing else does. - isUser: for a user's own systemd.
    package init(_ path: String?, id: String, isUser: Bool) throws(InvalidInput) {
        let key = "linux.cgroupsPath"
        let standard = isUser ? "user.slice" : "system.slice"
        guard let path, !path.isEmpty else {
            scope = try Self.name("torpor-\(id).scope", key)
            slice = standard
            return
        }
        let parts = path.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, !parts[2].isEmpty else {
            throw InvalidInput(
                key, "'\(path.prefix(80))' is no place for systemd",
                allowed: "slice:prefix:name, or --cgroup-manager cgroupfs")
        }
        scope = try Self.name((parts[1].isEmpty ? "" : parts[1] + "-") + parts[2] + ".scope", key)
        slice = try Self.name(parts[0].isEmpty ? standard : parts[0], key)
        guard slice.hasSuffix(".slice") else {
            throw InvalidInput(key, "'\(slice)' is no slice", allowed: "a name that ends with .slice")
        }
    }

    /// What systemd.unit(5) lets a name have, save what begins like an option.
    private static func name(_ name: String, _ key: String) throws(InvalidInput) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122: true
            default: ":-_.\\@".utf8.contains(byte)
            }
        }
        guard isPlain, name.utf8.count <= 255, !name.hasPrefix("-"), !name.hasPrefix(".") else {
            throw InvalidInput(
                key, "'\(name.prefix(80))' is no name of a unit",
                allowed: "letters, digits and :-_.\\@, at most 255")
        }
        return name
    }
}
