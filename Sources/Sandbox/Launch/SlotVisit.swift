internal import LinuxSystem

extension NetworkNamespace {
    /// `inside` for what makes a mount, which cannot be copied out of a generic closure.
    static func visit(
        _ namespace: SharedFD, host: SharedFD, _ body: () throws(KernelError) -> DetachedMount
    ) throws(KernelError) -> DetachedMount {
        var made: DetachedMount?
        var failure: KernelError?
        do {
            try inside(namespace, host: host) {
                do throws(KernelError) { made = try body() } catch { failure = error }
            }
        } catch {
            failure = error as? KernelError
        }
        if let mount = made.take() { return mount }
        throw failure ?? KernelError("setns", subject: "slot", code: 22)
    }
}
