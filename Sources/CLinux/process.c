#include "clinux_process.h"
#include "raw.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RAW_FLAG_UNSHARE (1u << 1) /* CLOSE_RANGE_UNSHARE */
#define RAW_MEMFD_EXEC 0x10u /* MFD_EXEC, Linux 6.3 */

int unshare(int flags);
int setns(int fd, int type);
int memfd_create(const char *name, unsigned flags);
int dup3(int from, int to, int flags);

/* Runs on a stack of its own in the daemon's memory. The first call must be the one that gives the child its own table
 * of descriptors: a dup3 before it would write into the daemon's. */
static int run_child(void *argument) {
    struct clinux_launch *launch = argument;
    static const char *const nothing[] = {"torpor-init", 0};
    int32_t highest = launch->program > launch->socket ? launch->program : launch->socket;
    launch->stage = CLINUX_LAUNCH_DESCRIPTORS;
    launch->error = raw(SYS_close_range, highest + 1, ~0u, RAW_FLAG_UNSHARE, 0, 0);
    if (launch->error >= 0) launch->error = raw(SYS_dup3, launch->socket, 3, 0, 0, 0);
    if (launch->error < 0) return 127;
    launch->stage = CLINUX_LAUNCH_CAPABILITIES;
    if ((launch->error = raise_ambient()) < 0) return 127;
    launch->stage = CLINUX_LAUNCH_EXEC;
    launch->error =
        raw(SYS_execveat, launch->program, (long)"", (long)nothing, (long)(nothing + 1), RAW_EMPTY_PATH);
    return 127;
}

static long clone_child(struct clinux_launch *launch) {
    static _Thread_local char stack[16 << 10] __attribute__((aligned(16)));
    struct clone_args arguments = {
        .flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
                 CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_FILES | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
        .pidfd = (uint64_t)(uintptr_t)&launch->pidfd,
        .child_tid = (uint64_t)(uintptr_t)&launch->running,
        .exit_signal = SIGCHLD,
        .stack = (uint64_t)(uintptr_t)stack,
        .stack_size = sizeof stack,
    };
    if (launch->cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = launch->cgroup;
    }
    /* A signal handler of the daemon must not run in the child, whose memory is the daemon's. */
    uint64_t all = ~0ull, before;
    raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0);
    long pid = clone_on_stack(&arguments, run_child, launch);
    raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0);
    return pid;
}

int32_t clinux_launch_begin(struct clinux_launch *launch) {
    launch->pidfd = -1;
    launch->error = 0;
    launch->running = 1;
    launch->stage = CLINUX_LAUNCH_NETWORK;
    if (launch->network >= 0 && setns(launch->network, CLONE_NEWNET) < 0) return -errno;
    launch->stage = CLINUX_LAUNCH_CLONE;
    long pid = clone_child(launch);
    if (pid < 0) launch->running = 0;
    if (launch->network >= 0 && setns(launch->own_network, CLONE_NEWNET) < 0) {
        int error = errno;
        clinux_launch_finish(launch);
        launch->stage = CLINUX_LAUNCH_RETURN;
        return -error;
    }
    return (int32_t)pid;
}

int32_t clinux_launch_finish(struct clinux_launch *launch) {
    /* Not a private futex: the kernel wakes as for a thread that ends. */
    while (__atomic_load_n(&launch->running, __ATOMIC_ACQUIRE))
        raw(SYS_futex, (long)&launch->running, FUTEX_WAIT, 1, 0, 0);
    return (int32_t)launch->error;
}

int32_t clinux_dup_low(int32_t fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 16);
    return copy < 0 ? -errno : copy;
}

int32_t clinux_dup_onto(int32_t fd, int32_t number) { return dup3(fd, number, O_CLOEXEC) < 0 ? -errno : 0; }

int32_t clinux_pidfd_signal(int32_t pidfd, int32_t signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, 0, 0) < 0 ? -errno : 0;
}

int32_t clinux_pidfd_reap(int32_t pidfd, int32_t *status) {
    siginfo_t information;
    memset(&information, 0, sizeof information);
    if (syscall(SYS_waitid, 3 /* P_PIDFD */, pidfd, &information, WEXITED | WNOHANG | __WALL, 0) < 0) return -errno;
    if (!information.si_pid) return 0;
    *status = information.si_code == CLD_EXITED ? (information.si_status & 0xff) << 8 : information.si_status & 0x7f;
    return 1;
}

int32_t clinux_limit(int32_t resource, uint64_t *soft, uint64_t *hard) {
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) return -errno;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

