internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI

/// Writes limits into a container's cgroup.
struct CgroupWriter {
    let cgroup: ContainerCgroup
    let controllers: CgroupControllers
    let host: CgroupHost

    /// - Throws: `InvalidInput` that names the limit which cannot be enforced, and why.
    func write(_ settings: [CgroupSetting]) throws {
        let present = cgroup.controllers
        for setting in settings {
            let isThere = setting.controller == .core || present.contains(setting.controller.rawValue)
            if !isThere && setting.isUnlimited { continue }
            guard isThere else {
                throw refusal(setting, controllers.reason(setting.controller, in: host))
            }
            try write(setting)
        }
    }

    private func write(_ setting: CgroupSetting) throws {
        do {
            try cgroup.write(setting.value, to: setting.file)
        } catch {
            guard error.isMissing else {
                throw refusal(setting, reason(error, setting: setting.value, in: setting.file))
            }
            if let other = setting.otherwise {
                do { try cgroup.write(other.value, to: other.file) } catch {
                    throw refusal(setting, reason(error, setting: other.value, in: other.file))
                }
            } else if !setting.isOptional {
                throw refusal(setting, "the kernel has no \(setting.file)")
            }
        }
    }

    private func reason(_ error: KernelError, setting value: String, in file: String) -> String {
        error.isMissing
            ? "the kernel has no \(file)" : "the kernel does not take '\(value)' in \(file): \(error.reason)"
    }

    private func refusal(_ setting: CgroupSetting, _ reason: String) -> InvalidInput {
        InvalidInput("linux.resources.\(setting.field)", "cannot be enforced: \(reason)")
    }
}
