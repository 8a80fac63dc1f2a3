internal import Core

/// The part of `HonouredFields` about `linux.resources`: all that cgroup v2 has.
enum HonouredResources {
    static func check(_ resources: OCIConfig.Resources) throws(InvalidInput) {
        let path = "linux.resources"
        for (index, rule) in (resources.devices ?? []).enumerated() {
            try HonouredFields.refuse(
                "\(path).devices[\(index)]", !DefaultDevice.isImplied(by: rule),
                "only the default devices can be used", allowed: DefaultDevice.names)
        }
        try resources.checkCgroupValues()
        for file in (resources.unified ?? [:]).keys.sorted() {
            // The platform freezes and kills by these.
            try HonouredFields.refuse(
                "\(path).unified.\(file)", file.hasPrefix("cgroup."), "it is no controller's file",
                allowed: "such as memory.high")
        }
    }
}
