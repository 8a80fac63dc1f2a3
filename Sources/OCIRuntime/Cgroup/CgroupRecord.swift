/// What the state of a container keeps about its cgroup.
package struct CgroupRecord: Codable, Sendable, Hashable {
    /// Its directory in the file system.
    package let directory: String
    /// The systemd unit that it is, if it is one.
    package let scope: String?
    /// Where the systemd listens that has the unit; nil is the system's.
    package let bus: String?

    package init(directory: String, scope: String? = nil, bus: String? = nil) {
        self.directory = directory
        self.scope = scope
        self.bus = bus
    }
}
