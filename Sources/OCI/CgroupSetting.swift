/// One file of cgroup v2 and what is written to it, in one write(2).
package struct CgroupSetting: Sendable, Hashable {
    /// Who has the file; the raw value is its name in `cgroup.controllers`. `core` files are in every cgroup.
    package enum Controller: String, Sendable, CaseIterable {
        case memory, cpu, cpuset, pids, io, hugetlb, rdma, misc
        case core = "cgroup"
    }
    package let controller: Controller
    package let file: String
    package let value: String
    /// Left out where the kernel has no such file: memory.swap.max exists only with swap accounting.
    package let isOptional: Bool
    /// The key below `linux.resources` that asks for it; empty for what no configuration says.
    package let field: String
    /// What is written instead where the kernel has no such file.
    package let otherwise: Other?

    package struct Other: Sendable, Hashable {
        package let file: String
        package let value: String
    }

    /// Whether it lifts a limit, as engines write it for every container: where there is none, nothing is lost.
    package var isUnlimited: Bool {
        if value == "max" || value.hasPrefix("max ") || (file == "cpu.max.burst" && value == "0") {
            return true
        }
        // `DEVICE KEY=VALUE…`
        let pairs = value.split(separator: " ").dropFirst()
        return !pairs.isEmpty && pairs.allSatisfy { $0.hasSuffix("=max") }
    }

    package init(
        controller: Controller, file: String, value: String, isOptional: Bool = false, field: String = "",
        otherwise: Other? = nil
    ) {
        self.controller = controller
        self.file = file
        self.value = value
        self.isOptional = isOptional
        self.field = field
        self.otherwise = otherwise
    }
}
