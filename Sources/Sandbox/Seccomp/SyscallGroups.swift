/// System calls by what they are for. Names that libseccomp does not know, or that the architecture does not have, fall
/// away when the filter is compiled.
enum SyscallGroups {
    static let everyday =
        files + fileMetadata + extendedAttributes + directories + readingAndWriting + memory + processes
        + identity + signals + time + scheduling + waiting + sockets + systemVIPC + messageQueues
        + information
        + confinement + architecture

    static let files = [
        "access", "chdir", "close", "close_range", "copy_file_range", "creat", "dup", "dup2", "dup3",
        "faccessat",
        "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir", "fcntl", "fcntl64", "flock",
        "ftruncate", "ftruncate64", "ioctl", "memfd_create", "memfd_secret", "name_to_handle_at", "open",
        "openat", "openat2", "truncate", "truncate64", "umask",
    ]

    static let fileMetadata = [
        "chmod", "chown", "chown32", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32", "fchownat",
        "file_getattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "futimesat", "lchown",
        "lchown32", "lstat", "lstat64", "newfstatat", "readlink", "readlinkat", "stat", "stat64", "statfs",
        "statfs64", "statx", "utime", "utimensat", "utimensat_time64", "utimes",
    ]

    static let extendedAttributes = [
        "fgetxattr", "flistxattr", "fremovexattr", "fsetxattr", "getxattr", "getxattrat", "lgetxattr",
        "listxattr", "listxattrat", "llistxattr", "lremovexattr", "lsetxattr", "removexattr", "removexattrat",
        "setxattr", "setxattrat",
    ]

    static let directories = [
        "getcwd", "getdents", "getdents64", "link", "linkat", "mkdir", "mkdirat", "mknod", "mknodat",
        "rename",
        "renameat", "renameat2", "rmdir", "symlink", "symlinkat", "unlink", "unlinkat",
    ]

    static let readingAndWriting = [
        "_llseek", "fdatasync", "fsync", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents",
        "io_pgetevents_time64", "io_setup", "io_submit", "lseek", "pipe", "pipe2", "pread64", "preadv",
        "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readv", "sendfile", "sendfile64",
        "splice", "sync", "sync_file_range", "syncfs", "tee", "vmsplice", "write", "writev",
    ]

    static let memory = [
        "brk", "cachestat", "madvise", "map_shadow_stack", "membarrier", "mincore", "mlock", "mlock2",
        "mlockall",
        "mmap", "mmap2", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall", "munmap",
        "pkey_alloc",
        "pkey_free", "pkey_mprotect", "process_mrelease", "remap_file_pages",
    ]

    /// Also tracing of a process's own kind, which since Linux 4.8 cannot get round the filter.
    static let processes = [
        "execve", "execveat", "exit", "exit_group", "fork", "get_robust_list", "getpgid", "getpgrp", "getpid",
        "getppid", "getsid", "gettid", "pidfd_open", "prctl", "process_vm_readv", "process_vm_writev",
        "ptrace",
        "restart_syscall", "rseq", "set_robust_list", "set_tid_address", "setpgid", "setsid", "vfork",
        "wait4",
        "waitid", "waitpid",
    ]

    static let identity = [
        "capget", "capset", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups",
        "getgroups32", "getresgid", "getresgid32", "getresuid", "getresuid32", "getuid", "getuid32",
        "setfsgid",
        "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups", "setgroups32", "setregid",
        "setregid32", "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
        "setuid", "setuid32",
    ]

    static let signals = [
        "kill", "pause", "pidfd_send_signal", "rt_sigaction", "rt_sigpending", "rt_sigprocmask",
        "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_sigtimedwait_time64",
        "rt_tgsigqueueinfo", "sigaltstack", "signalfd", "signalfd4", "sigprocmask", "sigreturn", "tgkill",
        "tkill",
    ]

