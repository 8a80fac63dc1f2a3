internal import Glibc
package import LinuxSystem

extension CgroupRecord {
    /// Ends every process of the cgroup and removes it, with the unit that it may be. One that is gone already is no error.
    /// - Throws: `KernelError` with EBUSY when a process hangs in the kernel.
    package func remove() throws(KernelError) {
        let cgroup: ContainerCgroup?
        do { cgroup = try ContainerCgroup(self) } catch {
            guard error.isMissing else { throw error }
            cgroup = nil
        }
        if let scope {
            try? cgroup?.signal(SIGKILL)
            // Either may say that there is no such unit: a scope goes by itself with its last process.
            let busctl = Busctl(bus: bus)
            try? busctl.call(["StopUnit", "ss", scope, "replace"])
            try? busctl.call(["ResetFailedUnit", "s", scope])
        }
        do { try cgroup?.remove() } catch { if !error.isMissing { throw error } }
    }
}
