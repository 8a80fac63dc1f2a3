internal import CLinux

/// A system call that failed: which one, on what, with which `errno`.
package struct KernelError: Error, Sendable, Hashable, CustomStringConvertible {
    package let call: String
    package let subject: String
    /// errno(3), positive.
    package let code: Int32

    package init(_ call: String, subject: String = "", code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// The text of the code alone: `No such file or directory`.
    package var reason: String { KernelError.text(of: code) }

    package var description: String {
        return subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
    }
}

/// The one place where a result of `CLinux` becomes a value or an error.
@inline(__always) @discardableResult
package func check(_ result: Int32, _ call: StaticString, subject: @autoclosure () -> String = "")
    throws(KernelError) -> Int32
{
    if result < 0 { throw KernelError("\(call)", subject: subject(), code: -result) }
    return result
}

@inline(__always) @discardableResult
package func check(_ result: Int64, _ call: StaticString, subject: @autoclosure () -> String = "")
    throws(KernelError) -> Int64
{
    if result < 0 {
        throw KernelError("\(call)", subject: subject(), code: Int32(truncatingIfNeeded: -result))
    }
    return result
}

extension KernelError {
    /// strerror(3) of a code, from the C library's constant table.
    static func text(of code: Int32) -> String {
        guard let name = clinux_error_text(code) else { return "error \(code)" }
        return String(cString: name)
    }
}
