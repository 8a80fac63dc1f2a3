internal import CLinux
package import Core
internal import LinuxSystem

/// What the host says of its name servers, and what a function finds in its `/etc/resolv.conf` (resolv.conf(5)).
package struct ResolverConfiguration: Sendable, Equatable {
    /// Those that the host itself asks, the first `Limits.nameServers`: on its loopback, too, and of IPv6.
    package private(set) var hostServers: [String] = []
    /// How long it gives one of them: `timeout:` of the options.
    package private(set) var timeout = Duration.seconds(5)
    /// Those that a function can ask without the host's help.
    /// At most `Limits.nameServers`, IPv4 as the slots are.
    package private(set) var nameServers: [String] = []
    /// The rest of the `search` (or `domain`) line.
    package private(set) var search: String?
    /// The rest of each `options` line.
    package private(set) var options: [String] = []
    /// Servers that were left out because a slot cannot reach them: this host itself, or IPv6.
    package private(set) var unreachable: [String] = []
    /// Where it was read.
    package let source: String

    /// The files that name upstream servers, the one with the host's own settings first, then those that the known
    /// stubs (systemd-resolved, NetworkManager's dnsmasq) keep beside it.
    package static let candidates = [
        "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/run/NetworkManager/no-stub-resolv.conf",
    ]

    /// Reads the first file that names a server which a function can reach. With none the result has no server, and
    /// `problem` says so. Blocks for a moment: small local files.
    ///
    /// - Parameter isOwn: whether an address is one of this host's, which no function reaches.
    package static func ofHost(
        candidates: [String] = candidates, isOwn: (IPv4Address) -> Bool = isOfHost
    ) -> ResolverConfiguration {
        var first: ResolverConfiguration?
        for path in candidates {
            guard let bytes = try? File.read(path, limit: Limits.resolverFileBytes) else { continue }
            let found = ResolverConfiguration(
                parsing: String(decoding: bytes, as: UTF8.self), source: path, isOwn: isOwn)
            if !found.nameServers.isEmpty { return found }
            first = first ?? found
        }
        return first ?? ResolverConfiguration(parsing: "", source: candidates.first ?? "")
    }

    /// Asks the kernel for the way there; sends nothing.
    package static func isOfHost(_ address: IPv4Address) -> Bool {
        clinux_address_is_own(address.octets) == 1
    }

    package init(
        parsing text: String, source: String = "", isOwn: (IPv4Address) -> Bool = { _ in false }
    ) {
        self.source = source
        for line in text.split(whereSeparator: \.isNewline) {
            if line.first == "#" || line.first == ";" { continue }
            let words = line.split { $0 == " " || $0 == "\t" }
            guard let key = words.first, words.count > 1 else { continue }
            let rest = words.dropFirst().joined(separator: " ")
            switch key {
            case "nameserver":
                if hostServers.count < Limits.nameServers { hostServers.append(String(words[1])) }
                addServer(String(words[1]), isOwn)
            case "search", "domain": search = String(rest.prefix(1024))
            case "options":
                if options.count < 16 { options.append(String(rest.prefix(256))) }
                for word in words where word.hasPrefix("timeout:") {
                    if let seconds = Int(word.dropFirst(8)) { timeout = .seconds(min(max(1, seconds), 30)) }
                }
            default: break
            }
        }
    }

    /// The host's own file, whoever is named there.
    package static func ofHostItself(_ path: String = candidates[0]) -> ResolverConfiguration {
        let bytes = (try? File.read(path, limit: Limits.resolverFileBytes)) ?? []
        return ResolverConfiguration(parsing: String(decoding: bytes, as: UTF8.self), source: path)
    }

    private mutating func addServer(_ text: String, _ isOwn: (IPv4Address) -> Bool) {
        guard let address = IPv4Address(text), address.octets[0] != 127, address.octets[0] != 0,
            !isOwn(address)
        else {
            if unreachable.count < 16 { unreachable.append(String(text.prefix(64))) }
            return
        }
        if nameServers.count < Limits.nameServers { nameServers.append(text) }
    }

    /// Servers at 169.254.0.0/16, where some clouds have theirs beside what functions must not reach.
    package var linkLocalServers: [String] { nameServers.filter { $0.hasPrefix("169.254.") } }

    /// Why functions resolve no names, if so, and what to do.
    package var problem: String? {
        guard nameServers.isEmpty else { return nil }
        let found = unreachable.isEmpty ? "" : " (only \(unreachable.joined(separator: ", ")))"
        return "functions cannot resolve names: \(source) has no IPv4 name server "
            + "beyond this host itself\(found); name one there"
    }

    /// The file for a function that asks the host's servers itself.
    package var bytes: [UInt8] { bytes(servers: nameServers) }

    /// The file for a function that asks others.
    package func bytes(servers: [String]) -> [UInt8] {
        var lines = servers.map { "nameserver \($0)" }
        if let search { lines.append("search \(search)") }
        lines += options.map { "options \($0)" }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
