internal import LinuxSystem
internal import OCI
internal import Sandbox

/// Hands controllers down a path of cgroups, as far as the kernel lets it, and knows why not further.
package struct CgroupControllers {
    /// What the top of the hierarchy offers.
    private(set) var offered: Set<String> = []
    /// Why a controller did not get further: the place and the kernel's reason.
    private(set) var obstacles: [String: String] = [:]

    /// What every container gets, so that its use is counted; others only when a limit asks for them.
    private static let usual: Set<String> = ["cpu", "cpuset", "io", "memory", "pids"]

    private let wanted: Set<String>

    /// - Parameter settings: what is to be limited.
    init(for settings: [CgroupSetting]) {
        wanted = Self.usual.union(settings.map(\.controller.rawValue))
    }

    /// Makes what `directory` has of the wanted controllers available to its children.
    mutating func handDown(in directory: String) {
        let here = Self.words(directory + "/cgroup.controllers")
        if offered.isEmpty { offered = here }
        let missing = here.intersection(wanted).subtracting(Self.words(directory + "/cgroup.subtree_control"))
        // One by one: one that cannot be handed down (cpu, while real-time processes exist) must not keep the others.
        for controller in missing.sorted() {
            do {
                try File.write("+\(controller)", to: directory + "/cgroup.subtree_control")
            } catch {
                obstacles[controller] = "it cannot be enabled in \(directory): \(error.reason)"
            }
        }
    }

    /// The same in every cgroup on the way from the top to one above `directory`.
    mutating func handDown(from top: String, to directory: String) {
        for parent in Self.parents(of: directory, from: top) { handDown(in: parent) }
    }

    package static func parents(of directory: String, from top: String) -> [String] {
        guard directory.hasPrefix(top + "/") else { return [] }
        var path = top
        var parents: [String] = []
        for name in directory.dropFirst(top.count + 1).split(separator: "/") {
            parents.append(path)
            path += "/" + name
        }
        return parents
    }

    /// Why a cgroup has no such controller, for a message.
    func reason(_ controller: CgroupSetting.Controller, in host: CgroupHost) -> String {
        let name = controller.rawValue
        if let obstacle = obstacles[name] { return "the controller \(name) is not there: \(obstacle)" }
        if !offered.contains(name) {
            return "the host's cgroup v2 (\(host.mount.point)) does not offer the controller \(name)"
        }
        return "the controller \(name) is not enabled for this cgroup"
    }

    static func words(_ file: String) -> Set<String> {
        let text = (try? File.text(file)) ?? ""
        return Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}
