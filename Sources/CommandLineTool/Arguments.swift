internal import ArgumentParser
internal import Core

// How arguments become values of Core: what is not allowed is a usage error that names the argument.

/// A function's name as an argument, with the reason when it is not one.
struct FunctionArgument: Sendable {
    let key: FunctionKey

    static func parse(_ text: String) throws -> FunctionArgument {
        try usage("NAME") { () throws(InvalidInput) in FunctionArgument(key: try FunctionKey(reference: text))
        }
    }
}

/// Runs a parser or a check of Core's and makes its problem one of usage.
func usage<T>(_ argument: String, _ body: () throws(InvalidInput) -> T) throws -> T {
    do {
        return try body()
    } catch {
        throw ValidationError("\(argument): \(error.problem)\(error.allowed.map { " (\($0))" } ?? "")")
    }
}
