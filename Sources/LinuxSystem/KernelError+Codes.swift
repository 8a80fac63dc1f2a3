internal import Glibc

extension KernelError {
    /// Whether there is no such file (ENOENT) or a part of its path is none (ENOTDIR).
    package var isMissing: Bool { code == ENOENT || code == ENOTDIR }
    /// Whether there is one already (EEXIST).
    package var isThere: Bool { code == EEXIST }
    /// ENODEV, for what was asked of something that is gone.
    package static func gone(_ call: String, subject: String) -> KernelError {
        KernelError(call, subject: subject, code: ENODEV)
    }
    /// EBUSY, for what others hold.
    package static func busy(_ call: String, subject: String) -> KernelError {
        KernelError(call, subject: subject, code: EBUSY)
    }
}
