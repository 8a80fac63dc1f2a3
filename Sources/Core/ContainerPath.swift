/// Rules for paths that something is mounted on.
package enum ContainerPath {
    /// Where a function finds its secrets: Docker's and Kubernetes' habit, and OpenFaaS's.
    package static let secrets = ["/run/secrets", "/var/openfaas/secrets"]

    /// An absolute path that says where it is: no empty components, no `.` and `..`, no NUL.
    package static func check(_ path: String) throws(InvalidInput) {
        let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isPlain = components.dropFirst().allSatisfy { component in
            !component.isEmpty && !component.elementsEqual(".".utf8) && !component.elementsEqual("..".utf8)
        }
        guard path.utf8.first == UInt8(ascii: "/"), isPlain, !path.utf8.contains(0),
            path.utf8.count <= Limits.pathBytes
        else {
            throw InvalidInput(
                "", "'\(path.prefix(80))' is not a plain absolute path",
                allowed: "such as /data: no '.', '..', '//' and no '/' at the end")
        }
    }

    /// Beyond that, nothing that the platform mounts itself.
    static func checkTarget(_ path: String) throws(InvalidInput) {
        try check(path)
        let own = ["/proc", "/sys", "/dev"] + secrets
        guard !own.contains(where: { isAtOrBelow(path, $0) }) || path == "/dev/shm" else {
            throw InvalidInput(
                "", "'\(path.prefix(80))' is the platform's",
                allowed: "a path outside of \(own.joined(separator: ", "))")
        }
    }

    package static func isAtOrBelow(_ path: String, _ base: String) -> Bool {
        let path = Array(path.utf8)
        let base = Array(base.utf8)
        return path.starts(with: base) && (path.count == base.count || path[base.count] == UInt8(ascii: "/"))
    }
}
