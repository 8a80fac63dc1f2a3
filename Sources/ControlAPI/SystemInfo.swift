/// The daemon and what it found on its host.
package struct SystemInfo: Sendable, Hashable, Codable {
    package struct Cgroup: Sendable, Hashable, Codable {
        /// The daemon's own directory below which instances are made; nil where there is none.
        package var path: String?
        package var controllers: [String]
        package var canFreeze: Bool

        package init(path: String?, controllers: [String], canFreeze: Bool) {
            self.path = path
            self.controllers = controllers
            self.canFreeze = canFreeze
        }
    }

    package struct Slots: Sendable, Hashable, Codable {
        /// Ready to be taken, and taken.
        package var free: Int
        package var used: Int

        package init(free: Int, used: Int) {
            self.free = free
            self.used = used
        }
    }

    /// What the daemon has done since its start: docs/metrics.md has the whole of it.
    package struct Activity: Sendable, Hashable, Codable {
        /// How long something took, in milliseconds.
        package struct Times: Sendable, Hashable, Codable {
            package var count: Int64
            package var p50: Double?
            package var p99: Double?

            package init(count: Int64, p50: Double?, p99: Double?) {
                self.count = count
                self.p50 = p50
                self.p99 = p99
            }
        }

        package var requests: Int64 = 0
        /// Of them, those that were answered with 5xx or not to the end.
        package var failedRequests: Int64 = 0
        /// Requests that wait for an instance now.
        package var waiting = 0
        package var clientConnections = 0
        package var coldStarts = Times(count: 0, p50: nil, p99: nil)
        package var thaws = Times(count: 0, p50: nil, p99: nil)
        package var failedStarts: Int64 = 0
        package var crashes: Int64 = 0
        package var freezes: Int64 = 0
        package var idleStops: Int64 = 0
        /// Of the daemon alone.
        package var memoryBytes: Int64 = 0
        package var cpuSeconds = 0.0
        package var openFiles = 0
        package var storeBytes: Int64 = 0

        package init() {}
    }

    package var version: String
    package var pid: Int
    package var startedAt: Timestamp
    package var uptimeSeconds: Int64
    package var stateDirectory: String
    package var runDirectory: String
    /// `host:port` where the gateway listens.
    package var gateway: String
    package var kernel: String
    package var architecture: String
    /// Whether it runs without privileges, inside a user namespace.
    package var rootless: Bool
    package var functions: Int
    package var instances: InstanceCounts
    package var cgroup: Cgroup
    package var slots: Slots
    package var activity: Activity
    /// Where the platform's own paths (`/metrics`) are served; nil is on the gateway's address.
    package var adminListen: String?

    package init(
        version: String, pid: Int, startedAt: Timestamp, uptimeSeconds: Int64, stateDirectory: String,
        runDirectory: String, gateway: String, kernel: String, architecture: String, rootless: Bool,
        functions: Int, instances: InstanceCounts, cgroup: Cgroup, slots: Slots,
        activity: Activity = Activity(), adminListen: String? = nil
    ) {
        self.version = version
        self.pid = pid
        self.startedAt = startedAt
        self.uptimeSeconds = uptimeSeconds
        self.stateDirectory = stateDirectory
        self.runDirectory = runDirectory
        self.gateway = gateway
        self.kernel = kernel
        self.architecture = architecture
        self.rootless = rootless
        self.functions = functions
        self.instances = instances
        self.cgroup = cgroup
        self.slots = slots
        self.activity = activity
        self.adminListen = adminListen
    }
}

/// One thing that Torpor needs of its host.
package struct CheckItem: Sendable, Hashable, Codable {
    package enum Status: String, Sendable, Codable, CaseIterable { case ok, warning, missing }

    /// `cgroup memory controller`, for example.
    package var name: String
    package var status: Status
    /// What was found.
    package var detail: String
    /// What its absence costs; nil when all is well.
    package var costs: String?
    /// What to do about it.
    package var mend: String?

    package init(
        name: String, status: Status, detail: String, costs: String? = nil, mend: String? = nil
    ) {
        self.name = name
        self.status = status
        self.detail = detail
        self.costs = costs
        self.mend = mend
    }
}
