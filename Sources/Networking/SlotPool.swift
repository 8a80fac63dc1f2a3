package import Core
package import LinuxSystem

/// The adapter of `NetworkPort`: recycled network namespaces, kept ready ahead of demand.
///
/// A slot is owned by the daemon's user namespace, so a function has no power over its devices, addresses and rules.
/// The gateway reaches an instance by sockets made inside its slot (`LoopbackSocket`); the veth is for egress alone.
package final class SlotPool: NetworkPort, SlotNamespaces {
    private let reportAtStart: NetworkReport
    /// The namespace that the daemon itself runs in: where threads are before and after they look into a slot.
    package let hostNamespace: SharedFD
    private let subnet: IPv4Subnet
    private let shelf: SlotShelf
    private let desk: HostDesk
    private let prober: PortProber
    private let thread: DedicatedThread
    private let ended: Handover<Void>

    /// Ready slots with egress, and without, that are kept while nobody uses any.
    private static let leastSpare = (egress: 4, loopback: 1)
    /// Where the numbers of slots without egress begin: above every host part.
    private static let firstLoopbackNumber: UInt32 = 1 << 24

    /// Sets up the host's side (bridge, forwarding, firewall), sweeps what an earlier daemon left of the same bridge,
    /// and starts to fill the pool.
    ///
    /// - Parameters:
    ///   - bridge: the bridge's name, `--bridge`. - subnet: `--subnet`.
    ///   - host: the network namespace that has the bridge; nil is the daemon's own.
    ///   - notify: is told what happens to the host's side later, on the pool's thread.
    /// - Throws: `InvalidInput` whose path is `bridge` or `subnet`; otherwise what the kernel refused.
    package static func start(
        bridge: String, subnet: String, inside host: SharedFD? = nil,
        notify: @escaping @Sendable (NetworkNotice) -> Void = { _ in }
    ) async throws -> SlotPool {
        let names = try BridgeNames(bridge: bridge)
        let network = try IPv4Subnet(parsing: subnet)
        let shelf = try SlotShelf(inventories: inventories(network))
        let desk = HostDesk(notify: notify)
        let prober = try PortProber()
        let started = Handover<Started>()
        let ended = Handover<Void>()
        let thread = try DedicatedThread(name: "torpor-slots") {
            run(
                HostSide(names: names, subnet: network, desk: desk), host: host, shelf: shelf,
                started: started)
            ended.give(.success(()))
        }
        do {
            let facts = try await started.take()
            do {
                try prober.start(host: facts.host)
            } catch {
                shelf.stop()
                throw error
            }
            return SlotPool(
                facts, subnet: network, shelf: shelf, desk: desk, prober: prober, thread: thread, ended: ended
            )
        } catch {
            try await ended.take()
            thread.join()
            throw error
        }
    }

    private init(
        _ facts: Started, subnet: IPv4Subnet, shelf: SlotShelf, desk: HostDesk, prober: PortProber,
        thread: DedicatedThread, ended: Handover<Void>
    ) {
        reportAtStart = facts.report
        self.desk = desk
        self.subnet = subnet
        hostNamespace = facts.host
        self.shelf = shelf
        self.prober = prober
        self.thread = thread
        self.ended = ended
    }

    /// Removes everything from the host: namespaces and their veths, rules, bridge. Call it once, when no instance is
    /// left; slots that are still acquired end with their last process.
    package func stop() async {
        prober.stop()
        shelf.stop()
        _ = try? await ended.take()
        thread.join()
    }

    /// A ready slot at once and without a hop when there is one, else the next that is made.
    package func acquire(_ network: NetworkSpec) async throws(InstanceFailure) -> SlotID {
        if let number = shelf.takeReady(network) { return SlotID(number) }
        let shelf = shelf
        let ticket = shelf.ticket()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { shelf.wait(network, ticket: ticket, continuation: $0) }
        } onCancel: {
            shelf.cancel(ticket, mode: network.mode)
        }
        return SlotID(try outcome.get())
    }

    package func release(_ slot: SlotID) { shelf.release(slot.number) }

    package func namespace(ofSlot number: UInt32) -> SharedFD? { shelf.namespace(of: number) }

    package func waitUntilAccepting(slot: SlotID, port: UInt16, deadline: Int64) async throws {
        guard let namespace = shelf.namespace(of: slot.number) else {
            throw InstanceFailure(phase: .ready, cause: "NoSlot", message: "slot \(slot) does not exist")
        }
        try await prober.waitUntilAccepting(slot: namespace, port: port, deadline: deadline)
    }

    /// The host's side as it is now.
    package var report: NetworkReport {
        var report = reportAtStart
        if let firewall = desk.firewall { report.firewall = firewall }
        return report
    }

    /// Lets functions reach this port at `gatewayAddress`, where the gateway must listen already; nil lets them begin
    /// no further connection there. Returns when it holds.
    package func openGateway(port: UInt16?) async {
        let (desk, wake) = (desk, shelf.wake)
        await withCheckedContinuation { continuation in
            desk.change(waiter: continuation) { $0.gatewayPort = port }
            wake.signal()
        }
    }

    /// Lets functions ask at `gatewayAddress` for names, where somebody of ours must answer already, or lets them no more.
    /// Returns when it holds.
    package func openNames(_ isOpen: Bool) async {
        let (desk, wake) = (desk, shelf.wake)
        await withCheckedContinuation { continuation in
            desk.change(waiter: continuation) { $0.answersNames = isOpen }
            wake.signal()
        }
    }

    /// Lets functions ask these name servers, which have link-local addresses, on port 53.
    package func allow(nameServers: [String]) {
        desk.change { $0.nameServers = nameServers }
        shelf.wake.signal()
    }

    /// The bridge's own address, at which functions find the gateway.
    package var gatewayAddress: String { "\(subnet.gateway)" }

    /// What may be reached from an address on the bridge; nil where no function has it.
    package func network(of address: IPv4Address) -> NetworkSpec? {
        guard subnet.contains(address) else { return nil }
        return shelf.network(of: address.number - subnet.network.number)
    }

    /// The address on the bridge; nil for a slot without egress.
    package func address(of slot: SlotID) -> String? {
        subnet.slotNumbers.contains(slot.number) ? "\(subnet.address(ofSlot: slot.number))" : nil
    }

    /// Ready, used and all slots of a mode.
    package func counts(_ mode: NetworkMode) -> (ready: Int, inUse: Int, total: Int) { shelf.counts(mode) }
}

