package import LinuxSystem
package import OCI

extension CgroupSetting {
    /// - Parameter cgroup: descriptor of the cgroup's directory.
    /// - Throws: `KernelError` that names the file; ENOENT where the kernel does not have it and nothing stands for it.
    package func write(to cgroup: Int32) throws(KernelError) {
        do {
            try File.write(value, to: file, at: cgroup)
        } catch {
            guard error.isMissing else { throw error }
            if let otherwise {
                try File.write(otherwise.value, to: otherwise.file, at: cgroup)
            } else if !isOptional {
                throw error
            }
        }
    }
}
