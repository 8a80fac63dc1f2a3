internal import ArgumentParser
internal import Core
internal import OCI

struct UpdateCommand: RuntimeCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change the limits of a container that runs.")

    @ParentCommand var program: RuntimeProgram
    @OptionGroup var limits: UpdateOptions
    @Argument(help: "The container's id.") var id: String

    func perform(_ context: RuntimeContext) throws -> Int32 {
        let resources = try limits.wanted()
        try ContainerUpdate(resources).apply(to: try context.root.open(try ContainerID(id)))
        return 0
    }
}

/// Limits as crun and runc name them. What is not named stays as it is.
struct UpdateOptions: ParsableArguments {
    @Option(name: [.customShort("r"), .long], help: "File with a linux.resources; - is standard input.")
    var resources: String?

    @Option(help: "Weight of block I/O, 10 to 1000.") var blkioWeight: UInt16?
    @Option(help: "Period of --cpu-quota, in µs.") var cpuPeriod: UInt64?
    @Option(parsing: .unconditional, help: "Processor time in each period, in µs; -1 is no limit.")
    var cpuQuota: Int64?
    @Option(help: "How much of it may be saved up, in µs.") var cpuBurst: UInt64?
    @Option(name: [.customLong("cpu-share"), .customLong("cpu-shares")], help: "Relative weight.")
    var cpuShare: UInt64?
    @Option(help: "1 has it run when nothing else does.") var cpuIdle: Int64?
    @Option(help: "Refused: only cgroup v1 has it.") var cpuRtPeriod: UInt64?
    @Option(parsing: .unconditional, help: "Refused: only cgroup v1 has it.")
    var cpuRtRuntime: Int64?
    @Option(help: "Processors, such as 0-3,7.") var cpusetCpus: String?
    @Option(help: "Memory nodes.") var cpusetMems: String?
    @Option(parsing: .unconditional, help: "Refused: only cgroup v1 has it.")
    var kernelMemory: Int64?
    @Option(parsing: .unconditional, help: "Refused: only cgroup v1 has it.")
    var kernelMemoryTcp: Int64?
    @Option(parsing: .unconditional, help: "Bytes of memory; -1 is no limit.")
    var memory: Int64?
    @Option(parsing: .unconditional, help: "Bytes of memory that are kept for it.")
    var memoryReservation: Int64?
    @Option(parsing: .unconditional, help: "Bytes of memory and swap together; -1 is no limit.")
    var memorySwap: Int64?
    @Option(parsing: .unconditional, help: "Processes and threads; -1 is no limit.")
    var pidsLimit: Int64?

    func wanted() throws -> OCIConfig.Resources {
        var all = OCIConfig.Resources()
        if let resources { all = try ContainerUpdate.parse(try TextInput.read(resources)) }
        var memory = all.memory ?? .init()
        set(&memory.limit, self.memory)
        set(&memory.reservation, memoryReservation)
        set(&memory.swap, memorySwap)
        set(&memory.kernel, kernelMemory)
        set(&memory.kernelTCP, kernelMemoryTcp)
        all.memory = memory
        var cpu = all.cpu ?? .init()
        set(&cpu.period, cpuPeriod)
        set(&cpu.quota, cpuQuota)
        set(&cpu.burst, cpuBurst)
        set(&cpu.shares, cpuShare)
        set(&cpu.idle, cpuIdle)
        set(&cpu.realtimePeriod, cpuRtPeriod)
        set(&cpu.realtimeRuntime, cpuRtRuntime)
        set(&cpu.cpus, cpusetCpus)
        set(&cpu.mems, cpusetMems)
        all.cpu = cpu
        if let pidsLimit { all.pids = .init(limit: pidsLimit) }
        if let blkioWeight {
            var io = all.blockIO ?? .init()
            io.weight = blkioWeight
            all.blockIO = io
        }
        return all
    }

    private func set<T>(_ place: inout T?, _ value: T?) {
        if let value { place = value }
    }
}
