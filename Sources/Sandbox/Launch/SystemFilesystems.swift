internal import Core
internal import Glibc
internal import LinuxSystem

/// A read-only sysfs per network slot. A container cannot mount its own, since the slot's namespace is not its; it is made
/// on a thread inside the slot and copied for every launch. Used by one thread only.
final class SystemFilesystems {
    private final class Kept {
        /// Weak: a slot that is gone must not be held by what was mounted for it.
        weak var namespace: SharedFD?
        let mount: DetachedMount
        init(namespace: SharedFD, mount: consuming DetachedMount) {
            self.namespace = namespace
            self.mount = mount
        }
    }

    private var kept: [SlotID: Kept] = [:]
    /// Copying a detached mount came with Linux 6.15.
    private var canCopy = true

    func mount(slot: SlotID, namespace: SharedFD, host: SharedFD) throws(KernelError) -> DetachedMount {
        if canCopy, let own = kept[slot], own.namespace === namespace {
            return try own.mount.copy()
        }
        let mount = try make(namespace: namespace, host: host)
        guard canCopy else { return mount }
        do {
            let copy = try mount.copy()
            kept = kept.filter { $0.value.namespace != nil }
            kept[slot] = Kept(namespace: namespace, mount: mount)
            return copy
        } catch {
            guard error.code == EINVAL else { throw error }
            canCopy = false
            return mount
        }
    }

    private func make(namespace: SharedFD, host: SharedFD) throws(KernelError) -> DetachedMount {
        try NetworkNamespace.visit(namespace, host: host) { () throws(KernelError) in
            try FilesystemContext("sysfs").mount([.readOnly, .noSetuid, .noDevices, .noExecute])
        }
    }
}
