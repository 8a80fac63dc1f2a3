/* torpor-init: PID 1 of every container. It makes the container by interpreting the plan that the daemon sends, then
 * reaps, forwards signals, starts further processes, and reports ends. It decides nothing. */
#include "init.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/signalfd.h>
#include <linux/wait.h>

enum { BLOCK_ALL = 2, SIGNAL_SET_BYTES = 8 };

static struct process main_process;
static struct { int32_t pid; uint32_t id; } spawned[TORPOR_SPAWNED]; /* [0] is the main process, where there is one */
static uint32_t is_planned, is_ending, further; /* processes beside the main one */

static __attribute__((noreturn)) void end(int code) {
    for (;;) kernel(exit_group, code);
}

static long remember(int32_t pid, uint32_t id, uint32_t from) {
    for (uint32_t i = from; i < TORPOR_SPAWNED; i++) {
        if (spawned[i].pid) continue;
        spawned[i].pid = pid;
        spawned[i].id = id;
        return 0;
    }
    return -EAGAIN;
}

/* Runs a checked plan to its end, and reports it. Returns the pid of what it started, or -errno. */
static long run(const struct request *request, struct process *process) {
    const struct torpor_step *step = plan_first(request);
    for (uint32_t i = 0;; i++, step = plan_next(step)) {
        struct step_view view = plan_view(request, step);
        uint32_t detail = 0;
        int is_last = step->op >= TORPOR_START;
        long result = is_last                           ? process_start(process, step->op == TORPOR_READY, &detail)
                      : step->op < TORPOR_PROCESS_STEPS ? container_step(&view)
                                                        : process_note(process, &view, request);
        int is_quiet = request->head.kind == TORPOR_SPAWN && request->head.value & 1;
        if (result < 0) link_report_failure(request->head.id, i, step->op, result, detail);
        else if (is_last && !is_quiet) link_report(TORPOR_STARTED, request->head.id, (uint32_t)result, 0);
        if (result < 0 || is_last) return result;
    }
}

/* init's own stdio stays open, so that no received descriptor is ever 0, 1 or 2: it is the container's /dev/null, and
 * what the plan gave where no main process has that. */
static void take_stdio(int has_main_process) {
    for (int i = 0; i < 3; i++) kernel(dup3, main_process.stdio[has_main_process ? 0 : i], i, 0);
    for (int i = 0; i < 3; i++) main_process.stdio[i] = -1;
}

