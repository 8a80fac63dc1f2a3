internal import Core
internal import LinuxSystem

// The pool's thread looks after the host's side between its jobs.
extension SlotWorker {
    /// Sees to it that the rules are there and as they are asked for. Cheap while nobody changes anything.
    mutating func keepHost() {
        guard maker.network.activeFirewall != nil else {
            if desk.takeSettings() != nil { desk.settingsTried() }
            return
        }
        if let settings = desk.takeSettings() {
            maker.network.firewall.settings = settings
            areSettingsPending = true
        }
        if let watch {
            let changed = watch.mayHaveChanged()
            if areRulesLost || changed && !watch.isIntact() { restore() }
        }
        if areSettingsPending, !areRulesLost { applySettings() }
        desk.settingsTried()
    }

    private mutating func applySettings() {
        let firewall = maker.network.firewall
        do {
            try firewall.apply(firewall.settingCommands)
            areSettingsPending = false
            lastFailure = nil
        } catch {
            fail("what functions reach of this host cannot be changed: \(error.message)")
        }
    }

    /// The bridge is down while there are no rules, so that functions reach nothing rather than everything.
    private mutating func restore() {
        let table = maker.network.names.table
        if !areRulesLost {
            areRulesLost = true
            desk.report(.lost(table: table, reason: "they are made anew"))
            desk.tell(.rulesLost(table: table))
        }
        do {
            try maker.restoreRules(also: egress.restoration)
            watch?.adopt()
            (areRulesLost, areSettingsPending, lastFailure) = (false, false, nil)
            desk.report(.active(table: table))
            desk.tell(.rulesRestored(table: table))
        } catch {
            desk.report(.lost(table: table, reason: "\(error)"))
            fail("the functions' bridge stays down: \(error)")
        }
    }

    /// Tells each failure once, however often it is tried again.
    mutating func fail(_ text: String) {
        guard lastFailure != text else { return }
        lastFailure = text
        desk.tell(.failed(text))
    }

    /// How long to sleep at most: what failed is tried again every second.
    func rest(_ nanoseconds: Int64?) {
        let second: Int64 = 1_000_000_000
        let limit = areRulesLost || areSettingsPending ? min(nanoseconds ?? second, second) : nanoseconds
        let milliseconds = limit.map { Int32(clamping: max(0, ($0 + 999_999) / 1_000_000)) } ?? -1
        _ = poller.wait(milliseconds: milliseconds)
        shelf.wake.clear()
    }
}

private struct RulesRefused: Error, CustomStringConvertible {
    let description: String
}

extension SlotMaker {
    /// Makes the rules anew, those of every slot with them, and what the bridge forgets while it is down.
    /// - Parameter also: further commands, of the same transaction.
    mutating func restoreRules(also commands: String) throws {
        try netlink.bringDown(network.names.bridge)
        let all = (admitted >= 2 ? network.firewall.admission(of: 2...admitted) : "") + commands
        if case .unavailable(let reason) = network.firewall.install(also: all) {
            throw RulesRefused(description: reason)
        }
        try netlink.bringUp(network.names.bridge)
        for link in try netlink.links() {
            guard let number = network.names.slot(ofHostEnd: link.name), link.kind == "veth" else { continue }
            let address = network.subnet.address(ofSlot: number)
            try netlink.addNeighbour(address, at: HardwareAddress(of: address), on: network.bridgeIndex)
        }
    }

    /// Takes a slot's way to the bridge away, whoever is still in it.
    func disconnect(_ number: UInt32) throws {
        guard network.subnet.slotNumbers.contains(number) else { return }
        try netlink.delete(network.names.hostEnd(ofSlot: number))
    }
}
