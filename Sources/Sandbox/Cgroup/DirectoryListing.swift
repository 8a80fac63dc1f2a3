internal import Glibc
package import LinuxSystem

/// The names of a directory's subdirectories.
package enum DirectoryListing {
    package static func names(_ path: String) throws(KernelError) -> [String] {
        guard let stream = opendir(path) else { throw KernelError("opendir", subject: path, code: ENOENT) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
