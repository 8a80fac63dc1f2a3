/* Processes: the first one of a container, and holding on to any of them by pidfd. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Where clinux_launch failed. */
enum {
    CLINUX_LAUNCH_NETWORK = 1, CLINUX_LAUNCH_CLONE, CLINUX_LAUNCH_DESCRIPTORS, CLINUX_LAUNCH_CAPABILITIES,
    CLINUX_LAUNCH_EXEC, CLINUX_LAUNCH_RETURN,
};

/* Stays where it is from begin to finish. */
struct clinux_launch {
    int32_t program;      /* descriptor of a static program; best a low number, see clinux_dup_low */
    int32_t socket;       /* becomes descriptor 3 of the program; best a low number */
    int32_t cgroup;       /* an O_PATH descriptor of the cgroup it is born into, or -1 */
    int32_t network;      /* network namespace it is born into, or -1: the caller's */
    int32_t own_network;  /* where the caller returns to; unused with network -1 */
    int32_t pidfd;        /* result: owned by the caller */
    int32_t stage;        /* result: CLINUX_LAUNCH_* that failed */
    int32_t running;      /* the child still uses the caller's memory */
    int64_t error;        /* the child's own */
};

/* clone3(2) with new user, pid, mount, IPC, UTS and cgroup namespaces, then execveat of the program with no arguments
 * and all capabilities ambient. It inherits descriptors 0, 1, 2 and the socket. Returns the child's pid, which the caller
 * must reap; the caller still has to write its id maps, and may do so at once. The caller's mount namespace is what the
 * child gets a copy of. A failure at CLINUX_LAUNCH_RETURN leaves the calling thread in `network`: it must not go on.
 * Unlike vfork(2) it returns while the child is on its way to the program: until clinux_launch_finish has returned, the
 * thread must live and launch nothing else, and the socket must stay open. Between clone and exec the child shares the
 * caller's memory and makes raw system calls only; signals are blocked.
 * Linux 5.11 (CLOSE_RANGE_UNSHARE 5.9, CLONE_INTO_CGROUP 5.7). */
int32_t clinux_launch_begin(struct clinux_launch *launch);
/* Waits until the program runs. Returns 0, or -errno with the stage when it never will: the child has ended then. */
int32_t clinux_launch_finish(struct clinux_launch *launch);

/* fcntl(F_DUPFD_CLOEXEC) to a number of 16 or above: a process with thousands of descriptors keeps the few that every
 * launch passes on at low numbers, since a launch costs by the highest. Owned. */
int32_t clinux_dup_low(int32_t fd);
/* dup3(2) with O_CLOEXEC: makes number a copy of fd. */
int32_t clinux_dup_onto(int32_t fd, int32_t number);

/* pidfd_send_signal(2). */
int32_t clinux_pidfd_signal(int32_t pidfd, int32_t signal);
/* waitid(P_PIDFD) of an own child, without blocking: 1 when it was reaped, with *status as wait(2) has it; else 0. */
int32_t clinux_pidfd_reap(int32_t pidfd, int32_t *status);

/* getrlimit(2) of the caller. */
int32_t clinux_limit(int32_t resource, uint64_t *soft, uint64_t *hard);
/* unshare(CLONE_NEWNS | CLONE_FS) for the calling thread alone. */
int32_t clinux_unshare_mounts(void);
/* The same, and what is mounted in the namespace before is mounted in the new one from then on, not the other way. */
int32_t clinux_follow_mounts(void);
/* umask(2); returns the one before. It belongs to all threads that share their file system information: to the whole
 * process, or after clinux_unshare_mounts to the calling thread alone. */
int32_t clinux_umask(uint32_t mask);
/* A memfd with the bytes, mode 0555, that nobody can change any more. Owned. */
int32_t clinux_sealed_program(const char *name, const void *bytes, size_t count);
/* A user namespace with these lines of uid_map and gid_map, made by a child that is gone when this returns. Owned.
 * For MOUNT_ATTR_IDMAP. Needs CAP_SETUID, CAP_SETGID and /proc. */
int32_t clinux_userns(const char *users, const char *groups);
/* A tool of the host's by posix_spawnp(3), for what is off every critical path: arguments ends with NULL, the first is the
 * name; the three descriptors become its 0, 1 and 2, and -1 is /dev/null. It gets no other descriptor and a PATH of
 * system directories. Returns its pid, which stays its until clinux_wait_tool, to be called exactly once. */
int32_t clinux_spawn_tool(const char *const *arguments, int32_t input, int32_t output, int32_t errors);
/* A program at a path, by posix_spawn(3), with exactly this environment, in a directory, leading a session of its own. As
 * above for descriptors; beside those three it gets none, not even such as are not close-on-exec. Returns its pid, which
 * the caller reaps: -ENOENT, -EACCES, -ENOEXEC of the program. */
int32_t clinux_spawn_program(
    const char *path, const char *const *arguments, const char *const *environment, const char *directory,
    int32_t input, int32_t output, int32_t errors);
/* pidfd_open(2). Owned. */
int32_t clinux_pidfd_open(int32_t pid);
/* SIGKILL to a process group, which must be known to be there: that of a child that is not reaped. */
int32_t clinux_kill_group(int32_t group);
/* Its exit status, or 128 and the signal. Blocks. */
int32_t clinux_wait_tool(int32_t pid);
int32_t clinux_kill_tool(int32_t pid);
