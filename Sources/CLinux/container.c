#include "clinux_container.h"
#include "raw.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int setns(int fd, int type);

/* In memory that the children share with the caller, whether they share all of it or not. */
struct outcome {
    struct clinux_container *launch;
    long pid, error;
    int32_t stage, failed;
};

static char stack[16 << 10] __attribute__((aligned(16)));

/* It has a table of descriptors of its own. */
static int run_stage(void *argument) {
    struct outcome *outcome = argument;
    const struct clinux_container *launch = outcome->launch;
    static const char *const nothing[] = {"torpor-stage", 0};
    outcome->stage = CLINUX_CONTAINER_DESCRIPTORS;
    if ((outcome->error = raw(SYS_dup3, launch->socket, 3, 0, 0, 0)) < 0) return 127;
    outcome->stage = CLINUX_CONTAINER_CAPABILITIES;
    if (launch->keeps_capabilities && (outcome->error = raise_ambient()) < 0) return 127;
    outcome->stage = CLINUX_CONTAINER_EXEC;
    outcome->error =
        raw(SYS_execveat, launch->program, (long)"", (long)nothing, (long)(nothing + 1), RAW_EMPTY_PATH);
    return 127;
}

/* execve does not return where it succeeds, so the error is then that of the step before: none. */
static void clone_stage(struct outcome *outcome, uint64_t more) {
    const struct clinux_container *launch = outcome->launch;
    struct clone_args arguments = {
        .flags = launch->new_namespaces | CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND | more,
        .exit_signal = more & CLONE_PARENT ? 0 : SIGCHLD,
        .stack = (uint64_t)(uintptr_t)stack,
        .stack_size = sizeof stack,
    };
    if (launch->cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = launch->cgroup;
    }
    outcome->stage = CLINUX_CONTAINER_CLONE;
    outcome->pid = clone_on_stack(&arguments, run_stage, outcome);
    if (outcome->pid < 0) outcome->error = outcome->pid;
}

static long join(struct outcome *outcome, int32_t index, int32_t namespace) {
    outcome->failed = index;
    return raw(SYS_setns, namespace, 0, 0, 0, 0);
}

static long join_all(struct outcome *outcome) {
    const struct clinux_container *launch = outcome->launch;
    uint32_t later = 0;
    for (uint32_t i = 0; i < launch->joined_count; i++) {
        long result = join(outcome, (int32_t)i, launch->joined[i]);
        if (result == -EPERM && launch->user >= 0) later |= 1u << i;
        else if (result < 0) return result;
    }
    long result = launch->user >= 0 ? join(outcome, -1, launch->user) : 0;
    for (uint32_t i = 0; i < launch->joined_count && result >= 0; i++)
        if (later >> i & 1) result = join(outcome, (int32_t)i, launch->joined[i]);
    return result;
}

/* It has memory of its own, or no time namespace would take it in. */
static void join_and_clone(struct outcome *outcome) {
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    outcome->stage = CLINUX_CONTAINER_CLONE;
    long joiner = raw(SYS_clone3, (long)&arguments, sizeof arguments, 0, 0, 0);
    if (joiner == 0) {
        outcome->stage = CLINUX_CONTAINER_JOIN;
        outcome->error = join_all(outcome);
        if (outcome->error >= 0) clone_stage(outcome, CLONE_PARENT);
        for (;;) raw(SYS_exit_group, 0, 0, 0, 0, 0);
    }
    if (joiner < 0) outcome->error = joiner;
    else while (waitpid((pid_t)joiner, 0, 0) < 0 && errno == EINTR) {}
}

int32_t clinux_container_launch(struct clinux_container *launch) {
    struct outcome *outcome = mmap(0, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcome == MAP_FAILED) return -errno;
    *outcome = (struct outcome){launch, -1, 0, CLINUX_CONTAINER_CLONE, -1};
    uint64_t all = ~0ull, before;
    raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0);
    if (launch->joined_count || launch->user >= 0) join_and_clone(outcome);
    else clone_stage(outcome, 0);
    raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0);
    long pid = outcome->pid, error = outcome->error;
    launch->stage = outcome->stage;
    launch->failed = outcome->failed;
    munmap(outcome, sizeof *outcome);
    /* The joiner was killed before it could say anything. */
    if (pid < 0 && error >= 0) error = -ECHILD;
    if (error >= 0 && (launch->pidfd = (int32_t)syscall(SYS_pidfd_open, pid, 0)) < 0) error = -errno;
    if (error >= 0) return (int32_t)pid;
    if (pid > 0) {
        kill((pid_t)pid, SIGKILL);
        waitpid((pid_t)pid, 0, 0);
    }
    return (int32_t)error;
}

int32_t clinux_join(int32_t namespace) { return setns(namespace, 0) < 0 ? -errno : 0; }
