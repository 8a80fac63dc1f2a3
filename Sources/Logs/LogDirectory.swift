internal import Core
internal import Glibc

/// Where logs lie: `logs/NAMESPACE/FUNCTION/INSTANCE.log`, and `INSTANCE.1.log` for the older half.
struct LogDirectory: Sendable {
    let root: String

    init(root: String) { self.root = root }

    /// nil unless both names are what they should be: they come from outside and become part of a path.
    func file(instance: String, function: String) -> LogPlace? {
        guard let id = InstanceID(instance), let folder = folder(function: function) else { return nil }
        return LogPlace(folder: folder, instance: id.description)
    }

    func folder(function: String) -> String? {
        guard let key = try? FunctionKey(reference: function) else { return nil }
        return "\(root)/\(key.namespace)/\(key.name)"
    }

    func makeFolder(function: String) {
        guard let key = try? FunctionKey(reference: function) else { return }
        // A failure shows when the file is opened.
        for path in [root, "\(root)/\(key.namespace)", "\(root)/\(key.namespace)/\(key.name)"] {
            _ = mkdir(path, 0o750)
        }
    }

    /// The instances that have a log, the oldest first (by when it was last written).
    func instances(function: String) -> [String] {
        guard let folder = folder(function: function), let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var written: [String: Int] = [:]
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasSuffix(".log"), let id = InstanceID(String(name.prefix(12))) else { continue }
            var status = stat()
            guard stat("\(folder)/\(name)", &status) == 0 else { continue }
            let time = status.st_mtim.tv_sec * 1_000_000 + status.st_mtim.tv_nsec / 1000
            written[id.description] = max(written[id.description] ?? 0, time)
        }
        return written.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }

    /// Removes the logs of instances that are gone, but for the newest `kept`.
    func prune(function: String, living: Set<String>, kept: Int) {
        let gone = instances(function: function).filter { !living.contains($0) }
        for instance in gone.dropLast(kept) {
            file(instance: instance, function: function)?.remove()
        }
    }

    func remove(function: String) {
        guard let folder = folder(function: function) else { return }
        for instance in instances(function: function) {
            file(instance: instance, function: function)?.remove()
        }
        _ = rmdir(folder)
    }
}

/// The files of one instance's log, the newest first.
struct LogPlace: Sendable {
    let folder: String
    let instance: String

    func path(_ age: Int) -> String {
        age == 0 ? "\(folder)/\(instance).log" : "\(folder)/\(instance).\(age).log"
    }

    /// Makes room for a new file: each becomes one older, the oldest is dropped.
    func rotate() {
        for age in stride(from: Limits.logFiles - 1, to: 0, by: -1) { _ = rename(path(age - 1), path(age)) }
    }

    func remove() {
        for age in 0..<Limits.logFiles { _ = unlink(path(age)) }
    }
}
