internal import ArgumentParser
internal import Core

// How arguments become values of Core: what is not allowed is a usage error that names the argument.

/// A function's name as an argument, with the reason when it is not one.
struct FunctionArgument: Sendable {
    let key: FunctionKey

    static func parse(_ text: String) throws -> FunctionArgument {
        let namespace = text.contains(".") ? nil : try CurrentNamespace.named()
        return try usage("NAME") { () throws(InvalidInput) in
            guard let namespace else { return FunctionArgument(key: try FunctionKey(reference: text)) }
            return FunctionArgument(key: try FunctionKey(name: text, namespace: namespace))
        }
    }
}

/// The namespace that is meant where none is said.
enum CurrentNamespace {
    static let variable = "TORPOR_NAMESPACE"

    /// Nil where the variable is not set.
    static func named() throws -> NamespaceName? {
        try usage(variable) { () throws(InvalidInput) in try parsed() }
    }

    static func parsed() throws(InvalidInput) -> NamespaceName? {
        guard let text = ToolContext.current.environment[variable], !text.isEmpty else { return nil }
        do { return try NamespaceName(text) } catch {
            throw InvalidInput(variable, error.problem, allowed: error.allowed)
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

/// The value of an option, if it is given.
func parsed<T>(
    _ option: String, _ text: String?, _ parse: (String) throws(InvalidInput) -> T
) throws -> T? {
    guard let text else { return nil }
    return try usage(option) { () throws(InvalidInput) in try parse(text) }
}
