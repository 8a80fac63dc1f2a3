internal import Core
internal import OCI

/// Fields that the runtime does not honour: refused by name, since nothing is ignored.
enum UnbuiltFields {
    static func check(_ config: OCIConfig) throws(InvalidInput) {
        let linux = config.linux
        try refuse("linux.seccomp.listenerPath", linux?.seccomp?.listenerPath?.isEmpty == false)
        try refuse("linux.netDevices", linux?.netDevices?.isEmpty == false)
        try refuse("linux.intelRdt", linux?.intelRdt != nil)
        try refuse("linux.memoryPolicy", linux?.memoryPolicy != nil)
        for (index, mount) in (config.mounts ?? []).enumerated() {
            try refuse("mounts[\(index)].uidMappings", mount.uidMappings?.isEmpty == false)
            try refuse("mounts[\(index)].gidMappings", mount.gidMappings?.isEmpty == false)
        }
    }

    private static func refuse(_ path: String, _ asked: Bool) throws(InvalidInput) {
        if asked { throw InvalidInput(path, "is not honoured", allowed: "leave it out") }
    }
}