    /// Setting a clock is refused by the kernel without CAP_SYS_TIME; adjtimex(2) and its like also read.
    static let time = [
        "adjtimex", "alarm", "clock_adjtime", "clock_adjtime64", "clock_getres", "clock_getres_time64",
        "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "getitimer",
        "gettimeofday", "nanosleep", "setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun",
        "timer_gettime", "timer_gettime64", "timer_settime", "timer_settime64", "timerfd_create",
        "timerfd_gettime", "timerfd_gettime64", "timerfd_settime", "timerfd_settime64", "times",
    ]

    static let scheduling = [
        "getcpu", "getpriority", "getrlimit", "getrusage", "ioprio_get", "ioprio_set", "prlimit64",
        "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
        "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
        "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield",
        "setpriority", "setrlimit", "ugetrlimit",
    ]

    static let waiting = [
        "_newselect", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait",
        "epoll_pwait2", "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "fanotify_mark", "futex",
        "futex_requeue", "futex_time64", "futex_wait", "futex_waitv", "futex_wake", "inotify_add_watch",
        "inotify_init", "inotify_init1", "inotify_rm_watch", "poll", "ppoll", "ppoll_time64", "pselect6",
        "pselect6_time64", "select",
    ]

    /// All but socket(2) itself, whose family is looked at.
    static let sockets = [
        "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recv",
        "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto",
        "setsockopt", "shutdown", "socketcall", "socketpair",
    ]

    static let systemVIPC = [
        "ipc", "msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop",
        "semtimedop_time64", "shmat", "shmctl", "shmdt", "shmget",
    ]

    static let messageQueues = [
        "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend",
        "mq_timedsend_time64", "mq_unlink",
    ]

    static let information = ["getrandom", "sysinfo", "uname"]

    static let confinement = [
        "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "seccomp",
    ]

    /// x86_64 and i386, then arm64 and arm.
    static let architecture = [
        "arch_prctl", "get_thread_area", "modify_ldt", "set_thread_area", "uretprobe",
        "arm_fadvise64_64", "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls", "sync_file_range2",
    ]

    struct TiedGroup: Sendable {
        /// Any one of them is enough.
        let capabilities: [String]
        let names: [String]
    }

    static let tiedToCapabilities = [
        TiedGroup(capabilities: ["CAP_DAC_READ_SEARCH"], names: ["open_by_handle_at"]),
        TiedGroup(
            capabilities: ["CAP_SYS_ADMIN"],
            names: [
                "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "listmount",
                "lookup_dcookie", "mount", "mount_setattr", "move_mount", "open_tree", "open_tree_attr",
                "quotactl", "quotactl_fd", "setdomainname", "sethostname", "setns", "statmount", "umount",
                "umount2", "unshare",
            ]),
        TiedGroup(capabilities: ["CAP_SYS_ADMIN", "CAP_BPF"], names: ["bpf"]),
        TiedGroup(capabilities: ["CAP_SYS_ADMIN", "CAP_PERFMON"], names: ["perf_event_open"]),
        TiedGroup(capabilities: ["CAP_SYS_ADMIN", "CAP_SYSLOG"], names: ["syslog"]),
        TiedGroup(capabilities: ["CAP_SYS_BOOT"], names: ["reboot"]),
        TiedGroup(capabilities: ["CAP_SYS_CHROOT"], names: ["chroot"]),
        TiedGroup(
            capabilities: ["CAP_SYS_MODULE"], names: ["delete_module", "finit_module", "init_module"]),
        TiedGroup(capabilities: ["CAP_SYS_PACCT"], names: ["acct"]),
        TiedGroup(capabilities: ["CAP_SYS_PTRACE"], names: ["kcmp", "pidfd_getfd", "process_madvise"]),
        TiedGroup(capabilities: ["CAP_SYS_RAWIO"], names: ["ioperm", "iopl"]),
        TiedGroup(
            capabilities: ["CAP_SYS_TIME"],
            names: ["clock_settime", "clock_settime64", "settimeofday", "stime"]),
        TiedGroup(capabilities: ["CAP_SYS_TTY_CONFIG"], names: ["vhangup"]),
        TiedGroup(
            capabilities: ["CAP_SYS_NICE"],
            names: ["get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"]),
    ]
}
