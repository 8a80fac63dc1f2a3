/// What a user gave that cannot be accepted: where it stands, what is wrong with it, and what is allowed.
///
/// `path` is written as the user wrote it (`functions.hello.limits.memory`, `process.args[0]`, `--port`), so that
/// the message alone is enough to find and mend the mistake.
package struct InvalidInput: Error, Sendable, Equatable, CustomStringConvertible {
    package var path: String
    package var problem: String
    package var allowed: String?

    package init(_ path: String, _ problem: String, allowed: String? = nil) {
        self.path = path
        self.problem = problem
        self.allowed = allowed
    }

    /// The same error seen from an enclosing object: `limits.memory` inside `functions.hello`.
    package func inside(_ parent: String) -> InvalidInput {
        InvalidInput(path.isEmpty ? parent : "\(parent).\(path)", problem, allowed: allowed)
    }

    package var description: String {
        let base = path.isEmpty ? problem : "\(path): \(problem)"
        guard let allowed else { return base }
        return "\(base) (\(allowed))"
    }
}
