internal import Core
internal import OCI
internal import Sandbox

/// What of a configuration torpor-oci does not carry out, refused by name: nothing is ignored. It is less than what
/// `HonouredFields` keeps from a function, since whoever calls the runtime has the host's privileges already.
enum UnbuiltFields {
    static func check(_ config: OCIConfig) throws(InvalidInput) {
        let namespaces = try NamespaceChoice(config.linux)
        let linux = config.linux
        try refuse(
            "linux.netDevices", linux?.netDevices?.isEmpty == false,
            "who makes the network namespace moves interfaces there")
        try refuse(
            "linux.intelRdt", linux?.intelRdt != nil, "classes of caches and bandwidth are not set")
        try refuse(
            "linux.memoryPolicy", linux?.memoryPolicy != nil, "it is of version 1.3 of the specification",
            allowed: "linux.resources.cpu.mems")
        for parameter in try Sysctl.all(linux?.sysctl) {
            let kind: NamespaceChoice.Kinds =
                switch parameter.namespace {
                case .ipc: .ipc
                case .uts: .uts
                default: .network
                }
            try refuse(
                "linux.sysctl.\(parameter.name)", !namespaces.has(kind),
                "it would be the host's: the container has no \(parameter.namespace.rawValue) namespace",
                allowed: "one in linux.namespaces")
        }
        try linux?.seccomp?.checkListener()
        try checkLabels(config)
    }

    /// Labels are given by files of proc: with something else in its place they would be given to nobody.
    private static func checkLabels(_ config: OCIConfig) throws(InvalidInput) {
        let labels = [
            ("process.apparmorProfile", config.process.apparmorProfile),
            ("process.selinuxLabel", config.process.selinuxLabel),
        ]
        let proc = (config.mounts ?? []).last { MountCompiler.normalized($0.destination) == "/proc" }
        for (path, label) in labels where label?.isEmpty == false {
            try refuse(
                path, proc?.type != "proc", "there is no proc at /proc by which it is given",
                allowed: "a mount of type proc at /proc")
        }
    }

    private static func refuse(
        _ path: String, _ asked: Bool, _ reason: String, allowed: String = "leave it out"
    ) throws(InvalidInput) {
        if asked { throw InvalidInput(path, "is not honoured: \(reason)", allowed: allowed) }
    }
}