static void handle_plan(struct request *request) {
    uint32_t bad;
    long result = plan_check(request, &bad);
    if (result < 0) {
        link_report_failure(request->head.id, bad, 0, result, 0);
        end(1);
    }
    result = run(request, &main_process);
    if (result < 0 || (result && remember((int32_t)result, request->head.id, 0) < 0)) end(1);
    take_stdio(result > 0);
    is_planned = 1;
    /* No process of the container may look into init, whose socket leads to the daemon. */
    kernel(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    link_close_descriptors(request);
}

static void handle_spawn(struct request *request) {
    uint32_t bad;
    struct process process = main_process;
    long result = further + 1 < TORPOR_SPAWNED ? plan_check(request, &bad) : -EAGAIN;
    if (result < 0) {
        link_report_failure(request->head.id, TORPOR_NO_STEP, 0, result, 0);
    } else if ((result = run(request, &process)) >= 0) {
        further += remember((int32_t)result, request->head.id, 1) == 0;
    }
    link_release(request);
}

static void handle_signal(const struct request *request) {
    for (uint32_t i = 0; i < TORPOR_SPAWNED; i++)
        if (spawned[i].pid && spawned[i].id == request->head.id) kernel(kill, -spawned[i].pid, request->head.value);
}

static void handle_request(void) {
    static struct request request;
    long result = link_receive(&request);
    if (result == -EINTR) return;
    /* The daemon has gone, or speaks nonsense: without it nobody routes to this instance, frees its slot or removes its
     * files, so the container ends, and with PID 1 every process of it. */
    if (result < 0) end(1);
    switch (request.head.kind) {
    case TORPOR_PLAN:
        if (is_planned) end(1);
        handle_plan(&request);
        return;
    case TORPOR_SPAWN:
        if (!is_planned) end(1);
        handle_spawn(&request);
        return;
    case TORPOR_SIGNAL: handle_signal(&request); break;
    default: end(1);
    }
    link_close_descriptors(&request);
}

/* The low seven bits of a wait status are the signal, the next byte the exit code. */
static void reap(void) {
    int32_t status;
    for (;;) {
        siginfo_t dead;
        dead.si_pid = 0;
        if (kernel(waitid, P_ALL, 0, &dead, WEXITED | WNOHANG | WNOWAIT, 0) < 0 || !dead.si_pid) return;
        uint32_t i = 0;
        while (i < TORPOR_SPAWNED && spawned[i].pid != dead.si_pid) i++;
        /* Until it is reaped, its number, and so its group's, is nobody else's. */
        if (i > 0 && i < TORPOR_SPAWNED) kernel(kill, -dead.si_pid, SIGKILL);
        kernel(wait4, dead.si_pid, &status, WNOHANG, 0);
        if (i == TORPOR_SPAWNED) continue;
        link_report(TORPOR_EXITED, spawned[i].id, (uint32_t)status, 0);
        spawned[i].pid = 0;
        if (i == 0) end(status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff);
        further--;
    }
}

/* A signal to the container is the main process's. Where there is none, SIGTERM asks every process to end. */
static void forward(int32_t signal) {
    if (spawned[0].pid) {
        kernel(kill, spawned[0].pid, signal);
    } else if (is_planned && signal == SIGTERM) {
        is_ending = 1;
        for (uint32_t i = 0; i < TORPOR_SPAWNED; i++)
            if (spawned[i].pid) kernel(kill, -spawned[i].pid, signal);
    }
}

static void handle_signals(int32_t signals) {
    struct signalfd_siginfo information[8];
    int64_t count = kernel(read, signals, information, sizeof information);
    for (int64_t i = 0; i < count / (int64_t)sizeof information[0]; i++)
        if (information[i].ssi_signo != SIGCHLD) forward(information[i].ssi_signo);
    reap();
    if (!is_ending || further) return;
    link_report(TORPOR_EXITED, 0, 0, 0);
    end(0);
}

/* What the daemon's other children share must not be shared with a container: kill(0) would reach every process of the
 * group, TIOCSTI the terminal of the session, and keyctl(2) the keys of its keyring. */
static void leave_the_daemon(void) {
    /* Descriptors of a plan come later; until then there are stdio and the socket. */
    if (kernel(close_range, TORPOR_SOCKET + 1, ~0u, 0) < 0) end(1);
    if (kernel(setsid) < 0) end(1);
    /* Now, since what root owns is held to no ordinary user's quota. A kernel may know no keys, or allow none. */
    long keyring = kernel(keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
    if (keyring < 0 && keyring != -ENOSYS && keyring != -EPERM) end(1);
}

void program_main(__attribute__((unused)) const long *stack) {
    uint64_t all = ~0ull;
    leave_the_daemon();
    kernel(prctl, PR_SET_NAME, "torpor-init", 0, 0, 0);
    struct sigaction as_usual = {0};
    /* What the daemon ignores would stay ignored in the function. */
    for (int signal = 1; signal <= 64; signal++) kernel(rt_sigaction, signal, &as_usual, 0, SIGNAL_SET_BYTES);
    /* Blocked, not handled: a blocked signal reaches PID 1 through the descriptor, an unhandled one never. */
    kernel(rt_sigprocmask, BLOCK_ALL, &all, 0, SIGNAL_SET_BYTES);
    long signals = kernel(signalfd4, -1, &all, SIGNAL_SET_BYTES, O_CLOEXEC | O_NONBLOCK);
    if (signals < 0) end(1);
    /* Descriptor 3 must not reach the function. */
    kernel(fcntl, TORPOR_SOCKET, F_SETFD, FD_CLOEXEC);
    struct pollfd watched[2] = {{TORPOR_SOCKET, POLLIN, 0}, {(int32_t)signals, POLLIN, 0}};
    for (;;) {
        long ready = kernel(ppoll, watched, 2, 0, 0, 0);
        if (ready < 0 && ready != -EINTR) end(1);
        if (ready <= 0) continue;
        if (watched[1].revents) handle_signals((int32_t)signals);
        if (watched[0].revents) handle_request();
    }
}