int32_t clinux_unshare_mounts(void) { return unshare(CLONE_NEWNS | CLONE_FS) < 0 ? -errno : 0; }

int32_t clinux_follow_mounts(void) {
    if (unshare(CLONE_NEWNS | CLONE_FS) < 0) return -errno;
    return mount(0, "/", 0, MS_REC | MS_SLAVE, 0) < 0 ? -errno : 0;
}

int32_t clinux_umask(uint32_t mask) { return (int32_t)umask(mask); }

int32_t clinux_sealed_program(const char *name, const void *bytes, size_t count) {
    /* vm.memfd_noexec may make files that do not ask for it non-executable; before Linux 6.3 nobody can ask. */
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | RAW_MEMFD_EXEC);
    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    size_t done = 0;
    while (done < count) {
        ssize_t written = write(fd, (const char *)bytes + done, count - done);
        if (written <= 0) break;
        done += (size_t)written;
    }
    if (done == count && fchmod(fd, 0555) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

static int write_map(pid_t pid, const char *file, const char *map) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = write(fd, map, strlen(map)) < 0 ? -errno : 0;
    close(fd);
    return result;
}

/* The child only waits to be killed: by its parent, or by the kernel where that is killed first, and without the
 * parent's descriptors, locks among them. It shares no memory, but makes no call of the C library either. */
static void wait_for_the_end(pid_t parent) {
    raw(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    raw(SYS_close_range, 0, ~0u, 0, 0, 0);
    while (raw(SYS_getppid, 0, 0, 0, 0, 0) == parent) raw(SYS_ppoll, 0, 0, 0, 0, 0);
    for (;;) raw(SYS_exit_group, 1, 0, 0, 0, 0);
}

int32_t clinux_userns(const char *users, const char *groups) {
    struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
    pid_t parent = getpid();
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) wait_for_the_end(parent);
    if (pid < 0) return -errno;
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/ns/user", pid);
    int result = write_map((pid_t)pid, "uid_map", users);
    if (result >= 0) result = write_map((pid_t)pid, "gid_map", groups);
    if (result >= 0 && (result = open(path, O_RDONLY | O_CLOEXEC)) < 0) result = -errno;
    kill((pid_t)pid, SIGKILL);
    waitpid((pid_t)pid, 0, 0);
    return result;
}

static int32_t spawn(
    int searches, const char *program, const char *const *arguments, char *const *environment,
    posix_spawn_file_actions_t *actions, short flags) {
    posix_spawnattr_t attributes;
    sigset_t none, broken;
    pid_t child = -1;
    int error = posix_spawnattr_init(&attributes);
    if (error) return -error;
    sigemptyset(&none);
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    error = posix_spawnattr_setsigmask(&attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(&attributes, &broken);
    if (!error)
        error = posix_spawnattr_setflags(
            &attributes, (short)(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    if (!error)
        error = (searches ? posix_spawnp : posix_spawn)(
            &child, program, actions, &attributes, (char *const *)arguments, environment);
    posix_spawnattr_destroy(&attributes);
    return error ? -error : child;
}

static int take_stdio(posix_spawn_file_actions_t *actions, const int wanted[3]) {
    int error = 0;
    for (int number = 0; number < 3 && !error; number++) {
        if (wanted[number] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, wanted[number], number);
        else
            error = posix_spawn_file_actions_addopen(actions, number, "/dev/null", O_RDWR, 0);
    }
    return error;
}

int32_t clinux_spawn_tool(const char *const *arguments, int32_t input, int32_t output, int32_t errors) {
    posix_spawn_file_actions_t actions;
    char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    error = take_stdio(&actions, (int[]){input, output, errors});
    int32_t child = error ? -error : spawn(1, arguments[0], arguments, environment, &actions, 0);
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

int32_t clinux_spawn_program(
    const char *path, const char *const *arguments, const char *const *environment, const char *directory,
    int32_t input, int32_t output, int32_t errors) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    error = take_stdio(&actions, (int[]){input, output, errors});
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    if (!error) error = posix_spawn_file_actions_addchdir_np(&actions, directory);
    int32_t child =
        error ? -error : spawn(0, path, arguments, (char *const *)environment, &actions, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

int32_t clinux_pidfd_open(int32_t pid) {
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : (int32_t)fd;
}

int32_t clinux_kill_group(int32_t group) { return kill(-group, SIGKILL) < 0 ? -errno : 0; }

int32_t clinux_wait_tool(int32_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int32_t clinux_kill_tool(int32_t pid) { return kill(pid, SIGKILL) < 0 ? -errno : 0; }
