internal import CLinux

/// pipe2(2).
package enum Pipe {
    /// Makes a pipe, both ends close-on-exec and blocking.
    package static func make(reading: inout OwnedFD?, writing: inout OwnedFD?) throws(KernelError) {
        var ends: [Int32] = [-1, -1]
        try check(clinux_pipe(&ends, 0), "pipe2")
        reading = OwnedFD(owning: ends[0])
        writing = OwnedFD(owning: ends[1])
    }
}

/// A pipe whose ends are held, or given away one by one. Both are close-on-exec and blocking.
package struct SharedPipe: Sendable {
    package let reading: SharedFD
    package let writing: SharedFD

    package init() throws(KernelError) {
        var reading: OwnedFD?
        var writing: OwnedFD?
        try Pipe.make(reading: &reading, writing: &writing)
        guard let reading = reading.take(), let writing = writing.take() else {
            preconditionFailure("pipe2 makes both ends")
        }
        self.reading = SharedFD(reading)
        self.writing = SharedFD(writing)
    }
}
