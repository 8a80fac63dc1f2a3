/* What a hostile function tries, one attempt after the other:
 *
 *     probe NAME[=ARGUMENT]…
 *
 * Each attempt is made in a child of its own and told as one line, "NAME ok" or "NAME ERRNO". An attempt that succeeds
 * does no harm: files are opened and not written, values are written as they are, processes are sent signal 0. */
#include "probe.h"

static int errno_of(long result) { return result < 0 ? errno : 0; }

/* MARK: System calls */

static int try_mount(const char *type) { return errno_of(mount("none", "/tmp", type, 0, 0)); }
static int try_unshare(const char *a) { (void)a; return errno_of(unshare(CLONE_NEWUSER)); }

static int try_clone3(const char *a) {
    (void)a;
    uint64_t args[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD}; /* struct clone_args */
    long child = syscall(SYS_clone3, args, sizeof args);
    if (child == 0) _exit(0);
    return errno_of(child);
}

static int try_setns(const char *a) {
    (void)a;
    int space = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    return space < 0 ? errno : errno_of(setns(space, CLONE_NEWUTS));
}

static int try_keyctl(const char *a) {
    (void)a;
    return errno_of(syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, 0, 0, 0, 0));
}

static int try_add_key(const char *a) {
    (void)a;
    return errno_of(syscall(SYS_add_key, "user", "probe", "x", 1, -2 /* KEY_SPEC_PROCESS_KEYRING */));
}

/* EBADF: the kernel has looked for the map. */
static int try_bpf(const char *a) {
    (void)a;
    uint64_t attributes[16] = {(uint32_t)-1};
    return errno_of(syscall(SYS_bpf, 1 /* BPF_MAP_LOOKUP_ELEM */, attributes, sizeof attributes));
}

/* A map of one element: what a program that is loaded begins with. */
static int try_bpf_map(const char *a) {
    (void)a;
    uint32_t attributes[32] = {2 /* BPF_MAP_TYPE_ARRAY */, 4, 4, 1};
    return errno_of(syscall(SYS_bpf, 0 /* BPF_MAP_CREATE */, attributes, sizeof attributes));
}

/* EFAULT: the kernel has looked for what is to be counted. */
static int try_perf(const char *a) { (void)a; return errno_of(syscall(SYS_perf_event_open, 0, 0, -1, -1, 0)); }

/* The whole processor's clock, others' processes and the kernel included. */
static int try_perf_all(const char *a) {
    (void)a;
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_CPU_CLOCK};
    return errno_of(syscall(SYS_perf_event_open, &event, -1, 0, -1, 0));
}

static int try_userfaultfd(const char *a) { (void)a; return errno_of(syscall(SYS_userfaultfd, 1 /* USER_MODE_ONLY */)); }
static int try_io_uring(const char *a) { (void)a; return errno_of(syscall(SYS_io_uring_setup, 1, 0)); }
static int try_vsock(const char *a) { (void)a; return errno_of(socket(AF_VSOCK, SOCK_STREAM, 0)); }
static int try_personality(const char *a) { (void)a; return errno_of(personality(ADDR_NO_RANDOMIZE)); }

static int try_raw_socket(const char *a) { (void)a; return errno_of(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
static int try_packet_socket(const char *a) { (void)a; return errno_of(socket(AF_PACKET, SOCK_RAW, 0)); }

/* In a network of its own it may. */
static int try_own_raw_socket(const char *a) { return unshare(CLONE_NEWUSER | CLONE_NEWNET) ? errno : try_raw_socket(a); }

/* EBADF: the kernel would have loaded it. ENOENT: it would have unloaded it. */
static int try_module(const char *a) { (void)a; return errno_of(syscall(SYS_finit_module, -1, "", 0)); }
static int try_unload(const char *a) { (void)a; return errno_of(syscall(SYS_delete_module, "no_such_module", O_NONBLOCK)); }

/* The size of the kernel's log. */
static int try_log(const char *a) { (void)a; return errno_of(syscall(SYS_syslog, 10, 0, 0)); }
static int try_nice(const char *a) { (void)a; return errno_of(setpriority(PRIO_PROCESS, 0, -5)); }
static int try_swap(const char *a) { (void)a; return errno_of(syscall(SYS_swapon, "/no/such/swap", 0)); }

/* ENOENT: the kernel would have mounted it, had there been one. */
static int try_disk(const char *a) { (void)a; return errno_of(mount("/no/such/disk", "/tmp", "ext4", 0, 0)); }
static int try_sethostname(const char *a) {
    (void)a;
    char name[65] = "";
    gethostname(name, sizeof name - 1);
    return errno_of(sethostname(name, strlen(name)));
}

/* MARK: Files and devices */

static int try_read(const char *path) {
    char byte;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    long count = file < 0 ? -1 : read(file, &byte, 1);
    return count < 0 ? errno : count == 0 ? ENODATA : 0;
}

static int try_open_to_write(const char *path) { return errno_of(open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)); }

/* Writes back what was read. */
static int try_rewrite(const char *path) {
    char text[64];
    int file = open(path, O_RDWR | O_CLOEXEC);
    long count = file < 0 ? -1 : pread(file, text, sizeof text, 0);
    return count < 0 ? errno : errno_of(pwrite(file, text, count, 0));
}

static int try_create(const char *path) {
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) unlink(path);
    return errno_of(file);
}

