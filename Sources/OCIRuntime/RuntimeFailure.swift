/// Something that a command of the runtime cannot do, in words for whoever called it.
package struct RuntimeFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
