/// Numbers of this machine's system calls, from the kernel's tables and not from libseccomp.
enum SyscallNumbers {
    #if arch(x86_64)
        static let table: [String: UInt32] = [
            "read": 0, "write": 1, "mmap": 9, "socket": 41, "connect": 42, "clone": 56, "execve": 59,
            "exit_group": 231, "personality": 135, "mount": 165, "umount2": 166, "reboot": 169,
            "init_module": 175, "settimeofday": 164, "ptrace": 101, "chroot": 161, "add_key": 248,
            "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298, "setns": 308,
            "finit_module": 313, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "clone3": 435,
            "openat2": 437, "kexec_load": 246, "swapon": 167, "syslog": 103, "open_by_handle_at": 304,
            "getrandom": 318, "futex": 202, "epoll_wait": 232, "mount_setattr": 442,
        ]
    #else
        static let table: [String: UInt32] = [
            "read": 63, "write": 64, "mmap": 222, "socket": 198, "connect": 203, "clone": 220, "execve": 221,
            "exit_group": 94, "personality": 92, "mount": 40, "umount2": 39, "reboot": 142,
            "init_module": 105, "settimeofday": 170, "ptrace": 117, "chroot": 51, "add_key": 217,
            "request_key": 218, "keyctl": 219, "unshare": 97, "perf_event_open": 241, "setns": 268,
            "finit_module": 273, "bpf": 280, "userfaultfd": 282, "io_uring_setup": 425, "clone3": 435,
            "openat2": 437, "kexec_load": 104, "swapon": 224, "syslog": 116, "open_by_handle_at": 265,
            "getrandom": 278, "futex": 98, "epoll_pwait": 22, "mount_setattr": 442,
        ]
    #endif
}
