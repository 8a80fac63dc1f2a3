internal import ControlAPI
internal import Core
internal import Gateway
internal import LinuxSystem

extension SystemInfo.Activity {
    /// The human's view of a reading.
    init(_ reading: DaemonReading) {
        self.init()
        for (_, traffic) in reading.gateway.functions {
            requests += Int64(clamping: traffic.requests)
            failedRequests += Int64(clamping: traffic.serverError + traffic.cut)
            waiting += traffic.waiting
        }
        clientConnections = reading.gateway.clientConnections
        coldStarts = Times(reading.coldStarts)
        thaws = Times(reading.gateway.thaw)
        failedStarts = Int64(clamping: reading.life.failedStarts.values.reduce(0, +))
        crashes = Int64(clamping: reading.life.crashes.values.reduce(0, +))
        freezes = Int64(clamping: reading.life.freezes)
        idleStops = Int64(clamping: reading.life.idleStops)
        memoryBytes = reading.process.residentBytes
        cpuSeconds = reading.process.cpuSeconds
        openFiles = reading.process.openFiles
        storeBytes = reading.storeBytes
    }
}

extension SystemInfo.Activity.Times {
    fileprivate init(_ counts: DurationCounts) {
        func milliseconds(_ part: Double) -> Double? {
            // Three digits: the buckets know no more.
            counts.quantile(part).map { ($0 / 1e3).rounded() / 1e3 }
        }
        self.init(
            count: Int64(clamping: counts.total), p50: milliseconds(0.5), p99: milliseconds(0.99))
    }
}
