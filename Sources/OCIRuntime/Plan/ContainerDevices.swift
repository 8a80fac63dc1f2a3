internal import Core
internal import LinuxSystem
internal import OCI
internal import Sandbox

/// What is in a container's /dev whatever its configuration says (config-linux.md, "Default Devices"; runtime-linux.md,
/// "Dev symbolic links"), which are nodes of the host's, and what it says.
struct ContainerDevices {
    /// Before the pivot, where the host's nodes are in reach.
    private(set) var early: [LaunchPlan.Step] = []
    /// After it, where a path cannot lead out of the container.
    private(set) var late: [LaunchPlan.Step] = []

    /// - Parameter bindsNodes: none can be made, as in a user namespace: those of the host at the same paths are bound.
    init(config: OCIConfig, bindsNodes: Bool) throws(InvalidInput) {
        // Who brings a whole /dev has what is to be there.
        let isForeign = (config.mounts ?? []).contains { mount in
            let options = mount.options ?? []
            return MountCompiler.normalized(mount.destination) == "/dev"
                && (mount.type == "bind" || options.contains("bind") || options.contains("rbind"))
        }
        if !isForeign {
            early += MountCompiler.nodes.map { Self.bind("/dev/\($0)") }
            early += MountCompiler.links.map { .symlink(content: $0.1, target: "/dev/\($0.0)") }
        }
        for (index, device) in (config.linux?.devices ?? []).enumerated() where !DefaultDevice.isOne(device) {
            let place = "linux.devices[\(index)]"
            let path = MountCompiler.normalized(device.path)
            guard device.path.utf8.first == UInt8(ascii: "/"), path != "/", !path.contains("/../") else {
                throw InvalidInput(
                    place + ".path", "'\(device.path.prefix(80))' is none", allowed: "an absolute path")
            }
            if isForeign && path.hasPrefix("/dev/") { continue }
            // Anybody may make a pipe.
            if bindsNodes && device.type != "p" {
                early.append(Self.bind(path))
            } else {
                let parent = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? ""
                if !parent.isEmpty { early.append(.directory(parent, mode: 0o755)) }
                late += try Self.make(device, path, place)
            }
        }
    }

    /// Read-only, which keeps nobody from writing to the device: but its mode and owner are the host's.
    private static func bind(_ path: String) -> LaunchPlan.Step {
        .bind(source: path, target: path, attributes: [.noSetuid, .noExecute, .readOnly])
    }

    private static func make(
        _ device: OCIConfig.Device, _ path: String, _ place: String
    ) throws(InvalidInput) -> [LaunchPlan.Step] {
        let kinds: [String: UInt64] = ["c": 0o020000, "u": 0o020000, "b": 0o060000, "p": 0o010000]
        guard let kind = kinds[device.type] else {
            throw InvalidInput(
                place + ".type", "'\(device.type.prefix(40))' is none", allowed: "c, b, u or p")
        }
        let isFifo = device.type == "p"
        guard let major = isFifo ? 0 : device.major, let minor = isFifo ? 0 : device.minor,
            (0..<1 << 12).contains(major), (0..<1 << 20).contains(minor)
        else {
            throw InvalidInput(
                place, "has no numbers of a device", allowed: "major 0 to 4095, minor 0 to 1048575")
        }
        let mode = UInt64(device.fileMode ?? 0o666) & 0o7777
        // As mknod(2) takes it: the minor number's upper bits stand above the major's.
        let number = UInt64(minor & 0xff | major << 8 | (minor & ~0xff) << 12)
        let purpose = "make \(place) \(path)"
        let here = SystemCall.Argument.number(UInt64(bitPattern: -100))
        func call(_ name: SystemCall.Name, _ arguments: [UInt64]) -> LaunchPlan.Step {
            .call(
                SystemCall(name, [here, .text(path)] + arguments.map { .number($0) }, purpose: purpose))
        }
        return [
            call(.mknodat, [kind | mode, number]),
            // The mode above was subject to the caller's umask.
            call(.fchmodat, [mode]),
            call(.fchownat, [UInt64(device.uid ?? 0), UInt64(device.gid ?? 0), 0]),
        ]
    }
}
