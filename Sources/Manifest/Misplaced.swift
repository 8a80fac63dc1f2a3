internal import Core

/// What is wrong, and on which line.
struct Misplaced: Error {
    var line: Int
    var problem: InvalidInput

    init(_ line: Int, _ problem: InvalidInput) {
        self.line = line
        self.problem = problem
    }

    init(_ line: Int, _ path: String, _ problem: String, allowed: String? = nil) {
        self.init(line, InvalidInput(path, problem, allowed: allowed))
    }
}
