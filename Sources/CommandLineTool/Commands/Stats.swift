internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Core

struct Stats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what instances use: processor, memory, processes, storage and network, live.",
        discussion: """
            On a terminal it goes on until Ctrl-C; otherwise, and with --once, it looks once, over one interval. A '*' \
            marks what is summed over processes, as this host does not offer the cgroup controller.
            """)

    @OptionGroup var global: GlobalOptions
    @Argument(help: "Only these functions: NAME or NAME.NAMESPACE.", completion: Completion.functions)
    var names: [String] = []
    @Flag(help: "Look once.") var once = false
    @Option(help: "Time between two looks.") var interval = "1s"

    func run() async throws {
        let keys = try names.map { try FunctionArgument.parse($0).key }
        let pause = try usage("--interval") { () throws(InvalidInput) in
            let value = try DurationText.parse(interval)
            guard value >= .milliseconds(100) else {
                throw InvalidInput("", "\(interval) is too short", allowed: "100ms or more")
            }
            return value
        }
        let client = global.client
        let context = ToolContext.current
        let isLive = !once && global.output == .table && context.terminalWidth() != nil
        var before = try await Self.look(keys, client)
        while true {
            try await ContinuousClock().sleep(for: pause)
            let now = try await Self.look(keys, client)
            let rates = Rates(before, now)
            if isLive { try context.output("\u{1b}[H\u{1b}[J") }
            try global.show(rates) { rates.text }
            if !isLive { return }
            before = now
        }
    }

    private static func look(_ keys: [FunctionKey], _ client: ControlClient) async throws -> StatsList {
        guard !keys.isEmpty else { return try await client.stats(nil) }
        var all: StatsList?
        for key in keys {
            let found = try await Explanation.suggesting(key, client) { try await client.stats(key) }
            all = StatsList(at: found.at, instances: (all?.instances ?? []) + found.instances)
        }
        return all ?? StatsList(at: ToolContext.current.now(), instances: [])
    }
}

/// Two looks at the same instances, and so how much a second.
struct Rates: Encodable {
    struct Row: Encodable {
        var stats: StatsView
        /// Hundredths of one core; nil where there was no earlier look.
        var cpuPercent: Double?
    }

    var at: Timestamp
    var instances: [Row]

    init(_ before: StatsList, _ now: StatsList) {
        at = now.at
        let earlier = Dictionary(before.instances.map { ($0.instance, $0) }) { _, last in last }
        let microseconds = Double(now.at.unixNanoseconds - before.at.unixNanoseconds) / 1000
        instances = now.instances.map { stats in
            guard let old = earlier[stats.instance]?.cpuMicroseconds, let new = stats.cpuMicroseconds,
                new >= old,
                microseconds > 0
            else { return Row(stats: stats) }
            return Row(
                stats: stats, cpuPercent: (Double(new - old) / microseconds * 1000).rounded() / 10)
        }
    }

    var text: String {
        if instances.isEmpty { return "no instances: the next request of a function starts one\n" }
        var table = Table(
            [
                "FUNCTION", "INSTANCE", "STATE", "CPU", "MEMORY", "PIDS", "READ", "WRITTEN", "RECEIVED",
                "SENT",
                "SERVED",
            ], yielding: ["SENT", "RECEIVED", "WRITTEN", "READ", "SERVED", "PIDS"])
        for row in instances {
            let stats = row.stats
            func mark(_ name: String) -> String { stats.sources[name] == .processes ? "*" : "" }
            table.append([
                Explanation.reference(stats.name, stats.namespace), "\(stats.instance)", stats.state.rawValue,
                row.cpuPercent.map { "\($0)%\(mark("cpu"))" } ?? "-", memory(stats, mark("memory")),
                stats.pids.map { "\($0)\(mark("pids"))" } ?? "-", bytes(stats.readBytes, mark("io")),
                bytes(stats.writtenBytes, mark("io")), bytes(stats.receivedBytes), bytes(stats.sentBytes),
                "\(stats.served)",
            ])
        }
        let isSummed = instances.contains { $0.stats.sources.values.contains(.processes) }
        return table.text
            + (isSummed ? "* summed over processes: this host does not count it by cgroup\n" : "")
    }

    private func memory(_ stats: StatsView, _ mark: String) -> String {
        let used = stats.memoryBytes.map { Size.text(UInt64(max(0, $0))) + mark } ?? "-"
        return used + (stats.memoryLimitBytes.map { " / \(Size.text(UInt64(max(0, $0))))" } ?? "")
    }

    private func bytes(_ count: UInt64?, _ mark: String = "") -> String {
        count.map { Size.text($0) + mark } ?? "-"
    }
}
