internal import LinuxSystem
internal import OCI
internal import Sandbox

/// What is in a container's /dev whatever its configuration says (config-linux.md, "Default Devices"; runtime-linux.md,
/// "Dev symbolic links"): nodes of the host's.
struct ContainerDevices {
    let config: OCIConfig

    func steps() -> [LaunchPlan.Step] {
        // Who brings a whole /dev has what is to be there.
        let isForeign = (config.mounts ?? []).contains { mount in
            let options = mount.options ?? []
            return MountCompiler.normalized(mount.destination) == "/dev"
                && (mount.type == "bind" || options.contains("bind") || options.contains("rbind"))
        }
        if isForeign { return [] }
        return MountCompiler.nodes.map {
            .bind(source: "/dev/\($0)", target: "/dev/\($0)", attributes: [.noSetuid, .noExecute])
        } + MountCompiler.links.map { .symlink(content: $0.1, target: "/dev/\($0.0)") }
    }
}