extension SlotPool {
    /// What the host's side is made of.
    private struct HostSide: Sendable {
        let names: BridgeNames
        let subnet: IPv4Subnet
        let desk: HostDesk
    }

    /// What the thread has to say once the host's side stands.
    private struct Started: Sendable {
        let host: SharedFD
        let report: NetworkReport
    }

    private static func inventories(_ subnet: IPv4Subnet) -> [NetworkMode: SlotInventory] {
        let numbers = subnet.slotNumbers.clamped(to: 2...BridgeNames.highestSlot)
        let loopback = firstLoopbackNumber...(firstLoopbackNumber + UInt32(Limits.instances) - 1)
        return [
            .default: SlotInventory(
                numbers: SlotNumbers(numbers), capacity: SlotNumbers.capacity(of: subnet),
                leastSpare: leastSpare.egress),
            .none: SlotInventory(
                numbers: SlotNumbers(loopback), capacity: Limits.instances, leastSpare: leastSpare.loopback),
        ]
    }

    /// The pool's thread, from its first to its last step.
    private static func run(
        _ side: HostSide, host: SharedFD?, shelf: SlotShelf, started: Handover<Started>
    ) {
        let worker: SlotWorker
        do {
            if let host { try NetworkNamespace.enterForGood(host) }
            let host = try host ?? NetworkNamespace.current()
            let netlink = try Netlink()
            let network = try HostNetwork(names: side.names, subnet: side.subnet, netlink: netlink)
            let facts = Started(host: host, report: network.report)
            worker = try SlotWorker(
                maker: SlotMaker(host: host, network: network, netlink: netlink), shelf: shelf,
                desk: side.desk)
            started.give(.success(facts))
        } catch {
            side.desk.end()
            return started.give(.failure(error))
        }
        worker.run()
    }
}
