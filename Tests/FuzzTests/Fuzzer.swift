import Glibc

/// Which target this program fuzzes: libFuzzer has the arguments for itself.
private let chosen: FuzzTarget? = getenv("TORPOR_FUZZ_TARGET").flatMap {
    FuzzTarget(rawValue: String(cString: $0))
}

/// What libFuzzer, which brings the main function, calls with each input (its FuzzerInterface.h). Built by scripts/fuzz
/// alone.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    guard let chosen else { preconditionFailure("TORPOR_FUZZ_TARGET names one of \(FuzzTarget.allCases)") }
    chosen.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
    return 0
}
