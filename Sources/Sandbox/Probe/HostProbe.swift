internal import CLinux
internal import Core
internal import Glibc
internal import LinuxSystem

/// What of this host containers need, for `torpor system check`: found by trying, not by guessing from versions.
package struct HostProbe: Sendable, Hashable {
    /// One need.
    package struct Finding: Sendable, Hashable {
        package let name: String
        package let isThere: Bool
        /// What was seen: a version, a place, the kernel's refusal.
        package let detail: String
        /// What does not work without it; empty when it is there.
        package let cost: String
        /// What to do about it; empty when it is there.
        package let remedy: String
        /// Whether nothing works without it.
        package let isEssential: Bool
    }

    package let findings: [Finding]

    /// Looks at everything; makes nothing that outlives the call. Blocks for some milliseconds.
    /// - Parameters:
    ///   - uidBase: first id of the functions' range. - images: the image store's directory.
    package init(uidBase: UInt32, images: String) {
        findings = [
            Self.kernel(), Self.cgroup(), Self.controllers(), Self.deviceControl(),
            Self.userNamespaces(uidBase: uidBase),
            Self.imageFiles(in: images, uidBase: uidBase), Self.overlay(), Self.proc(),
        ]
    }

    private static func found(_ name: String, _ detail: String, essential: Bool = true) -> Finding {
        Finding(name: name, isThere: true, detail: detail, cost: "", remedy: "", isEssential: essential)
    }

    private static func kernel() -> Finding {
        let release = (try? File.text("/proc/sys/kernel/osrelease").filter { !$0.isWhitespace }) ?? "unknown"
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        let isNew = numbers.count == 2 && (numbers[0], numbers[1]) >= (6, 1)
        if isNew { return found("kernel", release) }
        return Finding(
            name: "kernel", isThere: false, detail: release, cost: "containers may not start",
            remedy: "use Linux 6.1 or newer", isEssential: true)
    }

    private static func location() -> CgroupLocation? {
        guard let mountinfo = try? File.text("/proc/self/mountinfo"),
            let membership = try? File.text("/proc/self/cgroup")
        else { return nil }
        return CgroupLocation(mountinfo: mountinfo, membership: membership)
    }

    private static func cgroup() -> Finding {
        let name = "cgroup v2"
        let cost = "no function can be frozen, and none is limited"
        guard let own = location() else {
            return Finding(
                name: name, isThere: false, detail: "not mounted", cost: cost,
                remedy: "boot with systemd.unified_cgroup_hierarchy=1, or mount cgroup2", isEssential: false)
        }
        if access(own.directory, W_OK) == 0 { return found(name, own.directory, essential: false) }
        return Finding(
            name: name, isThere: false, detail: "\(own.directory) is not writable", cost: cost,
            remedy: "run torpord as a service with Delegate=yes, or as root", isEssential: false)
    }

    private static func controllers() -> Finding {
        let wanted = ["memory", "cpu", "pids"]
        let file = location().flatMap { try? File.text($0.directory + "/cgroup.controllers") } ?? ""
        let offered = file.split(whereSeparator: \.isWhitespace).map(String.init)
        let missing = wanted.filter { !offered.contains($0) }
        if missing.isEmpty {
            return found("controllers", offered.joined(separator: " "), essential: false)
        }
        return Finding(
            name: "controllers", isThere: false, detail: "missing: \(missing.joined(separator: " "))",
            cost: "limits on \(missing.joined(separator: ", ")) cannot be named by a function",
            remedy:
                "take them from cgroup v1 (systemd.unified_cgroup_hierarchy=1); for memory on some boards, "
                + "boot with cgroup_enable=memory",
            isEssential: false)
    }

    private static func deviceControl() -> Finding {
        let name = "device control"
        do throws(KernelError) {
            _ = try DeviceControl(.standard)
            return found(name, "by eBPF programs", essential: false)
        } catch {
            return Finding(
                name: name, isThere: false, detail: "\(error.call): \(error.reason)",
                cost: "only their user namespace keeps functions from devices",
                remedy: "run torpord as root of the host, on a kernel with CONFIG_CGROUP_BPF",
                isEssential: false)
        }
    }

    private static func userNamespaces(uidBase: UInt32) -> Finding {
        let name = "user namespaces"
        let ids = hostIDs(uidBase)
        let map = ids.first == nil ? "0 \(getuid()) 1\n" : map(uidBase)
        let namespace = clinux_userns(map, map)
        if namespace >= 0 { _ = clinux_close(namespace) }
        // Mapping a group needs more than mapping a user; where only that is refused, rootless still works.
        if namespace >= 0 || ids.first == nil && -namespace == EPERM {
            return ids.areShared
                ? shared(name, ids) : found(name, "\(ids.ranges) ranges of ids from \(uidBase) on")
        }
        return Finding(
            name: name, isThere: false, detail: KernelError("clone3", code: -namespace).reason,
            cost: "no container can be made",
            remedy:
                "raise user.max_user_namespaces, and allow kernel.unprivileged_userns_clone where it exists",
            isEssential: true)
    }

    private static func hostIDs(_ uidBase: UInt32) -> HostIDs {
        (try? IDMap.hostIDs(from: uidBase)) ?? HostIDs(first: uidBase, ranges: 0)
    }

    private static func map(_ uidBase: UInt32) -> String { "0 \(uidBase) \(Limits.containerIDs)\n" }

    private static func shared(_ name: String, _ ids: HostIDs) -> Finding {
        Finding(
            name: name, isThere: false,
            detail: ids.first.map { "one range of ids, from \($0) on" } ?? "one id",
            cost: "functions are not kept apart by user ids",
            remedy: "run torpord where it has every id, or give its user namespace two ranges or more from "
                + "uid-base on, of \(Limits.containerIDs) each",
            isEssential: false)
    }

    /// A function sees the files of its image through the map of its ids (mount_setattr(2)), which not every file system
    /// can do.
    private static func imageFiles(in directory: String, uidBase: UInt32) -> Finding {
        let name = "image files"
        guard hostIDs(uidBase).first != nil else { return found(name, "as they are") }
        do {
            let namespace = SharedFD(
                OwnedFD(owning: try check(clinux_userns(map(uidBase), map(uidBase)), "clone3")))
            let mount = try DetachedMount(copying: directory)
            try mount.mapIDs(namespace, of: directory)
            return found(name, "id-mapped in \(directory)")
        } catch {
            return Finding(
                name: name, isThere: false, detail: "\(directory) cannot be id-mapped: \(error.reason)",
                cost: "no container has a root file system",
                remedy: "keep the state directory on ext4, xfs or btrfs; tmpfs needs Linux 6.3",
                isEssential: true)
        }
    }

    private static func overlay() -> Finding {
        do {
            _ = try FilesystemContext("overlay")
            return found("overlay", "available")
        } catch {
            return Finding(
                name: "overlay", isThere: false, detail: error.reason,
                cost: "no container has a root file system", remedy: "modprobe overlay", isEssential: true)
        }
    }

    /// The kernel lets a container mount proc only where nothing of the daemon's own is hidden.
    private static func proc() -> Finding {
        let mountinfo = (try? File.text("/proc/self/mountinfo")) ?? ""
        let covered = mountinfo.split(separator: "\n").compactMap { line -> String? in
            let fields = line.split(separator: " ")
            guard fields.count > 4, fields[4].hasPrefix("/proc/"), fields[4] != "/proc/sys/fs/binfmt_misc"
            else {
                return nil
            }
            return String(fields[4])
        }
        if covered.isEmpty || getuid() == 0 && hostIDs(0).first != nil {
            return found("proc", "unmasked")
        }
        return Finding(
            name: "proc", isThere: false, detail: "covered: \(covered.prefix(3).joined(separator: " "))",
            cost: "no container can mount its own /proc",
            remedy: "run the daemon outside of a container, or in one with an unmasked /proc",
            isEssential: true)
    }
}
