internal import CLinux
internal import Glibc
package import LinuxSystem

/// A device program that the kernel has taken, to be attached to as many cgroups as there are.
///
/// A device may be used where the programs of the cgroup and of every one above it allow it: a child can only narrow.
/// Needs the capabilities CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN of the initial user namespace. Any thread.
package final class DeviceControl: Sendable {
    private let program: OwnedFD

    /// - Throws: `KernelError`; EPERM in a user namespace, EINVAL where the kernel has no CONFIG_CGROUP_BPF.
    package init(_ rules: DeviceRules) throws(KernelError) {
        let instructions = DeviceProgram(rules).instructions
        var log = [CChar](repeating: 0, count: 8192)
        let result = clinux_device_program(
            instructions, UInt32(instructions.count), &log, UInt32(log.count))
        guard result >= 0 else {
            throw KernelError("bpf(BPF_PROG_LOAD)", subject: Self.complaint(log), code: -result)
        }
        program = OwnedFD(owning: result)
    }

    /// Attached programs of one cgroup that are looked at; the kernel has BPF_CGROUP_MAX_PROGS, which is 64.
    private static let programs = 64

    /// Makes it the one program of this very cgroup, in the place of what was attached there: at no moment is there less
    /// than the narrower of both. It stays for as long as the cgroup does.
    /// - Parameter cgroup: descriptor of its directory.
    package func attach(to cgroup: Int32) throws(KernelError) {
        var ids = [UInt32](repeating: 0, count: Self.programs)
        let count = try check(
            clinux_device_attached(cgroup, &ids, UInt32(ids.count)), "bpf(BPF_PROG_QUERY)",
            subject: "devices")
        var earlier: [SharedFD] = []
        for id in ids.prefix(Int(count)) {
            let found = clinux_device_program_with_id(id)
            if found == -ENOENT { continue }
            earlier.append(
                SharedFD(OwnedFD(owning: try check(found, "bpf(BPF_PROG_GET_FD_BY_ID)", subject: "devices"))))
        }
        try check(
            clinux_device_attach(cgroup, program.raw, earlier.count == 1 ? earlier[0].raw : -1),
            "bpf(BPF_PROG_ATTACH)", subject: "devices")
        guard earlier.count > 1 else { return }
        for old in earlier { _ = clinux_device_detach(cgroup, old.raw) }
    }

    /// The same for a cgroup that was just made, which has no program: a third of the time.
    func attach(toNew cgroup: Int32) throws(KernelError) {
        try check(
            clinux_device_attach(cgroup, program.raw, -1), "bpf(BPF_PROG_ATTACH)", subject: "devices")
    }

    /// For a container: loads the rules' program and makes it this cgroup's.
    package static func attach(_ rules: DeviceRules, to cgroup: Int32) throws(KernelError) {
        try DeviceControl(rules).attach(to: cgroup)
    }

    /// The last line but the verifier's statistics.
    private static func complaint(_ log: [CChar]) -> String {
        let text = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("processed ") }
        return lines.last.map { String($0.prefix(200)) } ?? "devices"
    }
}
