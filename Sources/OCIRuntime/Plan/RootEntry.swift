internal import Sandbox

/// Steps by which a container leaves the host's file system for its own, where it does not pivot.
struct RootEntry {
    let rootfs: String

    /// What is mounted in the container from here on is mounted nowhere else; what the host mounts still arrives, since a
    /// bind may be told to follow it.
    var shield: LaunchPlan.Step {
        call(
            .mount, [.number(0), .text("/"), .number(0), .number(recursive | slave), .number(0)],
            "keep the container's mounts from the host")
    }

    /// The root of a ramdisk cannot be pivoted from: the new one is moved over it.
    var move: [LaunchPlan.Step] {
        [
            call(.chdir, [.text(rootfs)], "enter the root file system"),
            call(
                .mount, [.text(rootfs), .text("/"), .number(0), .number(moving), .number(0)],
                "move the root file system"),
            call(.chroot, [.text(".")], "change the root"), call(.chdir, [.text("/")], "enter the root"),
        ]
    }

    /// In a mount namespace that others live in their root must stay.
    var change: [LaunchPlan.Step] {
        [call(.chroot, [.text(rootfs)], "change the root"), call(.chdir, [.text("/")], "enter the root")]
    }

    // mount(2).
    private let recursive: UInt64 = 0x4000
    private let moving: UInt64 = 0x2000
    private let slave: UInt64 = 0x8_0000

    private func call(
        _ name: SystemCall.Name, _ arguments: [SystemCall.Argument], _ purpose: String
    ) -> LaunchPlan.Step {
        .call(SystemCall(name, arguments, purpose: purpose))
    }
}
