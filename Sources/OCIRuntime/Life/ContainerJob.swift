internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// What one creation is about, worked out from the configuration before anything is made.
struct ContainerJob {
    let request: CreateRequest
    let config: OCIConfig
    let namespaces: NamespaceChoice
    let plan: ContainerPlan
    let encoded: EncodedPlan
    /// Absolute, without links.
    let bundle: String
    let rootfs: String
    /// Of the caller, from 3 on: what the program gets.
    let passed: [Int32]

    init(_ request: CreateRequest, bundle: Bundle) throws {
        self.request = request
        self.bundle = bundle.path
        rootfs = bundle.rootfs
        namespaces = try NamespaceChoice(bundle.config.linux)
        if bundle.config.process.terminal == true && request.waitsForStart && request.consoleSocket == nil {
            throw InvalidInput(
                "process.terminal", "needs somebody who takes the terminal", allowed: "--console-socket")
        }
        if bundle.config.process.terminal != true && request.consoleSocket != nil {
            throw InvalidInput("--console-socket", "is given, but process.terminal is not true")
        }
        let passed = try PassedDescriptors(preserved: request.preserved)
        self.passed = passed.numbers
        var config = bundle.config
        config.process.env = (config.process.env ?? []) + passed.environment
        self.config = config
        var setting = ContainerPlanCompiler.Setting(
            bundle: bundle.path, rootfs: bundle.rootfs, kernel: KernelVersion.ofHost(), modules: .ofHost())
        setting.keepsGroups = try !Self.maySetGroups()
        setting.waitsForStart = request.waitsForStart
        setting.passed = passed.numbers.count
        setting.movesRoot = request.movesRoot
        // In a user namespace mknod(2) is refused.
        setting.bindsNodes = try !HostIdentity.isRoot || !Self.hasEveryID()
        setting.cgroupMount = CgroupMount(mountinfo: try File.text("/proc/self/mountinfo"))?.point
        setting.hasGroup = try Self.groups(namespaces, bundle.config.linux)
        setting.isFile = { path in
            guard let file = try? File.open(path, flags: File.pathOnly) else {
                return nil
            }
            // S_IFMT, S_IFDIR.
            return clinux_mode(file.raw) & 0o170000 != 0o040000
        }
        plan = try ContainerPlanCompiler(config: config, namespaces: namespaces, setting: setting).compile()
        let descriptors = 3 + plan.sources.count + passed.numbers.count
        guard descriptors <= Limits.planDescriptors else {
            throw InvalidInput(
                "mounts", "binds and preserved descriptors are \(descriptors - 3)",
                allowed: "at most \(Limits.planDescriptors - 3)")
        }
        encoded = try EncodedPlan(plan: plan)
    }

    /// Nobody may in a user namespace that was made by who could not map groups, nor in one made inside of it.
    private static func maySetGroups() throws(KernelError) -> Bool {
        guard HostIdentity.isRoot else { return false }
        return try File.text("/proc/self/setgroups").hasPrefix("allow")
    }

    private static func hasEveryID() throws(KernelError) -> Bool {
        let map = try File.text("/proc/self/uid_map").split { $0 == " " || $0 == "\n" }
        return map.elementsEqual(["0", "0", "4294967295"])
    }

    private static func groups(
        _ namespaces: NamespaceChoice, _ linux: OCIConfig.Linux?
    ) throws(KernelError) -> (UInt32) -> Bool {
        var ranges: [(first: UInt64, count: UInt64)] = []
        if namespaces.new.contains(.user) {
            ranges = (linux?.gidMappings ?? []).map { (UInt64($0.containerID), UInt64($0.size)) }
        } else {
            for line in try File.text("/proc/self/gid_map").split(separator: "\n") {
                let numbers = line.split(separator: " ").compactMap { UInt64($0) }
                if numbers.count == 3 { ranges.append((numbers[0], numbers[2])) }
            }
        }
        return { group in
            ranges.contains { UInt64(group) >= $0.first && UInt64(group) - $0.first < $0.count }
        }
    }
}

extension EncodedPlan {
    fileprivate init(plan: ContainerPlan) throws(InvalidInput) {
        try self.init(LaunchPlan(steps: plan.steps))
    }
}
