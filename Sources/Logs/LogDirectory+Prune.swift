internal import Core
internal import Glibc

extension LogDirectory {
    /// Removes the logs of every instance that is not among `living`, or tells what that would remove.
    func pruneAll(living: Set<String>, isDryRun: Bool) -> Reclaimed {
        var found = Reclaimed()
        for function in functions().map(\.description) {
            for instance in instances(function: function) where !living.contains(instance) {
                guard let place = file(instance: instance, function: function) else { continue }
                for age in 0..<Limits.logFiles {
                    var status = stat()
                    guard stat(place.path(age), &status) == 0 else { continue }
                    found.count += 1
                    found.bytes += Int64(status.st_size)
                }
                if !isDryRun { place.remove() }
            }
        }
        return found
    }

    /// Those that have a folder here.
    func functions() -> [FunctionKey] {
        Self.entries(root).flatMap { namespace in
            Self.entries("\(root)/\(namespace)").compactMap { name in
                try? FunctionKey(name: name, namespace: NamespaceName(namespace))
            }
        }
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
