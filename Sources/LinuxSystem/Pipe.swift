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
