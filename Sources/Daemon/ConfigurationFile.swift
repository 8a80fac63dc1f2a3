package import Core
internal import LinuxSystem
internal import Yams

/// `torpord.yaml`: a flat map from setting to value. Read only from a file that root (or the daemon's own user) owns.
package enum ConfigurationFile {
    package static let defaultPath = "/etc/torpor/torpord.yaml"

    /// - Parameter required: false for the default path, which need not exist.
    /// - Throws: `InvalidInput` whose path is the file's, its key and line.
    package static func read(_ path: String, required: Bool) throws(InvalidInput) -> [ConfigurationSetting:
        String]
    {
        let content: [UInt8]
        do {
            let file = try File.open(path, flags: 0)
            guard try FileStatus.of(FileName(""), at: file.raw).isOnlyWritable(byUser: HostIdentity.userID)
            else {
                throw InvalidInput(
                    path, "may be written by others",
                    allowed: "a file of root's, not writable by group and others")
            }
            content = try File.readAll(file.raw, limit: Limits.manifestBytes, subject: path)
        } catch let error as InvalidInput {
            throw error
        } catch {
            if !required, (error as? KernelError)?.isMissing == true { return [:] }
            throw InvalidInput(path, "cannot be read: \(error)")
        }
        return try parse(String(decoding: content, as: UTF8.self), path: path)
    }

    package static func parse(_ text: String, path: String) throws(InvalidInput) -> [ConfigurationSetting:
        String]
    {
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch {
            throw InvalidInput(path, "is not YAML: \(error)")
        }
        guard let root, root.null == nil else { return [:] }
        guard case .mapping(let mapping) = root else {
            throw InvalidInput(path, "is not a map", allowed: "lines such as 'listen: 127.0.0.1:8080'")
        }
        var settings: [ConfigurationSetting: String] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? "?"
            let place = "\(path):\(key.mark?.line ?? 1)"
            guard let setting = ConfigurationSetting(rawValue: name) else {
                throw InvalidInput(
                    "\(place): \(name)", "is not a setting",
                    allowed: ConfigurationSetting.allCases.map(\.rawValue).joined(separator: ", "))
            }
            guard let text = Self.text(of: value, setting) else {
                let problem =
                    switch setting {
                    case .bindVolumes: "is no list of directories"
                    case .allow: "is no map of lists, such as {devices: [/dev/ttyUSB0]}"
                    default: "is not a single value"
                    }
                throw InvalidInput("\(place): \(name)", problem)
            }
            settings[setting] = text
            var scratch = Configuration()
            do {
                try setting.apply(text, to: &scratch)
            } catch {
                throw InvalidInput("\(place): \(error.path)", error.problem, allowed: error.allowed)
            }
        }
        return settings
    }

    private static func text(of node: Node, _ setting: ConfigurationSetting) -> String? {
        switch setting {
        case .bindVolumes where node.sequence != nil: lines(of: node)
        case .allow: allowance(node)
        default: node.scalar?.string
        }
    }

    /// A list becomes lines.
    private static func lines(of node: Node, each prefix: String = "") -> String? {
        guard let elements = node.sequence else { return nil }
        let texts = elements.compactMap { $0.scalar?.string }
        return texts.count == elements.count ? texts.map { prefix + $0 }.joined(separator: "\n") : nil
    }

    /// A map of lists becomes lines that begin with their key.
    private static func allowance(_ node: Node) -> String? {
        guard case .mapping(let mapping) = node else { return nil }
        var all: [String] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string, let text = lines(of: value, each: name + " ") else {
                return nil
            }
            all.append(text)
        }
        return all.joined(separator: "\n")
    }
}