/* What is mounted there becomes writable, and the file below it is opened. "MOUNT:FILE" */
static int try_remount(const char *both) {
    char place[256];
    const char *colon = strchr(both, ':');
    struct mount_attr change = {.attr_clr = MOUNT_ATTR_RDONLY};
    snprintf(place, sizeof place, "%.*s", (int)(colon - both), both);
    if (syscall(SYS_mount_setattr, AT_FDCWD, place, 0, &change, sizeof change)) return errno;
    return try_open_to_write(colon + 1);
}

/* A node of null (1, 3), which is opened, too. */
static int try_mknod(const char *path) {
    unlink(path);
    if (mknod(path, S_IFCHR | 0666, makedev(1, 3))) return errno;
    int result = try_open_to_write(path);
    unlink(path);
    return result;
}

static int try_chroot(const char *marker) {
    char name[] = "/tmp/chroot.XXXXXX";
    int here = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here < 0 || !mkdtemp(name) || chroot(name) || fchdir(here)) return errno;
    for (int i = 0; i < 64; i++)
        if (chdir("..")) return errno;
    return chroot(".") ? errno : errno_of(access(marker, F_OK));
}

/* The first of the descriptors that lead somewhere beside the three every process has: "PATH" below it. */
static int try_leaked(const char *below) {
    for (int i = 3; i < 1024; i++) {
        int file = openat(i, below, O_RDONLY | O_CLOEXEC);
        if (file >= 0) return 0;
    }
    return ENOENT;
}

/* Below the working directory. */
static int try_here(const char *below) { return errno_of(open(below, O_RDONLY | O_CLOEXEC)); }

/* MARK: Others */

static int try_signal(const char *pid) { return errno_of(kill(atoi(pid), 0)); }
static int try_attach(const char *pid) { return errno_of(ptrace(PTRACE_SEIZE, atoi(pid), 0, 0)); }
static int try_shared_memory(const char *key) { return errno_of(shmget(atoi(key), 0, 0)); }

static int try_abstract_socket(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t length = strnlen(name, sizeof address.sun_path - 1);
    memcpy(address.sun_path + 1, name, length);
    return errno_of(connect(end, (struct sockaddr *)&address, sizeof(sa_family_t) + 1 + length));
}

static int try_hostname(const char *name) {
    char own[65] = "";
    gethostname(own, sizeof own - 1);
    return strcmp(own, name) ? ENOENT : 0;
}

/* MARK: What is there of it */

static int try_descriptors(const char *count) {
    for (int left = atoi(count); left > 0; left--)
        if (open("/", O_PATH | O_DIRECTORY) < 0) return errno;
    return 0;
}

/* "PATH:MEBIBYTES" */
static int try_fill(const char *both) {
    char path[256];
    const char *colon = strchr(both, ':');
    snprintf(path, sizeof path, "%.*s/filler", (int)(colon - both), both);
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), result = 0;
    if (file < 0) return errno;
    for (long i = 0, most = atol(colon + 1); i < most && !result; i++)
        result = errno_of(fallocate(file, 0, i << 20, 1 << 20));
    unlink(path);
    return result;
}

static const struct attempt {
    const char *name;
    int (*run)(const char *argument);
} attempts[] = {
    {"mount", try_mount}, {"unshare", try_unshare}, {"clone3", try_clone3}, {"setns", try_setns},
    {"keyctl", try_keyctl}, {"add-key", try_add_key}, {"bpf", try_bpf}, {"bpf-map", try_bpf_map},
    {"perf", try_perf}, {"perf-all", try_perf_all}, {"userfaultfd", try_userfaultfd},
    {"io-uring", try_io_uring}, {"vsock", try_vsock}, {"personality", try_personality},
    {"raw-socket", try_raw_socket}, {"packet-socket", try_packet_socket}, {"own-raw-socket", try_own_raw_socket},
    {"module", try_module}, {"unload", try_unload}, {"log", try_log}, {"nice", try_nice}, {"swap", try_swap},
    {"disk", try_disk}, {"sethostname", try_sethostname}, {"read", try_read}, {"open", try_open_to_write},
    {"rewrite", try_rewrite}, {"create", try_create}, {"remount", try_remount}, {"mknod", try_mknod},
    {"chroot", try_chroot}, {"leaked", try_leaked}, {"here", try_here}, {"signal", try_signal},
    {"attach", try_attach}, {"shared-memory", try_shared_memory}, {"abstract-socket", try_abstract_socket},
    {"hostname", try_hostname}, {"descriptors", try_descriptors}, {"fill", try_fill}, {"program", try_program},
    {"sealed", try_sealed}, {"unsealed", try_unsealed}, {"hold", try_hold},
};

static void make(const char *wish) {
    size_t length = strcspn(wish, "=");
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        if (strlen(attempts[i].name) != length || strncmp(attempts[i].name, wish, length)) continue;
        int result = attempts[i].run(wish[length] ? wish + length + 1 : "");
        const char *name = result ? strerrorname_np(result) : "ok";
        printf("%s %s\n", wish, name ? name : "unknown");
        return;
    }
    printf("%s no such probe\n", wish);
}

int main(int count, char **wishes) {
    setvbuf(stdout, 0, _IOLBF, 0);
    if (count == 2 && !strcmp(wishes[1], "wait")) {
        puts("waiting");
        return pause();
    }
    for (int i = 1; i < count; i++) {
        pid_t child = fork();
        if (child < 0) return 1;
        if (child == 0) {
            make(wishes[i]);
            fflush(stdout);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        if (status) printf("%s status %d\n", wishes[i], status);
    }
    return 0;
}
