package import LinuxSystem

/// What the state directory's file system does wrong: full, read-only, broken.
package struct ImageStoreFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where in the state directory.
    package let path: String
    package let reason: KernelError

    package init(path: String, reason: KernelError) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "cannot store content in \(path): \(reason)" }
}
