internal import CLinux
internal import LinuxSystem

/// A descriptor with a low number that stays the same, whatever it names: a launch costs by the highest descriptor that
/// the child must inherit, and a busy daemon has thousands.
final class LowDescriptor {
    let number: Int32
    private let owned: OwnedFD

    init(_ fd: borrowing OwnedFD) throws(KernelError) {
        number = try check(clinux_dup_low(fd.raw), "fcntl(F_DUPFD_CLOEXEC)")
        owned = OwnedFD(owning: number)
    }

    func replace(with fd: borrowing OwnedFD) throws(KernelError) {
        try check(clinux_dup_onto(fd.raw, number), "dup3")
    }
}
