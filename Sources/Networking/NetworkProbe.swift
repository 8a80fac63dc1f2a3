internal import Core
internal import LinuxSystem

/// What of this host's network a daemon would find, without one: tried in a network namespace that is thrown away.
package enum NetworkProbe {
    /// - Throws: what would keep the daemon from starting, as `SlotPool.start` does.
    package static func run(bridge: String, subnet: String) async throws -> NetworkReport {
        let names = try BridgeNames(bridge: bridge)
        let network = try IPv4Subnet(parsing: subnet)
        let thread = try WorkerThread(name: "torpor-probe", limit: 1)
        let (scratch, drops) = try await thread.run {
            try HostNetwork.checkPlace(names: names, subnet: network, netlink: Netlink())
            let drops = Firewall(names: names, subnet: network).foreignDrops()
            return (try NetworkNamespace.create(host: NetworkNamespace.current()), drops)
        }
        let pool = try await SlotPool.start(bridge: bridge, subnet: subnet, inside: scratch)
        do { pool.release(try await pool.acquire(.default)) } catch {
            await pool.stop()
            throw error
        }
        await pool.stop()
        var report = pool.report
        report.foreignDrops = drops
        return report
    }
}
